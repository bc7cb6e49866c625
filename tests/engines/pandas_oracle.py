"""Great Expectations itself on pandas: what every other result is compared with."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from trust.engines.gx import quiet  # noqa: F401  # before Great Expectations
from trust.engines.gx.plain_json import plain_json

import great_expectations as gx  # isort: skip
from great_expectations.expectations.registry import get_expectation_impl  # isort: skip


_AT_ONCE = 50


@dataclass(frozen=True)
class OracleResult:
    """error: Great Expectations could not evaluate it. The rest is None where it says nothing."""

    error: str | None
    success: bool | None = None
    element_count: int | None = None
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed_value: Any = None


@cache
def _context() -> Any:
    return gx.get_context(mode="ephemeral")


class PandasOracle:
    def __init__(self, frame: pd.DataFrame) -> None:
        self._batch = _context().data_sources.pandas_default.read_dataframe(frame)

    def ask(self, expectation_type: str, kwargs: Mapping[str, Any]) -> OracleResult:
        return self.ask_all([(expectation_type, kwargs)])[0]

    def ask_all(self, questions: Sequence[tuple[str, Mapping[str, Any]]]) -> list[OracleResult]:
        """Answers in the order of the questions: many at once, because each call costs as much as the checks in it."""
        answers: dict[int, OracleResult] = {}
        made: dict[int, Any] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for index, (expectation_type, kwargs) in enumerate(questions):
                try:
                    made[index] = get_expectation_impl(expectation_type)(**kwargs, meta={"question": index})
                except Exception as error:
                    answers[index] = OracleResult(f"{type(error).__name__}: {error}")
            for start in range(0, len(made), _AT_ONCE):
                some = list(made.values())[start : start + _AT_ONCE]
                suite = gx.ExpectationSuite(name="oracle", expectations=some)
                for result in self._batch.validate(suite, result_format="BASIC").results:
                    answers[result.expectation_config.meta["question"]] = _answer(result)
        return [answers[index] for index in range(len(questions))]


def _answer(answer: Any) -> OracleResult:
    exceptions = answer.exception_info or {}
    for info in [exceptions, *exceptions.values()]:
        if isinstance(info, dict) and info.get("raised_exception"):
            return OracleResult(str(info.get("exception_message")))
    result = answer.result
    return OracleResult(
        None,
        bool(answer.success),
        result.get("element_count"),
        result.get("unexpected_count"),
        result.get("unexpected_percent"),
        plain_json(result.get("observed_value")),
    )
