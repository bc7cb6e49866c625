"""From findings to check results: status, sentence, plain JSON, and nothing of a redacted column.

Values become plain JSON: no numpy, no NaN or Infinity, dates as ISO text, decimals as numbers, long texts cut.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import sqlalchemy as sa

from catalog.rules.expectation import Expectation, Json
from catalog.rules.operators import in_words, operators_in
from catalog.rules.texts import cut
from trust.evidence.engines.gx.findings import CheckFinding
from trust.evidence.engines.gx.limits import MAX_SAMPLE_CHARACTERS
from trust.evidence.rules.evidence import CheckEvidence, SourceProblemError
from trust.evidence.rules.pattern_syntax import PatternError
from trust.vocabulary import CheckStatus, EvidenceStatus

_MAX_DEPTH = 20
_LARGEST_EXACT = 2**53
_LEAST_SHOWN = 0.01


def plain_json(value: Any, depth: int = 0) -> Json:  # noqa: PLR0911  # one return for each kind
    """`value` as JSON can hold it. Infinities become the texts `Infinity` and `-Infinity`, NaN becomes null."""
    if hasattr(value, "item") and callable(value.item) and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, Decimal)):
        return _number(value)
    if isinstance(value, str):
        return cut(value, MAX_SAMPLE_CHARACTERS)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): plain_json(member, depth + 1) for key, member in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_json(member, depth + 1) for member in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    if isinstance(value, (timedelta, UUID)):
        return str(value)
    return plain_json(str(value))


def _number(value: float | Decimal) -> Json:
    if isinstance(value, Decimal):
        if value.is_finite() and value == value.to_integral_value() and abs(value) > _LARGEST_EXACT:
            return int(value)
        value = float(value)
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


REDACTED = "[redacted]"
_BOUNDS = ("min_value", "max_value", "value", "value_set", "type_", "type_list", "column_set", "column_list", "quantile_ranges")
_MAX_SHOWN = 300


def passed_or_failed(expectation: Expectation, finding: CheckFinding, *, redacted: bool) -> CheckEvidence:
    """The result of a check that was evaluated, or found nothing to look at."""
    status = CheckStatus.SKIPPED if finding.holds is None else CheckStatus.PASSED if finding.holds else CheckStatus.FAILED
    observed = plain_json(finding.observed)
    if redacted and finding.observed_is_value and observed is not None:
        observed = REDACTED
    samples = () if redacted else tuple(plain_json(sample) for sample in finding.samples)
    return CheckEvidence(
        expectation=expectation,
        status=status,
        element_count=finding.element_count,
        missing_count=finding.missing_count,
        unexpected_count=finding.unexpected_count if status is not CheckStatus.SKIPPED else None,
        unexpected_percent=finding.unexpected_percent,
        observed_value=observed,
        samples=samples,
        message=_message(expectation, finding, observed, redacted=redacted),
    )


def error_result(expectation: Expectation, error: Exception, *, redacted: bool) -> CheckEvidence:
    """The result of a check that could not be evaluated. Nothing of the data is quoted where its column is redacted."""
    return CheckEvidence(expectation, CheckStatus.ERROR, message=_error_message(error, redacted=redacted))


def overall(results: Iterable[CheckEvidence]) -> EvidenceStatus:
    """Of a whole run: error as soon as one check erred or none was executed, else failed as soon as one failed."""
    statuses = {result.status for result in results}
    if CheckStatus.ERROR in statuses or not statuses & {CheckStatus.PASSED, CheckStatus.FAILED}:
        return EvidenceStatus.ERROR
    return EvidenceStatus.FAILED if CheckStatus.FAILED in statuses else EvidenceStatus.PASSED


def is_redacted(expectation: Expectation, columns: Iterable[str], redacted: frozenset[str]) -> bool:
    """Whether a result may hold values of a redacted column, also by a row condition that names one."""
    if not redacted:
        return False
    written = f"{expectation.kwargs.get('row_condition') or ''} {expectation.kwargs.get('query') or ''}"
    return bool(redacted & set(columns)) or any(name in written for name in redacted)


def _message(expectation: Expectation, finding: CheckFinding, observed: Any, *, redacted: bool) -> str:
    if finding.holds:
        return ""
    if finding.message:
        return finding.message
    where = " that its row_condition keeps" if expectation.kwargs.get("row_condition") else ""
    if finding.holds is None:
        if not finding.element_count:
            return f"Skipped: there are no rows{where} to check."
        return f"Skipped: none of the {finding.element_count:,} rows{where} has a value to check."
    if finding.unexpected_count is not None and finding.element_count is not None:
        return _rows_message(expectation, finding, redacted=redacted)
    return _observed_message(expectation, finding, observed, redacted=redacted)


def _rows_message(expectation: Expectation, finding: CheckFinding, *, redacted: bool) -> str:
    looked_at = (finding.element_count or 0) - (finding.missing_count or 0)
    if expectation.type in {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null"}:
        looked_at = finding.element_count or 0
    sentence = f"{finding.unexpected_count:,} of {looked_at:,} rows checked failed ({_share(finding.unexpected_percent or 0)})"
    mostly = expectation.kwargs.get("mostly")
    if isinstance(mostly, (int, float)) and mostly != 1:
        sentence += f"; at most {(1 - mostly) * 100:.4g}% may"
    if redacted:
        sentence += "; their values are withheld because the field is redacted"
    return sentence + "."


def _share(percent: float) -> str:
    """Never rounded to all or to nothing, where some rows hold and some do not."""
    if 0 < percent < _LEAST_SHOWN:
        return f"less than {_LEAST_SHOWN}%"
    return f"more than {100 - _LEAST_SHOWN}%" if 100 - _LEAST_SHOWN < percent < 100 else f"{percent:.4g}%"


def _observed_message(expectation: Expectation, finding: CheckFinding, observed: Any, *, redacted: bool) -> str:
    wanted = {key: expectation.kwargs[key] for key in _BOUNDS if expectation.kwargs.get(key) is not None}
    if "column" in wanted:
        wanted.pop("column")
    parts = []
    if observed is not None:
        parts.append(f"observed {_short(observed)}")
    if finding.samples and not redacted:
        parts.append(f"wrong or missing: {_short([plain_json(sample) for sample in finding.samples])}")
    if operators_in(expectation.kwargs):
        parts.append(f"expected {in_words(expectation.kwargs)}")
    elif wanted:
        parts.append("expected " + ", ".join(f"{key} {_short(value)}" for key, value in wanted.items()))
    sentence = "; ".join(parts) or "the check failed"
    return sentence[0].upper() + sentence[1:] + "."


def _short(value: Any) -> str:
    return cut(str(value), _MAX_SHOWN)


def _error_message(error: Exception, *, redacted: bool) -> str:
    if isinstance(error, SourceProblemError | PatternError):
        return str(error)  # of the suite alone, never of the data
    cause = getattr(error, "orig", None) or error
    if isinstance(error, sa.exc.DBAPIError) or isinstance(cause, duckdb.Error):
        return _database_message(cause)
    text = str(error).strip() or type(error).__name__
    if redacted and not isinstance(error, LookupError):
        return f"The check could not be evaluated ({type(error).__name__}); details are withheld because the field is redacted."
    return _short(text)


def _database_message(cause: Any) -> str:
    """A refusal of the database in our words: its own text may quote the data."""
    if getattr(cause, "sqlstate", None) == "57014":
        return "The check took longer than the time limit for one statement. Narrow it, or index the column."
    if getattr(cause, "sqlstate", None) == "42501":
        return "The account of the connection may not read what the check needs. Grant it SELECT."
    if isinstance(cause, duckdb.OutOfMemoryException):
        return (
            "The check needs more memory or temporary files than the engine may use. "
            "Raise TOUCHSTONE_ENGINE_MEMORY_MB or TOUCHSTONE_ENGINE_TEMP_MB."
        )
    if isinstance(cause, duckdb.InterruptException):
        return "The check needs more room on disk than the engine may use. Raise TOUCHSTONE_ENGINE_TEMP_MB."
    return (
        f"The database could not evaluate the check ({type(cause).__name__}). Check that its arguments fit the column's type."
    )
