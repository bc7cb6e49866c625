"""What a killed command left behind is ended by its record, and nothing else is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from runtime import processes
from runtime.processes import INSTANCE_VARIABLE, ProcessIdentity
from runtime.registry import Record
from tests.e2e.test_bin_arguments import clone, run

__all__ = ["clone"]

Start = Callable[..., ProcessIdentity]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that does nothing, in a session of its own."""
    children: list[subprocess.Popen[bytes]] = []

    def begin(instance: str = "", program: str = "import time; time.sleep(60)") -> ProcessIdentity:
        environment = {**os.environ, INSTANCE_VARIABLE: instance}
        child = subprocess.Popen(
            [sys.executable, "-c", program], env=environment, start_new_session=True, stdout=subprocess.PIPE
        )
        children.append(child)
        identity = ProcessIdentity.of(child.pid)
        assert identity
        return identity

    yield begin
    for child in children:
        child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()


@pytest.fixture
def dead(start: Start) -> ProcessIdentity:
    """A process of the past: this one's number, another start."""
    return replace(start(), start_ticks=1)


def write_record(clone: Path, owner: ProcessIdentity, started: dict[str, ProcessIdentity], name: str = "up.json") -> Path:
    path = clone / ".local" / "run" / name
    Record(path, owner=owner, instance="abc", started=started).write()
    return path


def test_what_a_killed_up_left_is_ended_and_forgotten(clone: Path, start: Start, dead: ProcessIdentity) -> None:
    worker, web = start("abc"), start("abc")
    record = write_record(clone, dead, {"worker": worker, "web": web})
    answer = run("down", root=clone)
    assert (answer.returncode, answer.stdout) == (0, "Stopped: web, worker.\n")
    assert not worker.is_alive()
    assert not web.is_alive()
    assert not record.exists()


def test_a_process_that_got_the_number_of_one_of_ours_is_left_alone(clone: Path, start: Start, dead: ProcessIdentity) -> None:
    innocent = start()
    write_record(clone, dead, {"worker": replace(innocent, start_ticks=innocent.start_ticks - 1)})
    assert run("down", root=clone).stdout == "Nothing of this clone was left running.\n"
    assert innocent.is_alive()


def test_a_record_of_another_boot_names_nobody_of_today(clone: Path, start: Start, dead: ProcessIdentity) -> None:
    innocent = start()
    write_record(clone, dead, {"worker": replace(innocent, boot="another")})
    run("down", root=clone)
    assert innocent.is_alive()


def test_the_pool_of_a_worker_that_was_killed_is_ended_too(clone: Path, start: Start, dead: ProcessIdentity) -> None:
    forking = "import os, sys, time; p = os.fork(); p and (print(p, flush=True), os._exit(0)); time.sleep(60)"
    leader = start("abc", forking)
    while leader.is_alive():
        time.sleep(0.01)
    (orphan,) = processes.session_members(leader.pid, "abc")
    assert processes.session_members(leader.pid, "another instance") == []
    write_record(clone, dead, {"worker": leader})
    assert "Stopped: worker" in run("down", root=clone).stdout
    assert not orphan.is_alive()


def test_a_running_test_is_left_alone_and_named(clone: Path, start: Start) -> None:
    owner, server = start(), start("abc")
    write_record(clone, owner, {"postgres": server}, name="test-1.json")
    assert f"A bin/test is running as process {owner.pid}: left alone." in run("down", root=clone).stdout
    assert server.is_alive()


def test_a_running_up_is_asked_to_stop(clone: Path, start: Start) -> None:
    owner, worker = start(), start("abc")
    write_record(clone, owner, {"worker": worker})
    assert f"bin/up (process {owner.pid})" in run("down", root=clone).stdout
    assert not owner.is_alive()
    assert not worker.is_alive()


def test_a_second_up_is_refused_while_one_runs(clone: Path, start: Start) -> None:
    owner = start()
    write_record(clone, owner, {})
    answer = run("up", root=clone)
    assert answer.returncode == 1
    assert f"bin/up is already running here, as process {owner.pid}" in answer.stderr


def test_a_record_that_was_cut_off_stops_nobody(clone: Path, dead: ProcessIdentity) -> None:
    record = write_record(clone, dead, {})
    record.write_text(json.dumps(asdict(dead))[:20])
    assert run("down", root=clone).returncode == 0


def test_purge_removes_the_servers_data_and_nothing_else(clone: Path) -> None:
    (clone / ".local" / "servers" / "postgres" / "data").mkdir(parents=True)
    (clone / ".local" / "secret-key").write_text("kept")
    answer = run("down", "--purge", root=clone)
    assert answer.returncode == 0
    assert not (clone / ".local" / "servers").exists()
    assert (clone / ".local" / "secret-key").exists()


def test_data_is_kept_without_purge(clone: Path) -> None:
    data = clone / ".local" / "servers" / "postgres" / "data"
    data.mkdir(parents=True)
    run("down", root=clone)
    assert data.exists()
