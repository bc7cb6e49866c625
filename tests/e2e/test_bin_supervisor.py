"""Starting, watching and stopping: what bin/up does with its processes, tried on small programs."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import processes
from runtime.registry import Record, sweep
from runtime.screen import CommandFailedError, step
from runtime.supervisor import StopRequestedError, StopSignals, Supervisor

SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(60)",
]
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    """As in a terminal, also where the tests themselves run under `nohup`, which has SIGHUP ignored."""
    kept = {number: signal.signal(number, signal.SIG_DFL) for number in HANDLED}
    yield StopSignals()
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def supervisor(tmp_path: Path, signals: StopSignals) -> Iterator[Supervisor]:
    record = Record(tmp_path / ".local" / "run" / "up.json")
    record.write()
    supervisor = Supervisor(tmp_path, record, signals)
    yield supervisor
    supervisor.stop()


def environment(supervisor: Supervisor) -> dict[str, str]:
    return {**os.environ, **supervisor.record.child_environment()}


def start(supervisor: Supervisor, name: str, command: list[str]) -> processes.ProcessIdentity:
    """Started, and so far on that it has written its first line."""
    supervisor.start(name, command, environment(supervisor))
    while not (supervisor.logs / f"{name}.log").read_text():
        time.sleep(0.01)
    return supervisor.record.started[name]


def test_a_program_that_ends_by_itself_is_told_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    supervisor.start("worker", [sys.executable, "-c", "print('no broker here'); raise SystemExit(3)"], environment(supervisor))
    with pytest.raises(CommandFailedError, match="The worker process ended with status 3 by itself") as failure:
        supervisor.sleep(20)
    assert "no broker here" in str(failure.value)


def test_a_program_that_was_killed_is_told_with_its_signal(supervisor: Supervisor) -> None:
    worker = start(supervisor, "worker", SLEEP)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(CommandFailedError, match="The worker process was ended by signal 9"):
        supervisor.sleep(20)


def test_stopping_ends_everything_and_forgets_the_record(supervisor: Supervisor) -> None:
    started = [start(supervisor, name, SLEEP) for name in ("worker", "web")]
    supervisor.stop()
    assert [process.is_alive() for process in started] == [False, False]
    assert not supervisor.record.path.exists()


def test_a_program_that_will_not_end_is_killed_after_its_time(supervisor: Supervisor) -> None:
    stubborn = start(supervisor, "web", STUBBORN)
    assert not processes.stop(stubborn, ((signal.SIGTERM, 0.2),))
    assert not stubborn.is_alive()


def test_what_is_recorded_survives_the_death_of_the_command(supervisor: Supervisor, tmp_path: Path) -> None:
    worker = start(supervisor, "worker", SLEEP)
    record = Record.read(supervisor.record.path)
    assert record
    assert record.started == {"worker": worker}
    assert sweep(tmp_path / ".local") == []  # its owner, this test, is alive
    assert worker.is_alive()


def open_console(supervisor: Supervisor, command: str) -> None:
    """A console whose commands are that code, which finds their words in `words`."""
    program = f"""
import os, sys, time, types
module = types.ModuleType("config.command_line")
def run(words):
    {command}
module.run = run
sys.modules["config.command_line"] = module
from runtime.console import main
main()
"""
    supervisor.open_console(environment(supervisor) | {"PYTHONPATH": str(Path.cwd())}, ("-c", program))


def test_a_management_command_answers_with_status_and_output(supervisor: Supervisor) -> None:
    open_console(supervisor, "print('table'); print('why', file=sys.stderr); sys.exit(2)")
    outcome = supervisor.manage(["show"], accept=(0, 2))
    assert (outcome.status, outcome.output, outcome.errors) == (2, "table\n", "    why")


def test_management_commands_run_one_after_the_other_in_one_process(supervisor: Supervisor) -> None:
    open_console(supervisor, "print(os.getpid(), *words, 'ü' * 100_000)")
    first, second = supervisor.manage(["show", "--all"]), supervisor.manage(["show"])
    assert first.output.split()[1:-1] == ["manage.py", "show", "--all"]
    assert first.output.endswith("ü\n")
    assert first.output.split()[0] == second.output.split()[0]


def test_what_does_not_go_through_pythons_standard_output_is_no_answer(supervisor: Supervisor) -> None:
    open_console(supervisor, "os.write(1, b'from C'); print('answer')")
    outcome = supervisor.manage(["show"])
    assert (outcome.output, outcome.errors) == ("answer\n", "    from C")


def test_a_management_command_that_fails_is_told_with_its_own_words(supervisor: Supervisor) -> None:
    open_console(supervisor, "sys.exit('the table is locked')")
    with pytest.raises(CommandFailedError, match=r"`manage\.py migrate` ended with status 1") as failure:
        supervisor.manage(["migrate"])
    assert "the table is locked" in str(failure.value)


def test_a_management_command_that_raises_is_told_with_its_traceback_and_the_next_one_runs(supervisor: Supervisor) -> None:
    open_console(supervisor, "print(1 // int(words[1]))")
    with pytest.raises(CommandFailedError, match="ZeroDivisionError"):
        supervisor.manage(["0"])
    assert supervisor.manage(["1"]).output == "1\n"


def test_a_console_that_dies_fails_the_command_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    open_console(supervisor, "print('out of memory', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)")
    with pytest.raises(CommandFailedError, match="ended with status -9") as failure:
        supervisor.manage(["load_demo"])
    assert "out of memory" in str(failure.value)
    with pytest.raises(CommandFailedError, match="ended with status -9"):
        supervisor.manage(["show"])


def test_the_console_ends_with_the_command_that_opened_it(supervisor: Supervisor) -> None:
    open_console(supervisor, "print('here')")
    supervisor.manage(["show"])
    assert supervisor.console
    console = supervisor.console
    supervisor.stop()
    assert console.poll() is not None


def test_a_management_command_is_given_up_when_a_program_dies_meanwhile(supervisor: Supervisor) -> None:
    open_console(supervisor, "time.sleep(60)")
    supervisor.start("worker", [sys.executable, "-c", "raise SystemExit(1)"], environment(supervisor))
    started = time.monotonic()
    with pytest.raises(CommandFailedError, match="The worker process ended"):
        supervisor.manage(["show_verdicts", "--wait", "60"])
    supervisor.close_console()
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("number", HANDLED)
def test_each_signal_that_means_stop_is_a_request_to_stop(signals: StopSignals, number: signal.Signals) -> None:
    with pytest.raises(StopRequestedError) as request:
        os.kill(os.getpid(), number)
    assert request.value.number == number


def test_a_command_under_nohup_goes_on_when_its_terminal_closes(signals: StopSignals) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    StopSignals()
    os.kill(os.getpid(), signal.SIGHUP)
    with pytest.raises(StopRequestedError):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_in_the_middle_of_a_start_waits_until_it_is_recorded(signals: StopSignals) -> None:
    reached = []

    def begin() -> None:
        with signals.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("recorded")

    with pytest.raises(StopRequestedError):
        begin()
    assert reached == ["recorded"]


def test_a_large_log_is_put_aside(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.supervisor.LARGEST_LOG_BYTES", 3)
    (supervisor.logs / "web.log").write_text("long")
    assert not supervisor.log_path("web").exists()
    assert (supervisor.logs / "web.log.1").read_text() == "long"


def test_a_step_says_that_it_began_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with step("database tables"):
        assert "database tables ..." in capsys.readouterr().out
    assert "database tables: done in" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no"), step("web server"):
        raise ValueError("no")
    assert "web server: stopped after" in capsys.readouterr().out
