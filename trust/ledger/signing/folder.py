"""The folder of the private keys: PEM files 000001.pem, 000002.pem, ...; the last one signs, the others are kept.

The files are read at every signature: a rotation is in force at once in every process, and nothing secret stays in memory.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings

from catalog.rules.errors import UnavailableError

KEY_FILE = re.compile(r"[0-9]{6}\.pem")
OPEN_TO_OTHERS = 0o077


class KeyUnavailableError(UnavailableError):
    """Nothing can be signed, because there is no private key that may be used."""

    code = "signing_unavailable"


def key_folder() -> Path:
    return Path(settings.TOUCHSTONE.signing_keys)


def key_files() -> list[Path]:
    """The key files, oldest first."""
    try:
        return sorted(path for path in key_folder().iterdir() if KEY_FILE.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unavailable(f"The folder of the signing keys cannot be read: {error.strerror}.") from error


def newest_private_key() -> Ed25519PrivateKey:
    """The key that signs. An older one never takes over. Raises KeyUnavailableError."""
    files = key_files()
    if not files:
        raise _unavailable("This installation has no signing key.")
    return read_private_key(files[-1])


def read_private_key(path: Path) -> Ed25519PrivateKey:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OPEN_TO_OTHERS:
                message = f"The signing key {path.name} may be read by others, so it is not used."
                remedy = f"Run `chmod 600` on {path.name}, and `bin/manage signing_key --rotate` if others may have read it."
                raise KeyUnavailableError(message, remedy=remedy)
            key = load_pem_private_key(file.read(), password=None)
    except OSError as error:
        raise _unavailable(f"The signing key {path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unavailable(f"The signing key {path.name} is no unencrypted private key in PEM form.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unavailable(f"The signing key {path.name} is no Ed25519 key.")
    return key


@contextmanager
def locked_folder() -> Iterator[None]:
    """One process at a time makes keys; the folder is made where it is missing."""
    try:
        key_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(key_folder(), os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _unavailable(f"The folder of the signing keys cannot be made or opened: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def write_private_key(key: Ed25519PrivateKey) -> Path:
    """Write the key as the newest one; call it in `locked_folder`. Other processes see the whole file or none."""
    files = key_files()
    number = int(files[-1].stem) + 1 if files else 1
    path = key_folder() / f"{number:06d}.pem"
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise _unavailable(f"The signing key {path.name} cannot be written: {error.strerror}.") from error
    return path


def _unavailable(message: str) -> KeyUnavailableError:
    remedy = (
        "The operator makes a key with `bin/manage signing_key --ensure`, or corrects TOUCHSTONE_SIGNING_KEYS (the folder) and "
        "the rights in it. Answers are given and logged without signatures until then."
    )
    return KeyUnavailableError(message, remedy=remedy)
