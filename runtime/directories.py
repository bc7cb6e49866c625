"""Folders for the servers: ours alone, entered by the account that the servers run as, never prepared by others."""

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runtime.account import Account, can_enter, server_account
from runtime.screen import CommandFailedError, say

SYSTEM_STATE = Path("/var/lib")  # written by root only, so that nobody can put a link in our way
POINTER = "servers-directory"
ORIGIN = "origin"


def make_own_directory(path: Path, account: Account | None) -> Path:
    """`path` as a folder that is ours: mode 700, or 711 where another account has to pass through to its own part.

    Raises when something else is there already: a link, a file, or a folder that another user owns or may write to.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        message = (
            f"{path} is not a folder that belongs to user {os.geteuid()} alone, so the servers' data is not trusted to it. "
            "Check it, move it away, and start again."
        )
        raise CommandFailedError(message)
    path.chmod(0o711 if account else 0o700)
    return path


def make_local(local: Path) -> Path:
    """The clone's `.local`: everything that the commands write. Who cloned with an open umask gets it closed again."""
    local.mkdir(mode=0o700, exist_ok=True)
    if local.stat().st_uid == os.geteuid():
        local.chmod(0o700)
    return make_own_directory(local, server_account())


def give_directory(path: Path, account: Account | None) -> Path:
    """`path` as a folder of mode 700 that belongs to `account` (None: to us). Its parent must be a folder of our own."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)
    return path


def servers_directory(local: Path) -> Path:
    """Where the servers of this clone keep their data: `.local/servers`, or for root in a closed clone a folder below /var/lib.

    The second has a random name, kept in `.local/servers-directory`: a new clone at the same path never meets old data.
    """
    account = server_account()
    make_local(local)
    pointer = local / POINTER
    if account is None or (not pointer.exists() and can_enter(local, account)):
        return make_own_directory(local / "servers", account)
    if pointer.exists():
        elsewhere = Path(pointer.read_text().strip())
        if elsewhere.is_dir() and belongs_to(elsewhere, local):
            return make_own_directory(elsewhere, account)
        say(f"  The servers' folder {elsewhere} is gone or belongs to another clone: starting with new, empty servers.")
    base = make_own_directory(SYSTEM_STATE / "touchstone", account)
    elsewhere = make_own_directory(base / secrets.token_hex(8), account)
    (elsewhere / ORIGIN).write_text(f"{local}\n")
    pointer.write_text(f"{elsewhere}\n")
    if not can_enter(elsewhere, account):
        message = f"uid {account.uid} cannot enter {elsewhere}. Set DATABASE_URL and REDIS_URL, or start as an ordinary user."
        raise CommandFailedError(message)
    return elsewhere


def belongs_to(elsewhere: Path, local: Path) -> bool:
    """True for our own folder, also after the clone was moved; false for a copy of a clone that is still there."""
    origin_file = elsewhere / ORIGIN
    origin = Path(origin_file.read_text().strip()) if origin_file.exists() else local
    if origin == local:
        return True
    if (origin / POINTER).exists():
        return False
    origin_file.write_text(f"{local}\n")
    return True


@contextlib.contextmanager
def throwaway_directory() -> Iterator[Path]:
    """A folder below the system's temporary one that servers may enter, removed with all its content at the end."""
    account = server_account()
    for base in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108  (mkdtemp makes the name)
        path = Path(tempfile.mkdtemp(prefix="touchstone-", dir=base))
        make_own_directory(path, account)
        if can_enter(path, account):
            break
        path.rmdir()
    else:
        message = (
            "No temporary folder can be entered by the servers' account. Set TMPDIR to one that other users may pass through."
        )
        raise CommandFailedError(message)
    try:
        yield path
    finally:
        if path.exists():  # a command's record may have removed it already, together with its servers
            shutil.rmtree(path)
