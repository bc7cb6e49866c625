"""What a run may write to disk, and what is left of it when its process is killed."""

import gzip
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx import EngineLimits, GxEngine, remove_leftovers
from trust.evidence.engines.gx.run_folders import RunFolder
from trust.evidence.engines.gx.sources import Access
from trust.evidence.rules.evidence import Source

UNIQUE = SuiteSpec("suite", (Expectation("expect_column_values_to_be_unique", {"column": "text"}),))

_HOLD = """
import sys, time
from trust.evidence.engines.gx.run_folders import RunFolder
folder = RunFolder(sys.argv[1])
(folder.path / "run.duckdb").write_text("rows")
print(folder.path, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(("name", "kind"), [("a.csv.gz", SourceKind.CSV), ("a.jsonl.gz", SourceKind.JSON_LINES)])
def test_a_packed_file_that_grows_beyond_the_limit_fails_the_run_with_the_setting(
    name: str, kind: SourceKind, tmp_path: Path
) -> None:
    digits = random.Random(1)  # noqa: S311  # the same ones each time
    with gzip.open(tmp_path / name, "wt", compresslevel=1) as file:
        if kind is SourceKind.CSV:
            file.write("text\n")
        for _ in range(400_000):
            text = digits.randbytes(40).hex()
            file.write(f"{text}\n" if kind is SourceKind.CSV else f'{{"text": "{text}"}}\n')
    folder = tmp_path / "temp"
    folder.mkdir()
    limits = EngineLimits(memory="64MB", threads=1, temp_mb=16, temp_directory=str(folder))

    evidence = GxEngine(Access(limits=limits)).run(UNIQUE, Source(kind, str(tmp_path / name)))

    told = evidence.failure.remedy if evidence.failure else evidence.results[0].message
    assert "TOUCHSTONE_ENGINE_TEMP_MB" in told
    assert list(folder.iterdir()) == []


def test_only_folders_of_dead_processes_are_removed(tmp_path: Path) -> None:
    living = RunFolder(str(tmp_path))
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _HOLD,
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    dead = Path(holder.stdout.readline().strip())
    (tmp_path / "touchstone-new").mkdir()  # about to be marked by its process
    (tmp_path / "other").mkdir()

    assert remove_leftovers(str(tmp_path)) == 0
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert remove_leftovers(str(tmp_path)) == 1
    assert not dead.exists()
    assert living.path.exists()
    assert (tmp_path / "touchstone-new").exists()
    assert (tmp_path / "other").exists()
    living.remove()
    assert not living.path.exists()


def test_a_folder_without_a_mark_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old = tmp_path / "touchstone-old"
    old.mkdir()
    (old / "run.duckdb").write_text("rows")
    os.utime(old, (1, 1))

    assert remove_leftovers(str(tmp_path)) == 1
    assert not old.exists()
