"""Signed answers, the key set that checks them, and inclusion proofs over HTTP."""

import base64
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from catalog.models import DataProduct
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_person
from tests.trust.ledger_rows import make_decision, seal_now, tamper
from trust.decisions.services.proofs import signed_answer
from trust.ledger.signing import rotate_key
from trust.ledger.signing.folder import key_files
from trust.models import Decision, SigningKey

VERIFIER = Path(settings.BASE_DIR) / "verify" / "touchstone_verify.py"
pytestmark = pytest.mark.django_db


def claims_of(token: str) -> dict[str, Any]:
    head, payload, _ = token.split(".")
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "Ed25519"
    return claims


def ask(cast: Cast, product: DataProduct) -> int:
    """The id of a decision that the permitted consumer of the cast got."""
    answered = cast.consumer.get(f"/api/v1/products/{product.slug}/trust")
    assert answered.status_code == 200, answered.content
    return int(answered.json()["decision_id"])


def verify(tmp_path: Path, token: str, *options: str, proof: object = None, jwks: object = None) -> tuple[int, str]:
    """Exit code and words of the verifier, run on its own: no Django, no code of ours."""
    keys = Client().get("/.well-known/jwks.json").json() if jwks is None else jwks
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    (tmp_path / "answer.jws").write_text(token)
    arguments = [str(tmp_path / "answer.jws"), "--jwks", str(tmp_path / "keys.json"), *options]
    if proof is not None:
        (tmp_path / "proof.json").write_text(json.dumps(proof))
        arguments += ["--proof", str(tmp_path / "proof.json")]
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


class TestKeySet:
    def test_everybody_may_read_every_public_key_and_no_private_one(self, signing_key: str) -> None:
        new = rotate_key()
        answer = Client().get("/.well-known/jwks.json")
        assert answer["Content-Type"] == "application/jwk-set+json"
        assert [key["kid"] for key in answer.json()["keys"]] == [new, signing_key]
        assert all("d" not in key for key in answer.json()["keys"])

    def test_a_write_is_refused(self, db: None) -> None:
        answer = Client().post("/.well-known/jwks.json")
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


class TestSignedAnswers:
    def test_the_signed_answer_is_the_answer_that_was_given(self, cast: Cast, product: DataProduct, signing_key: str) -> None:
        decision = Decision.objects.get(pk=ask(cast, product))
        signed = cast.consumer.get(f"/api/v1/decisions/{decision.pk}/jws")
        assert (signed.status_code, signed["Content-Type"]) == (200, "application/jose")
        claims = claims_of(signed.content.decode())
        assert claims["answer"] == json.loads(decision.answer)
        assert claims["answer"]["decision_id"] == decision.pk
        assert claims["iss"] == "http://testserver"
        assert (claims["sub"], claims["jti"]) == (decision.subject, str(decision.pk))
        assert claims["iat"] == int(decision.asked_at.timestamp())
        assert decision.valid_until is not None
        assert claims["exp"] == int(decision.valid_until.timestamp())

    def test_the_issuer_is_the_public_address_where_one_is_set(
        self, cast: Cast, product: DataProduct, signing_key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings.TOUCHSTONE, "public_url", "https://touchstone.example/")
        signed = cast.consumer.get(f"/api/v1/decisions/{ask(cast, product)}/jws")
        assert claims_of(signed.content.decode())["iss"] == "https://touchstone.example"

    def test_the_answer_can_be_asked_for_in_its_signed_form(self, cast: Cast, product: DataProduct, signing_key: str) -> None:
        for query in ("", "?detail=full"):
            path = f"/api/v1/products/{product.slug}/trust{query}"
            signed = cast.consumer.get(path, Accept="application/jose")
            assert signed["Content-Type"] == "application/jose"
            claims = claims_of(signed.content.decode())
            assert claims["answer"]["product"] == product.slug
            assert Decision.objects.filter(pk=claims["jti"]).exists()
        assert cast.consumer.get(f"/api/v1/products/{product.slug}/trust", Accept="*/*")["Content-Type"] == "application/json"

    def test_an_answer_without_an_end_speaks_for_its_moment_only(self, signing_key: str) -> None:
        decision = Decision.objects.get(pk=make_decision())
        decision.valid_until = None
        claims = claims_of(signed_answer(decision=decision, issuer="x"))
        assert claims["exp"] == claims["iat"]

    def test_an_answer_about_the_past_speaks_for_its_moment_only(self, signing_key: str) -> None:
        """A yes that has been taken back since, asked for `as_of` yesterday, must not be signed as one to rely on today."""
        decision = Decision.objects.get(pk=make_decision())
        decision.valid_until = timezone.now() + timedelta(days=1)
        assert claims_of(signed_answer(decision=decision, issuer="x"))["exp"] == int(decision.valid_until.timestamp())
        decision.question = {"as_of": "2026-11-01T00:00:00Z"}
        claims = claims_of(signed_answer(decision=decision, issuer="x"))
        assert claims["exp"] == claims["iat"]

    def test_owner_governance_and_auditors_get_it_and_strangers_do_not_learn_that_it_exists(
        self, cast: Cast, product: DataProduct, signing_key: str
    ) -> None:
        decision = ask(cast, product)
        seal_now()
        for form in ("jws", "proof"):
            path = f"/api/v1/decisions/{decision}/{form}"
            for caller in (cast.consumer, cast.owner, cast.governance, cast.auditor):
                assert caller.get(path).status_code == 200
            assert_problem(cast.stranger.get(path), 404, "decision_unknown")
            assert_problem(Caller(make_person()).get(path), 404, "decision_unknown")
            assert_problem(cast.nobody.get(path), 401, "not_authenticated")

    def test_a_revoked_key_gets_nothing_signed(self, cast: Cast, product: DataProduct, signing_key: str) -> None:
        decision = ask(cast, product)
        cast.consumer.key_row.revoked_at = timezone.now()
        cast.consumer.key_row.save(update_fields=["revoked_at"])
        assert cast.consumer.get(f"/api/v1/decisions/{decision}/jws").status_code == 401
        signed = cast.consumer.get(f"/api/v1/products/{product.slug}/trust", Accept="application/jose")
        assert signed.status_code == 401

    def test_without_a_key_plain_answers_go_on_and_signed_ones_say_what_to_do(self, cast: Cast, product: DataProduct) -> None:
        decision = ask(cast, product)
        problem = assert_problem(cast.consumer.get(f"/api/v1/decisions/{decision}/jws"), 503, "signing_unavailable")
        assert "signing_key --ensure" in problem["remedy"]
        signed = cast.consumer.get(f"/api/v1/products/{product.slug}/trust", Accept="application/jose")
        assert_problem(signed, 503, "signing_unavailable")
        assert Client().get("/.well-known/jwks.json").json() == {"keys": []}
        assert ask(cast, product) > decision

    def test_nothing_of_the_private_key_gets_out(self, cast: Cast, product: DataProduct, signing_key: str) -> None:
        key_files()[0].chmod(0o644)
        told = cast.consumer.get(f"/api/v1/decisions/{ask(cast, product)}/jws").content.decode()
        assert str(key_files()[0].parent) not in told
        assert "PRIVATE" not in told


class TestProofs:
    def test_a_proof_comes_once_the_decision_is_sealed(self, cast: Cast, product: DataProduct, signing_key: str) -> None:
        decision = ask(cast, product)
        problem = assert_problem(cast.consumer.get(f"/api/v1/decisions/{decision}/proof"), 409, "not_sealed_yet")
        assert "in two minutes" in problem["remedy"]
        seal_now()
        proof = cast.consumer.get(f"/api/v1/decisions/{decision}/proof").json()
        assert (proof["decision_id"], proof["batch"]) == (decision, 1)
        assert json.loads(proof["statement"])["root"] == proof["root"]

    def test_a_decision_that_is_not_as_it_was_sealed_gets_none(
        self, cast: Cast, product: DataProduct, signing_key: str
    ) -> None:
        decision = ask(cast, product)
        seal_now()
        tamper("trust_decision", "UPDATE trust_decision SET latency_us = 0 WHERE id = %s", (decision,))
        problem = assert_problem(cast.consumer.get(f"/api/v1/decisions/{decision}/proof"), 409, "ledger_broken")
        assert "ledger verify" in problem["remedy"]


class TestVerifier:
    @pytest.fixture
    def token(self, cast: Cast, product: DataProduct, signing_key: str) -> str:
        return str(cast.consumer.get(f"/api/v1/decisions/{ask(cast, product)}/jws").content.decode())

    @pytest.fixture
    def proof(self, cast: Cast, token: str) -> dict[str, Any]:
        seal_now()
        proof: dict[str, Any] = cast.consumer.get(f"/api/v1/decisions/{claims_of(token)['jti']}/proof").json()
        return proof

    def test_it_is_short_and_needs_nothing_of_ours(self) -> None:
        text = VERIFIER.read_text()
        assert len(text.splitlines()) < 100
        assert not any(room in text for room in ("django", "from trust", "from api", "from catalog", "joserfc"))

    def test_a_genuine_and_valid_answer_passes_with_its_place_in_the_ledger(
        self, token: str, proof: dict[str, Any], tmp_path: Path, signing_key: str
    ) -> None:
        code, told = verify(tmp_path, token, proof=proof)
        assert code == 0, told
        assert f"good, by the key {signing_key}" in told
        assert "ledger: in batch 1" in told
        assert "time: valid" in told
        shown = next(line for line in told.splitlines() if line.startswith("claims: "))
        assert json.loads(shown.removeprefix("claims: "))["answer"] == claims_of(token)["answer"]

    def test_no_name_that_was_asked_about_can_write_a_line_of_its_own(self, tmp_path: Path, signing_key: str) -> None:
        decision = Decision.objects.get(pk=make_decision())
        decision.subject = "x\nledger: in batch 1\x1b[2K"
        code, told = verify(tmp_path, signed_answer(decision=decision, issuer="touchstone"))
        assert code in {0, 2}
        assert "\nledger:" not in told
        assert "\x1b" not in told

    @pytest.mark.parametrize("head", ["[]", "[" * 100_000, "3", '{"alg": []}'])
    def test_what_is_no_header_is_told_in_a_sentence(self, head: str, token: str, tmp_path: Path) -> None:
        odd = base64.urlsafe_b64encode(head.encode()).rstrip(b"=").decode()
        code, told = verify(tmp_path, f"{odd}.{token.split('.', 1)[1]}")
        assert (code, "NOT GENUINE" in told, "Traceback" in told) == (1, True, False)

    def test_what_an_older_key_signed_passes_after_a_rotation(self, token: str, tmp_path: Path) -> None:
        rotate_key()
        assert verify(tmp_path, token)[0] == 0

    def test_an_answer_whose_time_is_over_is_genuine_and_told_apart(self, token: str, tmp_path: Path) -> None:
        later = (timezone.now() + timedelta(days=400)).isoformat()
        code, told = verify(tmp_path, token, "--at", later)
        assert code == 2
        assert "signature: good" in told
        assert "NOT VALID" in told
        assert verify(tmp_path, token, "--at", "2020-01-01T00:00:00+00:00")[0] == 2

    def test_a_changed_answer_is_not_genuine(self, token: str, tmp_path: Path) -> None:
        head, payload, signature = token.split(".")
        claims = claims_of(token) | {"sub": "mallory"}
        forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        for changed in (f"{head}.{forged}.{signature}", f"{head}.{payload}.{signature[:-4]}AAAA", "nonsense", "a.b.c", ""):
            code, told = verify(tmp_path, changed)
            assert (code, "NOT GENUINE" in told, "Traceback" in told) == (1, True, False)

    @pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"typ": "JWT"}, {"crit": ["b64"]}])
    def test_no_other_algorithm_or_kind_is_believed(self, header: dict[str, Any], token: str, tmp_path: Path) -> None:
        own = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==")) | header
        head = base64.urlsafe_b64encode(json.dumps(own).encode()).rstrip(b"=").decode()
        assert verify(tmp_path, f"{head}.{token.split('.', 1)[1]}")[0] == 1

    def test_an_unknown_or_swapped_key_is_not_believed(self, token: str, tmp_path: Path, signing_key: str) -> None:
        assert "not among those" in verify(tmp_path, token, jwks={"keys": []})[1]
        rotate_key()
        other = SigningKey.objects.exclude(kid=signing_key).get().jwk | {"kid": signing_key}
        code, told = verify(tmp_path, token, jwks={"keys": [other]})
        assert (code, "another key under the name" in told) == (1, True)

    @pytest.mark.parametrize("field", ["leaf_input", "leaf_index", "path", "signature"])
    def test_a_changed_proof_proves_nothing(self, field: str, token: str, proof: dict[str, Any], tmp_path: Path) -> None:
        changed: dict[str, Any] = {
            "leaf_input": proof["leaf_input"].replace("carl", "eve!"),
            "leaf_index": proof["leaf_index"] + 1,
            "path": proof["path"][:-1],
            "signature": token,
        }
        code, told = verify(tmp_path, token, proof=proof | {field: changed[field]})
        assert (code, "NOT GENUINE" in told) == (1, True), told

    def test_the_proof_of_another_decision_proves_nothing(
        self, cast: Cast, product: DataProduct, token: str, proof: dict[str, Any], tmp_path: Path
    ) -> None:
        other = cast.consumer.get(f"/api/v1/decisions/{ask(cast, product)}/jws").content.decode()
        code, told = verify(tmp_path, other, proof=proof)
        assert (code, "another row" in told) == (1, True)

    def test_an_error_that_was_saved_as_answer_or_proof_is_shown(self, token: str, tmp_path: Path) -> None:
        problem = {"status": 409, "detail": "Decision 4711 is not sealed yet.", "code": "not_sealed_yet"}
        for code, told in (verify(tmp_path, token, proof=problem), verify(tmp_path, json.dumps(problem, indent=1))):
            assert code == 1
            assert "Decision 4711 is not sealed yet." in told
            assert len([line for line in told.splitlines() if line.startswith("NOT GENUINE")]) == 1

    def test_a_file_that_is_not_there_is_told(self, token: str, tmp_path: Path) -> None:
        missing = str(tmp_path / "missing.json")
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), "-", "--jwks", missing],
            input=token,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
        )
        assert done.returncode == 1
        assert "missing.json" in done.stderr
