"""Values as plain JSON: no numpy, no NaN or Infinity, dates as ISO text, decimals as numbers, long texts cut."""

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog.rules.expectation import Json
from catalog.rules.texts import cut
from trust.evidence.engines.gx.limits import MAX_SAMPLE_CHARACTERS

_MAX_DEPTH = 20
_LARGEST_EXACT = 2**53


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
