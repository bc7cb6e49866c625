"""How packages get into `.venv`: index settings, the stamp, one installer at a time, machines that the wheels do not fit."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runtime import directories
from runtime.account import Account
from runtime.install import BUNDLED_SERVERS, STAMP, Installer, read_settings, uv_variables, without

ROOT = Path(__file__).resolve().parents[2]
LISTING = """:env:.timeout='180'
global.extra-index-url='https://one.example/simple https://two.example/simple'
global.index-url='https://index.example/simple'
global.timeout='15'
install.find-links='/wheels /more-wheels'
freeze.timeout='10'
"""


def test_pips_settings_are_said_in_uvs_words() -> None:
    assert uv_variables(read_settings(LISTING), {}) == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more-wheels",
        "UV_HTTP_TIMEOUT": "180",
    }


def test_what_the_user_has_set_for_uv_is_left_alone() -> None:
    assert "UV_DEFAULT_INDEX" not in uv_variables(read_settings(LISTING), {"UV_DEFAULT_INDEX": "https://mine.example"})


def test_a_machine_without_settings_adds_none() -> None:
    assert uv_variables(read_settings(""), {}) == {}


def test_the_bundled_servers_can_be_left_out_of_the_locked_file() -> None:
    locked = (ROOT / "requirements.txt").read_text()
    rest = without(BUNDLED_SERVERS, locked)
    names = {line.split("==")[0] for line in locked.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    left = {line.split("==")[0] for line in rest.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    assert names - left == set(BUNDLED_SERVERS)
    assert set(rest.splitlines()) < set(locked.splitlines())
    assert rest.count("--hash") < locked.count("--hash")


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    """A clone whose `.venv` exists, with nothing in it."""
    (tmp_path / "requirements.txt").write_text("one==1\n")
    (tmp_path / "requirements-dev.txt").write_text("one==1\ntwo==2\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    (tmp_path / ".local").mkdir()
    return Installer(tmp_path)


def test_nothing_is_installed_until_the_stamp_says_so(installer: Installer) -> None:
    assert not installer.is_installed("requirements.txt")
    installer.write_stamp({"requirements.txt": installer.fingerprint("requirements.txt")})
    assert installer.is_installed("requirements.txt")
    assert not installer.is_installed("requirements-dev.txt")


def test_a_changed_lock_is_installed_again(installer: Installer) -> None:
    installer.write_stamp({"requirements.txt": installer.fingerprint("requirements.txt")})
    (installer.root / "requirements.txt").write_text("one==1.1\n")
    assert not installer.is_installed("requirements.txt")


def test_a_stamp_that_was_cut_off_counts_as_none(installer: Installer) -> None:
    (installer.venv / STAMP).write_text(json.dumps({"requirements.txt": "abc"})[:9])
    assert installer.read_stamp() == {}


def test_an_environment_whose_python_is_gone_is_not_used(installer: Installer) -> None:
    installer.write_stamp({"requirements.txt": installer.fingerprint("requirements.txt")})
    installer.python.unlink()
    assert not installer.is_installed("requirements.txt")


def test_a_folder_that_is_no_environment_is_not_removed(installer: Installer) -> None:
    (installer.venv / "pyvenv.cfg").unlink()
    with pytest.raises(Exception, match="is no virtual environment"):
        installer.make_venv()
    assert installer.venv.exists()


def test_two_commands_install_one_after_the_other(installer: Installer) -> None:
    order = []
    with (installer.local / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def wait() -> None:
            with installer.alone():
                order.append("second")

        second = threading.Thread(target=wait)
        second.start()
        second.join(0.3)
        order.append("first")
    second.join(10)
    assert order == ["first", "second"]


@pytest.fixture
def closed_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of root's that the servers' account cannot enter, with /var/lib played by a folder of the test."""
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setattr(directories, "SYSTEM_STATE", state)
    monkeypatch.setattr(directories, "server_account", lambda: Account(os.geteuid(), os.getegid()))
    monkeypatch.setattr(directories, "can_enter", lambda folder, _: state in folder.parents)
    local = tmp_path / "clone" / ".local"
    local.parent.mkdir()
    return local


def test_data_of_a_closed_clone_lies_elsewhere_under_a_name_that_nobody_can_guess(closed_clone: Path) -> None:
    elsewhere = directories.servers_directory(closed_clone)
    assert closed_clone not in elsewhere.parents
    assert len(elsewhere.name) == 16
    assert elsewhere.stat().st_mode & 0o777 == 0o711
    assert directories.servers_directory(closed_clone) == elsewhere


def test_a_new_clone_at_the_same_path_starts_with_new_data(closed_clone: Path) -> None:
    first = directories.servers_directory(closed_clone)
    (closed_clone / directories.POINTER).unlink()
    assert directories.servers_directory(closed_clone) != first


def test_a_clone_that_was_moved_keeps_its_data_and_a_copy_does_not_share_it(closed_clone: Path) -> None:
    first = directories.servers_directory(closed_clone)
    copy = closed_clone.parent.with_name("copy") / ".local"
    copy.mkdir(parents=True)
    (copy / directories.POINTER).write_text((closed_clone / directories.POINTER).read_text())
    assert directories.servers_directory(copy) != first
    moved = closed_clone.parent.with_name("moved")
    closed_clone.parent.rename(moved)
    assert directories.servers_directory(moved / ".local") == first
