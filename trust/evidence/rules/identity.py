"""Names for things that have no row of their own: a check across runs, the state of a suite, the state of a source."""

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from catalog.rules.expectation import Expectation, Json, SuiteSpec
from trust.evidence.rules.dimensions import dimension_borne_out
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.evidence.rules.facts import CheckFacts

# 128 bits: an owner writes both the check that is waived and the one put in its place, so he may look for two that meet.
_DIGEST_LENGTH = 32
_LONGEST_NAME = 200 - 1 - _DIGEST_LENGTH


def check_key(port: str, expectation: Expectation) -> str:
    """The name of one check of one port across runs, such as `flights:expect_column_values_to_be_unique:id:1f0c...`.

    200 characters at most. It changes with type and arguments and not with severity or dimension: a waiver is about what is
    asked, not about how much it weighs.
    """
    column = expectation.kwargs.get("column")
    name = f"{port}:{expectation.type}:{column if isinstance(column, str) else ''}"
    demand = _canonical(expectation.kwargs) if len(name) <= _LONGEST_NAME else _canonical([name, dict(expectation.kwargs)])
    return f"{name[:_LONGEST_NAME]}:{sha256(demand).hexdigest()[:_DIGEST_LENGTH]}"


def check_subject(type_: str, kwargs: Mapping[str, Json]) -> tuple[str, str]:
    """What one check of a port is about, whatever else it asks: its type and its columns. A changed limit changes nothing."""
    return type_, _canonical([kwargs.get(name) for name in ("column", "column_A", "column_B", "column_list")]).decode()


def type_in_key(port: str, key: str) -> str:
    """The type of the check that `check_key` named; cut off where the port's name leaves no room for it."""
    return key.removeprefix(f"{port}:").partition(":")[0]


def suite_digest(suite: SuiteSpec) -> str:
    """SHA-256, as hex, of what a suite demands: types, arguments, severities and dimensions, in any order. Meta stays out."""
    demands = sorted(_canonical([e.type, dict(e.kwargs), e.severity, e.dimension]) for e in suite.expectations)
    return sha256(b"\n".join(demands)).hexdigest()


def source_digest(source: Source) -> str:
    """SHA-256, as hex, of where and how a port is read. Evidence about another source says nothing about this one."""
    return sha256(_canonical(source)).hexdigest()


def check_facts(check_id: str, port: str, result: CheckEvidence) -> CheckFacts:
    """What a judgement needs of one check result. The dimension is the type's where it does not bear out the author's."""
    return CheckFacts(
        id=check_id,
        key=check_key(port, result.expectation),
        type=result.expectation.type,
        dimension=dimension_borne_out(result.expectation.type, result.expectation.dimension),
        severity=result.expectation.severity,
        status=result.status,
        kwargs=result.expectation.kwargs,
        element_count=result.element_count,
        missing_count=result.missing_count,
        unexpected_count=result.unexpected_count,
        unexpected_percent=result.unexpected_percent,
        observed_value=result.observed_value,
        message=result.message,
    )


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")
