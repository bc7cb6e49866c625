"""Suites as Great Expectations writes them: what is read, and that nothing unknown is dropped in silence."""

import json
import subprocess
import sys
from typing import Any

import pytest

from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.engines.suite_json import SuiteJsonError, read_suite

GOOD = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}


def _suite(*expectations: Any, **more: Any) -> str:
    return json.dumps({"name": "s", "expectations": list(expectations), **more})


def test_a_suite_is_read_with_severity_and_dimension() -> None:
    plain = GOOD
    rich = {**GOOD, "severity": "info", "meta": {"dimension": "accuracy", "note": 1}, "id": None, "notes": "why"}

    suite = read_suite(_suite(plain, rich, id=None, meta={"great_expectations_version": "1.24.1"}, notes=None))

    first, second = suite.expectations
    assert (first.severity, first.dimension) == (Severity.CRITICAL, Dimension.UNIQUENESS)
    assert (second.severity, second.dimension, second.meta["note"]) == (Severity.INFO, Dimension.ACCURACY, 1)


def test_an_empty_suite_is_read() -> None:
    assert read_suite(_suite()).expectations == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "must be a JSON object"),
        ("{", "not JSON"),
        ('{"expectations": []}', "`name`"),
        ('{"name": "s"}', "`expectations`"),
        (_suite(GOOD, surprise=1), "'surprise'"),
        (_suite({**GOOD, "kwarg": {}}), "'kwarg'"),
        (_suite({"expectation_type": "x", "kwargs": {}}), "write 'type'"),
        (_suite({"kwargs": {}}), "no `type`"),
        (_suite({**GOOD, "kwargs": []}), "must be objects"),
        (_suite({**GOOD, "severity": "fatal"}), "'fatal'"),
        (_suite({**GOOD, "meta": {"dimension": "beauty"}}), "'beauty'"),
        (_suite(7), "must be a JSON object"),
        ('{"name": "s", "name": "t", "expectations": []}', "'name' twice"),
        ('{"name": "s", "expectations": [{"type": "t", "kwargs": {"min_value": NaN}}]}', "NaN"),
        ('{"name": "s", "expectations": [{"type": "t", "kwargs": {"min_value": 1e999}}]}', "too large"),
        ("[" * 100_000, "not JSON"),
        (_suite(GOOD, suite_parameters={"a": 1}), "suite_parameters"),
    ],
)
def test_what_is_no_suite_is_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(SuiteJsonError, match=words):
        read_suite(text)


def test_reading_a_suite_does_not_import_great_expectations() -> None:
    modules = "sys, trust.evidence.engines.suite_json, trust.evidence.sources.files"
    code = f"import {modules}; print('great_expectations' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
