"""How much of the data a passed check vouches for: how many rows it lets fail, and how many it looks at."""

import math
from collections.abc import Mapping
from typing import Any

from trust.evidence.rules.facts import CheckFacts

_PROPORTIONS = {
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
}
"""Types that say with `min_value` what others say with `mostly`."""


def tolerance_of(expectation_type: str, kwargs: Mapping[str, Any]) -> float:
    """The share of rows that must hold, 0 to 1; 1 where no other is given, 0 where it is not a number.

    A number in text is that number, as Great Expectations reads it.
    """
    is_proportion = expectation_type in _PROPORTIONS
    share = kwargs.get("min_value") if is_proportion else kwargs.get("mostly")
    if share is None:
        return 0.0 if is_proportion else 1.0
    return number if (number := _number(share)) is not None else 0.0


def lets_all_fail(mostly: Any) -> bool:
    """Whether `mostly` asks for no row at all; Great Expectations also takes false and the text "0" for that."""
    if isinstance(mostly, bool):
        return not mostly
    number = _number(mostly)
    return number is not None and number <= 0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def vouches_for_most(check: CheckFacts, rows: int | None, least: float) -> bool:
    """Whether a check demands that `least` of its rows hold, and looks at `least` of the `rows` of the table.

    A row condition tolerates whatever it leaves out. Rows that are passed over for want of a value count as looked at: that
    they are there is another check's question. Where a check under a condition cannot count its rows, it vouches for none.
    """
    if tolerance_of(check.type, check.kwargs) < least:
        return False
    if not check.kwargs.get("row_condition") or rows == 0:
        return True
    return check.element_count is not None and rows is not None and check.element_count >= least * rows
