"""JSON lines: what two readers could read as two values is refused."""

import json
from typing import Any

import pytest

from tests.battery.bench import Bench, as_json_lines, messages, open_gates, rows_of


@pytest.mark.parametrize("line", [1, 7, 400])
@pytest.mark.parametrize(
    "twice",
    ['"amount": 5, "amount": -5', '"amount": -5, "amount": 5', '"id": 7, "id": 8, "amount": 1', '"x": null, "x": null'],
)
def test_a_name_that_stands_twice_in_an_object_is_refused(bench: Bench, line: int, twice: str) -> None:
    bench.location = "rows.jsonl"
    rows: list[dict[str, Any]] = rows_of()
    lines = [json.dumps(row) for row in rows]
    rest = "" if "id" in twice else f'"id": {line}, '
    amount = "" if "amount" in twice else ', "amount": 1'
    lines[line - 1] = "{" + rest + twice + amount + "}"
    outcome = bench.judged("\n".join(lines).encode())
    assert open_gates(outcome)["evidence"] == "run_failed"
    assert f"the object in line {line} has a name twice" in messages(outcome)


@pytest.mark.parametrize("extra", [{}, {"note": "a"}, {"nested": {"id": 1}}, {"list": [1, 1]}])
def test_ordinary_lines_are_read(bench: Bench, extra: dict[str, Any]) -> None:
    bench.location = "rows.jsonl"
    assert not open_gates(bench.judged(as_json_lines(rows_of(**extra))))
