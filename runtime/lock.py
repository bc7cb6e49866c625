"""`bin/lock`: resolve the requirements for every platform and every Python that Touchstone supports, with hashes."""

from pathlib import Path

from runtime.install import THIRD_PARTY, Installer
from runtime.screen import CommandFailedError, step, tail

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
