"""Great Expectations itself on pandas: what every other result is compared with."""

import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from trust.evidence.engines.gx import quiet  # noqa: F401  # before Great Expectations
from trust.evidence.engines.gx.results import plain_json

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
    """`folder` keeps the answers for the next run: the same questions to the same versions about the same rows."""

    def __init__(self, frame: pd.DataFrame, folder: Path | None = None) -> None:
        self._batch = _context().data_sources.pandas_default.read_dataframe(frame)
        self._frame, self._folder = frame, folder

    def ask(self, expectation_type: str, kwargs: Mapping[str, Any]) -> OracleResult:
        return self.ask_all([(expectation_type, kwargs)])[0]

    def ask_all(self, questions: Sequence[tuple[str, Mapping[str, Any]]]) -> list[OracleResult]:
        """Answers in the order of the questions."""
        if self._folder is None:
            return self._ask_all(questions)
        asked = pickle.dumps((gx.__version__, pd.__version__, np.__version__, self._frame, [*questions]))
        kept = self._folder / sha256(asked + Path(__file__).read_bytes()).hexdigest()
        if not kept.exists():
            part = kept.with_suffix(".part")
            part.write_bytes(pickle.dumps(self._ask_all(questions)))
            part.replace(kept)
        return cast("list[OracleResult]", pickle.loads(kept.read_bytes()))  # noqa: S301  we wrote it

    def _ask_all(self, questions: Sequence[tuple[str, Mapping[str, Any]]]) -> list[OracleResult]:
        """Many at once, because each call costs as much as the checks in it."""
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
