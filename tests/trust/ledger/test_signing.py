"""Keys in files, their public halves in the database, and signatures that others can check."""

import multiprocessing
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.db import connection
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

from trust.ledger.signing import KeyUnavailableError, ensure_key, public_jwks, raw_signature, rotate_key, sign
from trust.ledger.signing.folder import key_files, locked_folder, write_private_key
from trust.ledger.signing.keys import public_jwk
from trust.models import SigningKey

pytestmark = pytest.mark.django_db


def verified(token: str) -> jws.CompactSignature:
    return jws.deserialize_compact(
        token, KeySet([OKPKey.import_key(jwk) for jwk in public_jwks()["keys"]]), algorithms=["Ed25519"]
    )


def test_a_signature_names_its_key_and_is_checked_with_the_published_half(signing_key: str) -> None:
    signature = verified(sign(b'{"a":1}', content_type="touchstone-test+jwt"))
    assert signature.payload == b'{"a":1}'
    assert signature.headers() == {"alg": "Ed25519", "kid": signing_key, "typ": "touchstone-test+jwt"}


def test_the_kid_is_the_thumbprint_of_rfc_7638(signing_key: str) -> None:
    jwk = SigningKey.objects.get().jwk
    assert OKPKey.import_key(jwk).thumbprint() == jwk["kid"] == signing_key
    assert jwk.keys() == {"kty", "crv", "x", "kid", "alg", "use"}  # no private part


def test_the_thumbprint_of_the_example_in_rfc_8037_comes_out() -> None:
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    jwk = public_jwk(Ed25519PrivateKey.from_private_bytes(secret).public_key())
    assert (jwk["x"], jwk["kid"]) == (
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    )


def test_a_key_is_made_once_and_only_its_owner_may_read_it(key_folder: Path) -> None:
    kid, is_new = ensure_key()
    assert (is_new, ensure_key()) == (True, (kid, False))
    assert [path.name for path in key_folder.iterdir()] == ["000001.pem"]
    assert stat.S_IMODE(key_files()[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(key_folder.stat().st_mode) == 0o700


def test_a_new_key_signs_from_now_on_and_the_old_one_stays_published(signing_key: str) -> None:
    before = sign(b"before")
    new = rotate_key()
    assert verified(sign(b"after")).headers()["kid"] == new
    assert verified(before).payload == b"before"
    assert [jwk["kid"] for jwk in public_jwks()["keys"]] == [new, signing_key]


def test_a_key_whose_public_half_the_database_lost_is_published_again_before_it_signs(signing_key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trust_signingkey DISABLE TRIGGER USER; DELETE FROM trust_signingkey")
    assert verified(sign(b"again")).payload == b"again"


def test_a_raw_signature_is_checked_with_the_published_half(signing_key: str) -> None:
    kid, signature = raw_signature(b"msg_1.1763800000.{}")
    public = OKPKey.import_key(public_jwks()["keys"][0]).public_key
    assert kid == signing_key
    public.verify(signature, b"msg_1.1763800000.{}")  # type: ignore[union-attr]
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"msg_1.1763800001.{}")  # type: ignore[union-attr]


def test_what_a_jws_signs_gets_no_raw_signature(signing_key: str) -> None:
    with pytest.raises(ValueError, match="two dots"):
        raw_signature(b"eyJhbGciOiJFZDI1NTE5In0.e30")


def test_without_a_key_nothing_is_signed_and_the_remedy_is_told() -> None:
    with pytest.raises(KeyUnavailableError, match="has no signing key") as caught:
        sign(b"{}")
    assert "signing_key --ensure" in caught.value.remedy
    assert not SigningKey.objects.exists()


def test_a_key_that_others_may_read_is_refused(signing_key: str) -> None:
    key_files()[0].chmod(0o640)
    with pytest.raises(KeyUnavailableError, match=r"000001.pem may be read by others"):
        sign(b"{}")


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_an_older_key_never_takes_over_for_one_that_is_broken(content: bytes, signing_key: str, key_folder: Path) -> None:
    broken = key_folder / "000002.pem"
    broken.touch(mode=0o600)
    broken.write_bytes(content)
    with pytest.raises(KeyUnavailableError, match=r"000002.pem is no unencrypted private key"):
        sign(b"{}")


def test_a_key_of_another_kind_is_refused(key_folder: Path) -> None:
    key_folder.mkdir(mode=0o700)
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(key_folder / "000001.pem", os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(rsa)
    with pytest.raises(KeyUnavailableError, match="no Ed25519 key"):
        sign(b"{}")


def test_a_folder_that_cannot_be_made_is_told(key_folder: Path) -> None:
    key_folder.write_text("in the way")
    with pytest.raises(KeyUnavailableError, match="TOUCHSTONE_SIGNING_KEYS"):
        ensure_key()


def _make_where_none_is(started: Barrier) -> None:
    started.wait()
    with locked_folder():
        if not key_files():
            write_private_key(Ed25519PrivateKey.generate())


def test_two_processes_that_start_at_once_make_one_key(key_folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    started = context.Barrier(2)
    processes = [context.Process(target=_make_where_none_is, args=(started,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0]
    assert [path.name for path in key_files()] == ["000001.pem"]


def test_threads_that_rotate_at_once_make_a_key_each(key_folder: Path) -> None:
    def add_key(_: int) -> None:
        with locked_folder():
            write_private_key(Ed25519PrivateKey.generate())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_key, range(4)))
    assert [path.name for path in key_files()] == ["000001.pem", "000002.pem", "000003.pem", "000004.pem"]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("signing_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_shows_and_rotates_and_never_prints_a_private_key() -> None:
    with pytest.raises(CommandError, match="no signing key"):
        run()
    made, kept, rotated, shown = run("--ensure"), run("--ensure"), run("--rotate"), run()
    kids = [jwk["kid"] for jwk in public_jwks()["keys"]]
    assert (kids[1] in made, kids[1] in kept, kids[0] in rotated, kids[0] in shown) == (True, True, True, True)
    assert "PRIVATE" not in made + kept + rotated + shown
