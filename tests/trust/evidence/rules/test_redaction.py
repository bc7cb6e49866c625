"""What stored results may show of fields that are kept."""

from typing import Any

import pytest

from catalog.rules.vocabulary import Sensitivity
from tests.trust.verdicts.rules.factories import failing
from trust.evidence.rules.facts import FieldFacts
from trust.evidence.rules.redaction import Redaction, redact, redaction_of
from trust.vocabulary import CheckStatus

FIELDS = (
    FieldFacts("plain", sensitivity=Sensitivity.INTERNAL),
    FieldFacts("secret", sensitivity=Sensitivity.CONFIDENTIAL),
    FieldFacts("email", sensitivity=Sensitivity.PUBLIC, is_personal_data=True),
    FieldFacts("unsaid"),
)
SECRET = Redaction(frozenset({"secret"}), frozenset({"secret", "plain"}), keeps_undeclared=False)


@pytest.mark.parametrize(
    ("sensitivity", "kept", "keeps_undeclared"),
    [
        (Sensitivity.PUBLIC, {"secret", "email"}, False),
        (Sensitivity.RESTRICTED, {"secret", "email", "unsaid"}, True),
        (None, {"secret", "email", "unsaid"}, True),
    ],
)
def test_what_a_port_keeps(sensitivity: Sensitivity | None, kept: set[str], keeps_undeclared: bool) -> None:
    keeping = redaction_of(FIELDS, sensitivity)
    assert (set(keeping.kept), keeping.keeps_undeclared) == (kept, keeps_undeclared)


@pytest.mark.parametrize(
    ("kwargs", "concerned"),
    [
        ({"column": "secret"}, True),
        ({"column": "plain"}, False),
        ({"column_list": ["plain", "secret"]}, True),
        ({"column_A": "plain", "column_B": "secret"}, True),
        ({"column": "plain", "row_condition": "secret > 1"}, True),
        ({"column": "plain", "reference_column": "secret"}, False),
        ({"column": "other"}, False),
        ({"min_value": 1}, False),
    ],
)
def test_which_checks_it_concerns(kwargs: dict[str, Any], concerned: bool) -> None:
    assert SECRET.concerns(kwargs) is concerned


def test_undeclared_columns_of_a_sensitive_product_are_kept() -> None:
    keeping = redaction_of(FIELDS, Sensitivity.RESTRICTED)
    assert keeping.concerns({"column": "other"})
    assert not keeping.concerns({"column": "plain"})


@pytest.mark.parametrize(
    ("kind", "status", "unexpected", "observed", "message"),
    [
        ("expect_column_max_to_be_between", CheckStatus.FAILED, None, "[redacted]", ""),
        ("expect_column_max_to_be_between", CheckStatus.PASSED, None, "[redacted]", "said"),
        ("expect_column_values_to_be_between", CheckStatus.FAILED, 3, "[redacted]", "said"),
        ("expect_column_unique_value_count_to_be_between", CheckStatus.FAILED, None, 7, "said"),
    ],
)
def test_counts_stay_and_values_go(
    kind: str, status: CheckStatus, unexpected: int | None, observed: object, message: str
) -> None:
    check = failing(
        type=kind, kwargs={"column": "secret"}, status=status, unexpected_count=unexpected, observed_value=7, message="said"
    )
    found = redact(check, SECRET)
    assert (found.observed_value, found.message, found.unexpected_count) == (observed, message, unexpected)
    assert redact(found, SECRET) == found
