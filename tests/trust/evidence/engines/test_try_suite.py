"""`manage.py try_suite`: what an owner sees before registering anything. It needs no database."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

KEYS = {"reading", "status", "rows", "seconds", "results", "failure"}
RESULT_KEYS = {
    "type", "kwargs", "status", "dimension", "severity", "element_count", "unexpected_count", "unexpected_percent",
    "observed_value", "samples", "message",
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("id,name\n1,a\n2,\n2,c\n")
    (tmp_path / "names.csv").write_text("name\na\n")
    return path


def run(data: Path | str, suite: Any, *flags: str) -> tuple[int, str]:
    path = Path(data).parent / "suite.json"
    path.write_text(suite if isinstance(suite, str) else json.dumps({"name": "s", "expectations": suite}))
    out = StringIO()
    try:
        call_command("try_suite", str(data), str(path), *flags, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def _check(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def test_all_passed_is_exit_code_zero(data: Path) -> None:
    code, out = run(data, [_check("column_values_to_not_be_null", column="id")], "--json")

    answer = json.loads(out)
    assert code == 0
    assert set(answer) == KEYS
    assert set(answer["results"][0]) == RESULT_KEYS
    assert (answer["status"], answer["rows"], answer["failure"]) == ("passed", 3, None)


def test_some_failed_is_exit_code_one(data: Path) -> None:
    unique = {**_check("column_values_to_be_unique", column="id"), "severity": "warning", "meta": {"dimension": "accuracy"}}

    code, out = run(data, [unique], "--json")

    (result,) = json.loads(out)["results"]
    assert code == 1
    assert (result["severity"], result["dimension"]) == ("warning", "accuracy")
    assert (result["element_count"], result["unexpected_count"], result["samples"]) == (3, 2, [2])


def test_an_error_is_exit_code_two_and_the_others_still_run(data: Path) -> None:
    code, out = run(data, [_check("column_values_to_be_unique", column="ID"), _check("column_to_exist", column="id")], "--json")

    assert code == 2
    assert [result["status"] for result in json.loads(out)["results"]] == ["error", "passed"]


@pytest.mark.parametrize(
    ("suite", "failure"),
    [("{", "suite_malformed"), ('{"name": "s", "expectations": [], "x": 1}', "suite_malformed"), ([], "empty_suite")],
)
def test_a_bad_suite_is_exit_code_two_with_every_key(suite: Any, failure: str, data: Path) -> None:
    code, out = run(data, suite, "--json")

    answer = json.loads(out)
    assert code == 2
    assert set(answer) == KEYS
    assert (answer["status"], answer["rows"], answer["results"]) == ("error", None, [])
    assert answer["failure"]["code"] == failure


@pytest.mark.parametrize(("name", "failure"), [("none.csv", "source_missing"), ("orders.xls", "source_format_unknown")])
def test_bad_data_is_exit_code_two(name: str, failure: str, data: Path) -> None:
    code, out = run(data.parent / name, [_check("column_to_exist", column="id")], "--json")

    assert (code, json.loads(out)["failure"]["code"]) == (2, failure)


def test_the_files_of_a_directory_are_one_table(data: Path) -> None:
    folder = data.parent / "folder.csv"
    folder.mkdir()
    code, out = run(folder, [_check("column_to_exist", column="id")], "--json")
    assert (code, json.loads(out)["failure"]["code"]) == (2, "source_format_unknown")
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("id\n1\n")
    code, out = run(folder, [_check("column_to_exist", column="id")], "--json")
    assert (code, json.loads(out)["rows"], json.loads(out)["reading"]["files"]) == (0, 2, "2")
    code, out = run(folder / "a*", [_check("column_to_exist", column="id")], "--json")
    assert (code, json.loads(out)["rows"]) == (0, 1)
    (folder / "c.jsonl").write_text('{"id": 1}\n')
    code, out = run(folder, [_check("column_to_exist", column="id")], "--json")
    assert (code, json.loads(out)["failure"]["message"].endswith("are csv and jsonl.")) == (2, True)


def test_a_reference_is_a_file_beside_the_data(data: Path) -> None:
    lookup = _check("column_values_to_exist_in_reference", column="name", reference="names.csv", reference_column="name")

    _, out = run(data, [lookup], "--json")

    assert json.loads(out)["results"][0]["unexpected_count"] == 1


def test_the_text_has_a_word_for_each_result_and_keeps_control_characters_out(data: Path) -> None:
    data.write_text("id,name\n1,\x1b[31mred\n2,b\n", encoding="utf-8")
    checks = [_check("column_values_to_be_in_set", column="name", value_set=["b"]), _check("column_to_exist", column="id")]

    _, out = run(data, checks)

    assert "✗ failed" in out
    assert "✓ passed" in out
    assert "1 passed, 1 failed, 2 rows" in out
    assert "\x1b" not in out


def test_packages_that_only_distributions_need_are_loaded_with_the_first_of_those() -> None:
    code = """
import gc, sys
from trust.evidence.engines import gx
assert gc.isenabled()
heavy = {"altair.vegalite", "scipy.stats._stats_py"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from scipy import stats
assert round(stats.entropy([0.5, 0.5], base=2)) == 1
import altair, scipy.stats.distributions
assert altair.Chart.__name__ == "Chart"
assert heavy <= set(sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_a_distribution_is_compared(data: Path) -> None:
    partition = {"values": [1, 2], "weights": [0.3, 0.7]}
    wanted = _check("column_kl_divergence_to_be_less_than", column="id", partition_object=partition, threshold=0.1)

    code, out = run(data, [wanted], "--json")

    assert (code, json.loads(out)["status"]) == (0, "passed")
