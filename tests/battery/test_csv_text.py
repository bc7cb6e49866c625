"""CSV: what the contract calls text is checked as the text of the file, and every row is seen."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, as_json_lines, expectation, open_gates, rows_of

PATTERN = "^[0-9]{4}$"


def code(rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "code", "logicalType": "string", "required": True, "criticalDataElement": True, "quality": [rule], **more}


MATCHES = expectation("expect_column_values_to_match_regex", column="code", regex=PATTERN)
LENGTH = expectation("expect_column_value_lengths_to_equal", column="code", value=4)
LISTED = expectation("expect_column_values_to_be_in_set", column="code", value_set=[str(n) for n in range(1000, 1500)])


@pytest.mark.parametrize(
    "spelled",
    [
        lambda n: f"0{1000 + n}",
        lambda n: f" {1000 + n}",
        lambda n: f"{1000 + n} ",
        lambda n: f"+{1000 + n}",
        lambda n: f"{1000 + n}.0",
        lambda n: f"{1000 + n}e0",
        lambda n: f"00{n:04d}",
    ],
    ids=["leading zero", "blank before", "blank behind", "plus", "fraction", "exponent", "two zeros"],
)
@pytest.mark.parametrize("rule", [MATCHES, LENGTH, LISTED], ids=["pattern", "length", "list"])
def test_a_code_is_checked_as_it_is_spelled(bench: Bench, spelled: Callable[[int], str], rule: dict[str, Any]) -> None:
    bench.fields = [ID, AMOUNT, code(rule)]
    outcome = bench.judged(as_csv(rows_of(code=spelled)))
    assert open_gates(outcome)["critical_checks"] == "critical_check_failed"


@pytest.mark.parametrize("rule", [MATCHES, LENGTH, LISTED], ids=["pattern", "length", "list"])
def test_a_code_that_is_right_passes(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [ID, AMOUNT, code(rule)]
    assert not open_gates(bench.judged(as_csv(rows_of(code=lambda n: 1000 + n))))


@pytest.mark.parametrize(
    ("spelled", "rule"),
    [
        (lambda n: f"{n:05d}", expectation("expect_column_values_to_match_regex", column="code", regex="^[0-9]{5}$")),
        (
            lambda n: f"+4930{n:07d}",
            expectation("expect_column_values_to_match_regex", column="code", regex=r"^\+[0-9]{8,15}$"),
        ),
        (lambda n: f"1.{n}0", expectation("expect_column_values_to_be_unique", column="code")),
        (lambda n: f"1.{n}", expectation("expect_column_values_to_be_unique", column="code")),
        (
            lambda n: "true" if n % 2 else "TRUE",
            expectation("expect_column_values_to_be_in_set", column="code", value_set=["true", "TRUE"]),
        ),
        (lambda n: f"{n}e{n % 3}", expectation("expect_column_values_to_be_unique", column="code")),
        (lambda n: 18446744073709551616 + n, expectation("expect_column_values_to_be_unique", column="code")),
    ],
    ids=["ZIP codes", "telephone numbers", "versions with zeros", "versions", "words for truth", "exponents", "long numbers"],
)
def test_text_that_looks_like_numbers_is_left_alone(bench: Bench, spelled: Callable[[int], Any], rule: dict[str, Any]) -> None:
    bench.fields = [ID, AMOUNT, code(rule)]
    assert not open_gates(bench.judged(as_csv(rows_of(code=spelled))))


@pytest.mark.parametrize("listed", [[1001, 1002], ["1001", "1002"]])
def test_a_list_written_as_numbers_means_the_text_that_they_spell(bench: Bench, listed: list[Any]) -> None:
    bench.fields = [ID, AMOUNT, code(expectation("expect_column_values_to_be_in_set", column="code", value_set=listed))]
    assert not open_gates(bench.judged(as_csv(rows_of(code=lambda n: 1001 + n % 2))))


@pytest.mark.parametrize("refused", [[-999], ["-999"]])
def test_a_refused_number_is_found_in_text(bench: Bench, refused: list[Any]) -> None:
    rule = expectation("expect_column_values_to_not_be_in_set", column="code", value_set=refused)
    bench.fields = [ID, AMOUNT, code(rule)]
    assert "critical_checks" in open_gates(bench.judged(as_csv(rows_of(code=lambda n: -999 if n % 2 else n))))


@pytest.mark.parametrize(
    "header",
    ['id,amount, "note" x', 'id,amount,note "x" y', 'id,amount, "note', 'id,amount,"no""te" x', 'id,amount,a"b'],
)
@pytest.mark.parametrize("empty", [True, False])
def test_no_header_hides_the_rows(bench: Bench, header: str, *, empty: bool) -> None:
    """Half of the rows break the range: a table that seems to have no rows must not pass, also where it may be empty."""
    rows = "".join(f"{n},{-7 if n % 2 else n},x\n" for n in range(1, 401))
    bench.table = {"allowEmpty": True} if empty else {}
    assert open_gates(bench.judged(f"{header}\n{rows}".encode()))


def test_a_blank_line_on_top_is_no_row_and_no_header(bench: Bench) -> None:
    outcome = bench.judged(b"\n\n" + as_csv(rows_of()))
    assert not open_gates(outcome)
    assert outcome.ports[0].rows == 400


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
def test_a_header_over_two_lines_is_one_record(bench: Bench, line_end: str) -> None:
    bench.fields = [ID, AMOUNT, {"name": f"long{line_end}name", "logicalType": "string"}]
    rows = as_csv(rows_of(x="a")).decode().replace("\n", line_end)
    assert not open_gates(bench.judged(rows.replace("id,amount,x", f'id,amount,"long{line_end}name"').encode()))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("date", lambda n: f"2025-01-{n % 28 + 1:02d}", lambda n: f"202{n % 2 + 4}-01-{n % 28 + 1:02d}"),
        ("timestamp", lambda n: f"2025-01-{n % 28 + 1:02d}T12:00:00Z", lambda n: f"202{n % 2 + 4}-01-01T00:30:00Z"),
        ("timestamp", lambda n: f"2025-01-{n % 28 + 1:02d} 12:00:00", lambda n: f"202{n % 2 + 4}-01-01 00:30:00"),
        (
            "timestamp",
            lambda n: f"2025-01-0{n % 9 + 1}T09:00:00+09:00",
            lambda n: "2025-01-01T00:30:00+09:00" if n % 2 else "2025-01-02",
        ),
        ("date", lambda n: f"2025-12-{n % 28 + 1:02d}", lambda n: "never" if n % 2 else "2025-02-01"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_dates_in_text_have_bounds(
    bench: Bench, kind: str, good: Callable[[int], str], bad: Callable[[int], str], form: str
) -> None:
    options = {"minimum": "2025-01-01", "maximum": "2025-12-31"}
    bench.fields = [ID, AMOUNT, {"name": "day", "logicalType": kind, "required": True, "logicalTypeOptions": options}]
    bench.rules = [HAS_ROWS]
    if form == "jsonl":
        bench.location = "rows.jsonl"
    write = as_csv if form == "csv" else as_json_lines
    assert not open_gates(bench.judged(write(rows_of(day=good))))
    bench.write(write(rows_of(day=bad)))
    assert open_gates(bench.run())


@pytest.mark.parametrize("physical", ["VARCHAR(4)", "text", "string", "char(4)", "character varying(4)"])
@pytest.mark.parametrize("is_right", [True, False])
def test_a_physical_type_alone_makes_text_of_a_code(bench: Bench, physical: str, is_right: bool) -> None:
    field = {name: value for name, value in code(MATCHES).items() if name != "logicalType"} | {"physicalType": physical}
    bench.fields = [ID, AMOUNT, field]
    outcome = bench.judged(as_csv(rows_of(code=lambda n: 1000 + n if is_right else f"+{1000 + n}")))
    assert ("critical_checks" in open_gates(outcome)) is not is_right


@pytest.mark.parametrize("physical", ["BIGINT", "DATE", "double precision", "timestamptz", "boolean"])
def test_a_physical_type_alone_is_compared_with_the_data(bench: Bench, physical: str) -> None:
    bench.fields = [ID, AMOUNT, {"name": "word", "physicalType": physical}]
    assert open_gates(bench.judged(as_csv(rows_of(word="a word"))))["schema"] == "field_type_changed"
