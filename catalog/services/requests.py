"""What services share that change a row, and requests that wait for an answer: agreements, waivers and moves of stages."""

from typing import TypeVar

from django.db.models import Model

from catalog.rules.errors import InvalidError

LONGEST_REASON = 5_000
Row = TypeVar("Row", bound=Model)


def locked(row: Row, *related: str, without: tuple[str, ...] = ()) -> Row:
    """The row as it is now with its `related` rows, locked until the end of the transaction; `without`: columns not read."""
    rows = type(row)._default_manager.select_for_update(of=("self",), no_key=True)  # noqa: SLF001
    return rows.select_related(*related).defer(*without).get(pk=row.pk)


def demand_reason(text: str, what: str) -> str:
    """The reason without its outer spaces. Raises `InvalidError` where there is none or it is too long."""
    said = text.strip()
    if not 0 < len(said) <= LONGEST_REASON:
        fault = f"{what} must have a reason of 1 to {LONGEST_REASON} characters."
        raise InvalidError(fault, remedy="Give a reason in one sentence.", field="reason")
    return said
