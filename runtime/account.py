"""Who the embedded servers run as: ourselves, or an unprivileged account when we are root, because PostgreSQL refuses root.

No account is made and nobody's permissions are loosened. Root borrows the one that every Linux has for this, `nobody`: other
programs that run as `nobody` could therefore read the servers' data. Who minds sets DATABASE_URL and REDIS_URL instead.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.screen import CommandFailedError

NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """An account of this machine that a child process is started as."""

    uid: int
    gid: int

    def as_popen_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account | None:
    """None for an ordinary user: the servers then run as that user."""
    if os.geteuid() != 0:
        return None
    for entry in pwd.getpwall():  # initdb asks for the entry too, so a bare number would not do
        if entry.pw_uid == NOBODY or entry.pw_name == "nobody":
            return Account(entry.pw_uid, entry.pw_gid)
    message = (
        "PostgreSQL refuses to run as root, and this machine has no account 'nobody' to run it as. "
        "Start as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )
    raise CommandFailedError(message)


def require_entry(account: Account | None) -> None:
    """Raise when the account that PostgreSQL would run as has no entry in the user database: initdb insists on one."""
    uid = account.uid if account else os.geteuid()
    try:
        pwd.getpwuid(uid)
    except KeyError:
        message = (
            f"PostgreSQL cannot make its data folder as uid {uid}, which has no entry in /etc/passwd. "
            "Start as a user that has one, or set DATABASE_URL to a server of your own."
        )
        raise CommandFailedError(message) from None


def can_enter(directory: Path, account: Account | None) -> bool:
    """True when `account` (None: ourselves) may go into `directory`, asked of the kernel, so that ACLs count too."""
    arguments = account.as_popen_arguments() if account else {}
    try:
        command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(directory)]
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **arguments).returncode == 0
    except OSError as error:  # root of a container that may not change its user
        uid = account.uid if account else os.geteuid()
        message = (
            f"This process cannot start others as uid {uid} ({error.strerror}), and PostgreSQL refuses to run as root. "
            "Start as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
        )
        raise CommandFailedError(message) from error
