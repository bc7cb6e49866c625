"""Fields of requests that DRF reads too kindly."""

import re
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from api.bodies import is_storable

RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.IGNORECASE)


class MomentField(serializers.DateTimeField):
    """A moment in RFC 3339, with its offset: `2026-11-22T12:00:00Z`. Nothing is guessed, no time zone is assumed."""

    default_error_messages = {
        "not_rfc3339": "Give a moment in RFC 3339 with its offset, such as 2026-11-22T12:00:00Z (write + as %2B in an address)."
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not (isinstance(value, str) and value.isascii() and RFC_3339.fullmatch(value)):
            self.fail("not_rfc3339")
        seconds, fraction, offset = re.split(r"(\.\d+)?(?=Z|[+-]\d{2}:\d{2}$)", value.upper(), maxsplit=1)
        try:
            moment = datetime.fromisoformat(f"{seconds}{(fraction or '')[:7]}{offset.replace('Z', '+00:00')}")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("not_rfc3339")


class TextField(serializers.CharField):
    """Text as it came, without trimming; NUL and half surrogate pairs are refused, since PostgreSQL cannot keep them."""

    default_error_messages = {"not_storable": "The text holds a NUL or half a surrogate pair, which cannot be kept."}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not is_storable(data):
            self.fail("not_storable")
        return str(super().to_internal_value(data))


class JsonObjectField(serializers.DictField):
    """A JSON object of any shape."""

    child = serializers.JSONField(allow_null=True)
