"""`bin/down`: end what is still running of this clone, by its records."""

import shutil
import signal
from pathlib import Path

from runtime import processes
from runtime.directories import POINTER
from runtime.options import down_options
from runtime.registry import records, sweep
from runtime.screen import CommandFailedError, say

ROOT = Path(__file__).resolve().parents[1]
OWNER_SECONDS = 60.0  # what an orderly stop of everything may take


def stop_running_up(local: Path) -> list[str]:
    """Ask a bin/up that is alive to stop, as Ctrl-C would; a bin/test is left alone, and said to be."""
    stopped = []
    for record in records(local):
        if not record.owner.is_alive():
            continue
        if record.path.name != "up.json":
            say(f"A bin/test is running as process {record.owner.pid}: left alone.")
            continue
        processes.send(record.owner, signal.SIGTERM)
        if not processes.wait_for_end(record.owner, OWNER_SECONDS):
            processes.send(record.owner, signal.SIGKILL)  # `sweep` ends its children then
            processes.wait_for_end(record.owner, 5)
        stopped.append(f"bin/up (process {record.owner.pid})")
    return stopped


def purge(local: Path) -> None:
    """Remove the data of the embedded servers. Raises while a server still works there."""
    pointer = local / POINTER
    elsewhere = [Path(pointer.read_text().strip())] if pointer.exists() else []
    for folder in (local / "servers", *elsewhere):
        if not folder.exists():
            continue
        for server in folder.iterdir():
            if processes.working_in(server / "data"):
                raise CommandFailedError(f"A server still works in {server}. Stop it first; nothing of it was removed.")
        shutil.rmtree(folder)
        say(f"Removed {folder}.")
    for name in (POINTER, "demo-loaded"):
        (local / name).unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    options = down_options(arguments)
    local = ROOT / ".local"
    stopped = stop_running_up(local) + sweep(local)
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing of this clone was left running.")
    if options.purge:
        purge(local)
    return 0
