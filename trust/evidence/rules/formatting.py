"""How numbers, times and failed checks read to a person in ten seconds."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from catalog.rules.texts import cut
from trust.evidence.rules.facts import CheckFacts
from trust.vocabulary import CheckStatus

_LONGEST_VALUE = 40
_ASK_FOR_NULLS = {
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_missing_values_to_be_within_limits",
}


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 row`, `8,255 rows`, `2 boxes` with `plural` given."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def article(noun: str) -> str:
    """`a` or `an`. `a` before a u, which is more often spoken as in `user` than as in `under`."""
    return "an" if noun.lower().startswith(("a", "e", "i", "o")) else "a"


def all_of(number: int, noun: str) -> str:
    """`The only check`, `All 5 checks`: the start of a sentence about every one of them."""
    return f"The only {noun}" if number == 1 else f"All {count(number, noun)}"


def names(items: Iterable[object], shown: int = 3) -> str:
    """`a`, `a and b`, `a, b and 4 more`: never a long list."""
    texts = [shorten(item) for item in items]
    if len(texts) > shown:
        texts = [*texts[: shown - 1], f"{len(texts) - shown + 1} more"]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}" if texts else "none"


def shorten(value: object, longest: int = _LONGEST_VALUE) -> str:
    """A value as text, cut with an ellipsis after `longest` characters, without line breaks."""
    return cut(" ".join(str(value).split()), longest)


def percent(part: int, whole: int) -> str:
    """`2.5%`; `under 0.1%` and `over 99.9%` where rounding would hide that it is not nothing or not all."""
    if whole <= 0:
        return "0%"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "under 0.1%"
    if 99.9 < share < 100:
        return "over 99.9%"
    return f"{share:.1f}".removesuffix(".0") + "%"


def span(length: timedelta) -> str:
    """`36 hours`, `180 days`, `90 minutes`: the largest unit in which it is a whole number; days from three on."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0 and (seconds // size > 2 or unit != "day"):
            return count(seconds // size, unit)
    return count(seconds, "second")


def column_of(check: CheckFacts) -> str:
    """The column or columns that a check speaks about, for a sentence; `the table` where it names none."""
    columns = columns_of(check)
    return names(columns, 5) if columns else "the table"


def columns_of(check: CheckFacts) -> tuple[str, ...]:
    """The columns that the arguments of a check name."""
    kwargs = check.kwargs
    listed = kwargs.get("column_list")
    found = [kwargs.get(key) for key in ("column", "column_A", "column_B")]
    found += listed if isinstance(listed, list | tuple) else []
    return tuple(column for column in found if isinstance(column, str))


def asked_rows(check: CheckFacts) -> int | None:
    """How many rows a check asked: those with a value, as Great Expectations counts; all of them where it asks for NULLs.

    None where rows cannot be counted.
    """
    if check.element_count is None or check.unexpected_count is None:
        return None
    passed_over = 0 if check.type in _ASK_FOR_NULLS else check.missing_count or 0
    return max(check.element_count - passed_over, check.unexpected_count)


def failed_check(check: CheckFacts) -> str:
    """Half a sentence on what a failed check found: `8,255 of 336,776 rows (2.5%) have no dep_time`.

    Rows are worded by expectation type, aggregates by what was seen and what is allowed; a type that is not known here falls
    back on the engine's own message.
    """
    if check.status in {CheckStatus.ERROR, CheckStatus.SKIPPED}:
        verb = "could not be evaluated" if check.status is CheckStatus.ERROR else "was skipped"
        reason = f" ({shorten(check.message, 120)})" if check.message else ""
        return f"{check.type} on {column_of(check)} {verb}{reason}"
    worded = _ROWS.get(check.type)
    if worded and check.unexpected_count and asked_rows(check):
        return f"{_rows(check)} {worded(check)}"
    if check.type in _AGGREGATES and check.observed_value is not None:
        what = _AGGREGATES[check.type].format(a=article(column_of(check)), column=column_of(check))
        allowed = _value(check.kwargs["value"]) if "value" in check.kwargs else _limits(check)
        return f"{what} is {_value(check.observed_value)}; allowed is {allowed}"
    if check.message:
        return shorten(check.message, 160).rstrip(".")
    if check.unexpected_count and asked_rows(check):
        return f"{_rows(check)} fail {check.type} on {column_of(check)}"
    return f"{check.type} on {column_of(check)} failed"


def _rows(check: CheckFacts) -> str:
    whole, bad = asked_rows(check) or 0, check.unexpected_count or 0
    return f"{bad:,} of {count(whole, 'row')} ({percent(bad, whole)})"


def _have(check: CheckFacts) -> str:
    return "has" if check.unexpected_count == 1 else "have"


def _limits(check: CheckFacts) -> str:
    low, high = check.kwargs.get("min_value"), check.kwargs.get("max_value")
    if low is None:
        return f"at most {_value(high)}"
    return f"at least {_value(low)}" if high is None else f"{_value(low)} to {_value(high)}"


def _beyond(check: CheckFacts) -> str:
    low, high = check.kwargs.get("min_value"), check.kwargs.get("max_value")
    if low is None:
        return f"above {_value(high)}"
    return f"below {_value(low)}" if high is None else f"outside {_value(low)} to {_value(high)}"


def _value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return shorten(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _says(text: str) -> Callable[[CheckFacts], str]:
    def word(check: CheckFacts) -> str:
        column = column_of(check)
        return f"{_have(check)} {text.format(a=article(column), column=column, beyond=_beyond(check))}"

    return word


def _pair(text: str) -> Callable[[CheckFacts], str]:
    def word(check: CheckFacts) -> str:
        first, second = (shorten(check.kwargs.get(key, "?")) for key in ("column_A", "column_B"))
        return f"{_have(check)} {text.format(a=article(first), first=first, second=second)}"

    return word


def _reference(check: CheckFacts) -> str:
    what = "combination of " if isinstance(check.kwargs.get("column_list"), list | tuple) else ""
    what += column_of(check)
    reference = shorten(check.kwargs.get("reference", "the reference"))
    return f"{_have(check)} {article(what)} {what} that {reference} does not have"


_ROWS: dict[str, Callable[[CheckFacts], str]] = {
    "expect_column_values_to_not_be_null": _says("no {column}"),
    "expect_column_values_to_be_null": _says("{a} {column} where none is allowed"),
    "expect_column_values_to_be_unique": _says("{a} {column} that is not unique"),
    "expect_compound_columns_to_be_unique": _says("a combination of {column} that is not unique"),
    "expect_select_column_values_to_be_unique_within_record": _says("repeated values among {column}"),
    "expect_column_values_to_be_in_set": _says("{a} {column} that is not among the allowed values"),
    "expect_column_values_to_not_be_in_set": _says("{a} {column} that is forbidden"),
    "expect_column_values_to_be_between": _says("{a} {column} {beyond}"),
    "expect_column_value_lengths_to_be_between": _says("{a} {column} whose length is {beyond}"),
    "expect_column_value_lengths_to_equal": _says("{a} {column} whose length is not the required one"),
    "expect_column_values_to_match_regex": _says("{a} {column} that does not match the required pattern"),
    "expect_column_values_to_not_match_regex": _says("{a} {column} that matches a forbidden pattern"),
    "expect_column_values_to_be_of_type": _says("{a} {column} of another type"),
    "expect_column_values_to_be_in_type_list": _says("{a} {column} of another type"),
    "expect_column_values_to_be_multiples": _says("{a} {column} that is no multiple of the required number"),
    "expect_column_vectors_to_have_dimensions": _says("{a} {column} of another length"),
    "expect_column_values_to_exist_in_reference": _reference,
    "expect_column_pair_values_to_be_equal": _pair("{a} {first} that differs from {second}"),
    "expect_column_pair_values_a_to_be_greater_than_b": _pair("{a} {first} that is not greater than {second}"),
    "expect_column_pair_values_to_be_in_set": _pair("a pair of {first} and {second} that is not allowed"),
}

_AGGREGATES = {
    "expect_table_row_count_to_be_between": "the number of rows",
    "expect_table_row_count_to_equal": "the number of rows",
    "expect_table_column_count_to_be_between": "the number of columns",
    "expect_table_column_count_to_equal": "the number of columns",
    "expect_column_mean_to_be_between": "the mean of {column}",
    "expect_column_median_to_be_between": "the median of {column}",
    "expect_column_min_to_be_between": "the smallest {column}",
    "expect_column_max_to_be_between": "the largest {column}",
    "expect_column_sum_to_be_between": "the sum of {column}",
    "expect_column_stdev_to_be_between": "the standard deviation of {column}",
    "expect_column_unique_value_count_to_be_between": "the number of different values of {column}",
    "expect_column_proportion_of_unique_values_to_be_between": "the share of different values of {column}",
    "expect_column_proportion_of_non_null_values_to_be_between": "the share of rows with {a} {column}",
}


def list_sentences(parts: Sequence[str], shown: int = 3, rest: str = "more") -> str:
    """Half sentences joined with semicolons, with a capital and a full stop; `and 2 more` for those beyond `shown`.

    The name of an expectation at the start stays as it is written.
    """
    listed = list(parts[:shown])
    if len(parts) > shown:
        listed.append(f"and {len(parts) - shown} {rest}")
    text = "; ".join(listed)
    return f"{text}." if text.startswith("expect_") else f"{text[:1].upper()}{text[1:]}."
