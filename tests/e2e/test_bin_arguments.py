"""The commands' arguments and first refusals: before anything is installed, from any folder, in plain sh."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("up", "down", "test", "lock", "manage")


def run(command: str, *arguments: str, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / "bin" / command, *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as the first half of a command needs, in a folder with a space in its name."""
    root = tmp_path / "a clone"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "bin", root / "bin")
    shutil.copytree(ROOT / "runtime", root / "runtime", ignore=ignore)
    return root


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_plain_sh(command: str) -> None:
    assert subprocess.run(["sh", "-n", ROOT / "bin" / command], check=False).returncode == 0
    assert (ROOT / "bin" / command).read_text().startswith("#!/bin/sh\n")
    assert os.access(ROOT / "bin" / command, os.X_OK)


@pytest.mark.parametrize("command", ["up", "down", "test"])
def test_help_is_given_without_installing_anything(clone: Path, command: str) -> None:
    answer = run(command, "--help", root=clone)
    assert answer.returncode == 0
    assert f"usage: bin/{command}" in answer.stdout
    assert not (clone / ".local").exists()
    assert not (clone / ".venv").exists()


def test_the_first_half_needs_the_standard_library_only() -> None:
    words = [sys.executable, "-I", "-S", str(ROOT / "runtime" / "launch.py"), "up", "--help"]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "0"), "'0' is not a port: choose a number from 1 to 65535"),
        (("--port", "65536"), "'65536' is not a port"),
        (("--port", "http"), "'http' is not a port"),
        (("--wait", "soon"), "'soon' is not a number of seconds"),
        (("--fast",), "unrecognized arguments: --fast"),
        (("--on",), "unrecognized arguments: --on"),
    ],
)
def test_a_wrong_argument_is_named(clone: Path, arguments: tuple[str, ...], sentence: str) -> None:
    answer = run("up", *arguments, root=clone)
    assert answer.returncode == 2
    assert sentence in answer.stderr
    assert not (clone / ".local").exists()


def test_a_taken_port_is_refused_before_the_long_work(clone: Path, taken_port: int) -> None:
    answer = run("up", "--port", str(taken_port), root=clone)
    assert answer.returncode == 1
    assert f"Port {taken_port} on 127.0.0.1 cannot be used: Address already in use" in answer.stderr
    assert "--port N" in answer.stderr
    assert not (clone / ".venv").exists()


def test_a_machine_without_a_fitting_python_is_told_what_to_install(clone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(shutil.which(name) or "")
    old_python = programs / "python3"
    old_python.write_text("#!/bin/sh\nexit 1\n")  # what an older one answers to the question
    old_python.chmod(0o755)
    answer = run("up", root=clone, PATH=str(programs))
    assert answer.returncode == 1
    assert "no Python 3.11 or newer is on PATH" in answer.stderr


def test_lock_takes_no_other_arguments(clone: Path) -> None:
    answer = run("lock", "--everything", root=clone)
    assert (answer.returncode, "bin/lock takes --upgrade" in answer.stderr) == (2, True)
