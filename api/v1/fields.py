"""Fields of requests that DRF reads too kindly."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Any

from django.core.validators import validate_email
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.durations import WANTED, duration_of
from catalog.rules.moments import duration_text
from catalog.rules.obligation import obligation_from_json
from catalog.rules.texts import is_storable

RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.IGNORECASE)
DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
LARGEST_ID = 2**63 - 1  # what a bigint of PostgreSQL holds
WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
SLUG_FORM = re.compile(r"[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?")


def choices(closed_set: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """(value, name) pairs, in their order: the form in which drf-spectacular knows the set again and names it."""
    return [(word.value, word.name) for word in closed_set]


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


@extend_schema_field({"type": "string", "format": "duration", "examples": ["P7D", "PT36H"]})
class DurationField(serializers.Field[timedelta, Any, str, Any]):
    """A duration of ISO 8601 in weeks, days, hours, minutes and seconds; answered as `duration_text` writes it."""

    default_error_messages = {"not_a_duration": f"Give {WANTED}."}

    def to_internal_value(self, value: Any) -> timedelta:
        duration = duration_of(value)
        if duration is None:
            self.fail("not_a_duration")
        return duration

    def to_representation(self, value: timedelta) -> str:
        return duration_text(value)


class NumberField(serializers.FloatField):
    """A finite number of JSON; a text that looks like one, NaN and what is too large for a double are refused."""

    default_error_messages = {"not_a_number": "Give a finite number, not as text."}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("not_a_number")
        try:
            number = float(data)
        except OverflowError:
            self.fail("not_a_number")
        if not isfinite(number):
            self.fail("not_a_number")
        return number


class NumberParameter(serializers.FloatField):
    """A number in an address, in plain decimal notation: neither NaN nor infinity, which no bound would refuse."""

    default_error_messages = {"not_a_number": "Give a number in decimal notation, such as 75 or 0.5."}

    def to_internal_value(self, data: Any) -> float:
        if not DECIMAL.fullmatch(str(data)):
            self.fail("not_a_number")
        return float(data)


class WholeNumberField(serializers.IntegerField):
    """A whole number of JSON, which may be written as 5.0; neither text nor true, which Python takes for 1."""

    default_error_messages = {"not_a_whole_number": "Give a whole number, not as text."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": -LARGEST_ID, "max_value": LARGEST_ID, **options})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not (isinstance(data, int) or (isinstance(data, float) and data.is_integer())):
            self.fail("not_a_whole_number")
        return int(data)


class WholeNumberParameter(WholeNumberField):
    """A whole number in an address: digits alone."""

    default_error_messages = {"not_a_whole_number": "Give a whole number in digits, such as 5."}

    def to_internal_value(self, data: Any) -> int:
        if not WHOLE.fullmatch(str(data)):
            self.fail("not_a_whole_number")
        return int(data)


class FlagField(serializers.BooleanField):
    """true or false of JSON, and nothing that resembles them."""

    default_error_messages = {"not_a_flag": "Give true or false, not as text."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("not_a_flag")
        return data


class FlagParameter(serializers.BooleanField):
    """`true` or `false` in an address."""

    default_error_messages = {"not_a_flag": "Give true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if data not in {"true", "false"}:
            self.fail("not_a_flag")
        return bool(data == "true")


class TextField(serializers.CharField):
    """Text as it came, without trimming; NUL and half surrogate pairs are refused, since PostgreSQL cannot keep them."""

    default_error_messages = {"not_storable": "The text contains a NUL or half a surrogate pair, which cannot be stored."}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not is_storable(data):
            self.fail("not_storable")
        return str(super().to_internal_value(data))


class OptionalTextField(TextField):
    """Text that may be missing: null in answers. In requests null, an empty text and no text at all mean the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_blank": True, "allow_null": True})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation("" if data is None else data)

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]  # DRF's stubs know no null here
        return str(value) or None


class OptionalEmailField(OptionalTextField):
    """An e-mail address that may be missing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators.append(validate_email)


class OptionalChoiceField(serializers.ChoiceField):
    """A word of a list, kept as an empty text where there is none; null in answers."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices, **{**options, "allow_null": True})

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


class PatternField(serializers.RegexField):
    """Text of which the whole has a form, as it came: DRF would trim it, and would take a number for text."""

    def __init__(self, form: re.Pattern[str], **options: Any) -> None:
        super().__init__(f"^(?:{form.pattern})$", trim_whitespace=False, **options)  # as the OpenAPI document shows it
        self.form = form

    def to_internal_value(self, data: Any) -> str:
        if not (isinstance(data, str) and self.form.fullmatch(data)):  # `$` alone would let a line break at the end pass
            self.fail("invalid")
        return data


class JsonObjectField(serializers.DictField):
    """A JSON object of any shape."""

    child = serializers.JSONField(allow_null=True)


@extend_schema_field({"$ref": "#/components/schemas/Obligation"})
class ObligationField(serializers.JSONField):
    """An object with `type`, as `catalog.rules.obligation` reads it; contracts and Cedar may write a short name instead."""

    default_error_messages = {"not_an_obligation": "Give an object with `type`."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_obligation")
        return data

    def to_representation(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # as that of JSONField
        return obligation_from_json(value).as_object()
