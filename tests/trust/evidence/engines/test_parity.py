"""Our results equal what Great Expectations gives on pandas: success, counts, observed values; see `parity_cases`."""

import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from runtime.checks import ALL_CASES
from tests.databases import sources_database
from tests.trust.evidence.engines.pandas_oracle import OracleResult, PandasOracle
from tests.trust.evidence.engines.parity_cases import CASES, DELIBERATE, Case
from tests.trust.evidence.engines.parity_data import ROWS, Form, make_forms
from trust.evidence.engines.gx import Access, GxEngine
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.vocabulary import CheckStatus

pytestmark = pytest.mark.slow
FORMS = ["parquet", "csv", "postgres"] + ["jsonl"] * (ALL_CASES in os.environ)
TYPES = sorted({kind for kind, _ in CASES})
_COUNTS = ("element_count", "unexpected_count", "unexpected_percent", "observed_value")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Form]]:
    folder = tmp_path_factory.mktemp("parity")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_DATABASE", sources_database())
        yield make_forms(folder, ROWS, sources_database(), "touchstone_parity")


Answers = dict[int, tuple[Case, CheckEvidence, OracleResult]]


@pytest.fixture(scope="module")
def answers(forms: dict[str, Form], pytestconfig: pytest.Config) -> Any:
    assert pytestconfig.cache is not None
    kept = pytestconfig.cache.mkdir("pandas_oracle")

    @cache
    def ask_oracle(name: str) -> list[OracleResult]:
        return PandasOracle(forms[name].frame(), kept).ask_all([_as_python_says_it(case) for case in CASES])

    @cache
    def ask(name: str) -> Answers:
        form = forms[name]
        suite = SuiteSpec("parity", tuple(Expectation(kind, kwargs) for kind, kwargs in CASES))
        host = str(settings.DATABASES["default"]["HOST"])
        evidence = GxEngine(Access(database_hosts=(host,))).run(suite, form.source)
        assert evidence.failure is None, evidence.failure
        told = ask_oracle("parquet" if name == "postgres" else name)
        return dict(enumerate(zip(CASES, evidence.results, told, strict=True)))

    return ask


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("form", FORMS)
def test_results_equal_great_expectations_on_pandas(form: str, kind: str, answers: Any) -> None:
    differences = [
        f"{case[1]}: {', '.join(found)} | we say: {ours.message!r} | pandas says: {told.error or told.success}"
        for case, ours, told in answers(form).values()
        if case[0] == kind and (found := _differences(form, case, ours, told))
    ]

    assert differences == []


def test_every_deliberate_difference_is_met_by_a_case(answers: Any) -> None:
    """A rule for a difference that no longer exists would hide the next one."""
    for rule in DELIBERATE:
        met = [
            case
            for form in rule.forms or FORMS
            for case, ours, told in answers(form).values()
            if rule.applies(*case) and _raw_differences(ours, told)
        ]
        assert met, rule.why


def _as_python_says_it(case: Case) -> Case:
    """`$` is the end of the text for us: in Python that is written `\\Z`."""
    kind, kwargs = case

    def end(value: Any) -> Any:
        return [end(one) for one in value] if isinstance(value, list) else str(value).replace("$", r"\Z")

    return kind, {name: end(value) if name in {"regex", "regex_list"} else value for name, value in kwargs.items()}


def test_a_line_feed_after_the_end_is_where_pandas_and_we_differ(tmp_path: Path) -> None:
    frame, file = pd.DataFrame({"word": ["PT", "PT\n"]}), tmp_path / "words.parquet"
    frame.to_parquet(file)
    kind, kwargs = "expect_column_values_to_match_regex", {"column": "word", "regex": "^[A-Z]{2}$"}
    source = Source(SourceKind.PARQUET, str(file))
    (ours,) = GxEngine().run(SuiteSpec("words", (Expectation(kind, kwargs),)), source).results
    assert PandasOracle(frame).ask(kind, kwargs).success is True
    assert (ours.status, ours.unexpected_count) == (CheckStatus.FAILED, 1)


def _differences(form: str, case: Case, ours: CheckEvidence, told: OracleResult) -> list[str]:
    for rule in DELIBERATE:
        if rule.applies(*case) and (not rule.forms or form in rule.forms):
            wrong = rule.status is not None and ours.status is not rule.status and _raw_differences(ours, told)
            return [f"we gave {ours.status}, not {rule.status} ({rule.why})"] if wrong else []
    return _raw_differences(ours, told)


def _raw_differences(ours: CheckEvidence, told: OracleResult) -> list[str]:
    wanted = CheckStatus.ERROR if told.error else CheckStatus.PASSED if told.success else CheckStatus.FAILED
    if ours.status is not wanted:
        return [f"{wanted} became {ours.status}"]
    if told.error:
        return []
    pairs = [(name, getattr(told, name), getattr(ours, name)) for name in _COUNTS]
    return [f"{name}: {theirs!r} became {own!r}" for name, theirs, own in pairs if not _same(theirs, own)]


def _same(left: Any, right: Any) -> bool:
    """Equal, up to the rounding of floats, whose order of summing differs."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


EMPTY_CASES: list[tuple[str, dict[str, Any], CheckStatus]] = [
    ("expect_table_row_count_to_equal", {"value": 0}, CheckStatus.PASSED),
    ("expect_table_row_count_to_be_between", {"min_value": 1}, CheckStatus.FAILED),
    ("expect_column_to_exist", {"column": "id"}, CheckStatus.PASSED),
    ("expect_column_to_exist", {"column": "nope"}, CheckStatus.FAILED),
    ("expect_table_column_count_to_equal", {"value": 24}, CheckStatus.PASSED),
    ("expect_column_values_to_not_be_null", {"column": "id"}, CheckStatus.SKIPPED),
    ("expect_column_values_to_be_unique", {"column": "id"}, CheckStatus.SKIPPED),
    ("expect_column_values_to_match_regex", {"column": "grp", "regex": "a"}, CheckStatus.SKIPPED),
    ("expect_column_mean_to_be_between", {"column": "price", "min_value": 0}, CheckStatus.SKIPPED),
    ("expect_column_max_to_be_between", {"column": "price", "min_value": 0}, CheckStatus.SKIPPED),
    ("expect_column_unique_value_count_to_be_between", {"column": "id", "min_value": 0}, CheckStatus.SKIPPED),
    ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, CheckStatus.SKIPPED),
    ("expect_column_values_to_not_be_null", {"column": "nope"}, CheckStatus.ERROR),
]


@pytest.mark.parametrize("form", ["parquet", "csv", "postgres"])
def test_an_empty_table_is_never_good_evidence(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations passes every value check on it; we pass only what speaks of the table itself."""
    monkeypatch.setenv("PARITY_DATABASE", sources_database())
    empty = make_forms(tmp_path, [], sources_database(), "touchstone_parity_empty")[form]
    suite = SuiteSpec("empty", tuple(Expectation(kind, kwargs) for kind, kwargs, _ in EMPTY_CASES))
    host = str(settings.DATABASES["default"]["HOST"])

    evidence = GxEngine(Access(database_hosts=(host,))).run(suite, empty.source)

    assert evidence.rows == 0
    assert [(r.expectation.type, r.status) for r in evidence.results] == [(kind, status) for kind, _, status in EMPTY_CASES]
