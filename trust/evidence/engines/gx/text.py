"""The text that a value has, as Great Expectations on pandas sees it (`column.astype(str)`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression


def text_expression(column: Column) -> SqlExpression | None:
    """The text of a value in SQL, or None where SQL would write it otherwise than Python (floats, timestamps, ...).

    A whole number is written whole, also beside NULLs, where pandas by an accident of its types writes `5.0`.
    """
    if column.kind is Kind.TEXT or column.spelled:
        return column.shown
    if column.kind in {Kind.INTEGER, Kind.DATE}:
        return sa.cast(column.value, sa.Text)
    if column.kind is Kind.BOOLEAN:
        return sa.case((column.value, "True"), else_="False")
    return None


def texts(values: Sequence[Any]) -> list[str]:
    """The text of values in Python, for the kinds that `text_expression` leaves out."""
    if values and isinstance(values[0], datetime):
        return [str(text) for text in pd.Series(values).astype(str)]
    return [value if isinstance(value, str) else str(value) for value in values]
