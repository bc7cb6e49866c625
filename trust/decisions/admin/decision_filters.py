"""What the log of answers is narrowed by: the filters beside the list, and how its address is read, for list and export."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, TextFilter
from unfold.contrib.filters.forms import RangeDateForm

from catalog.models import Consumer, DataProduct, Person, Purpose
from catalog.rules.errors import InvalidError
from trust.decisions.models.decision import Decision
from trust.decisions.queries.decision_pages import LogFilter, Parties
from trust.verdicts.queries.product_upkeep import reach_of
from trust.vocabulary import DecisionChannel

SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}
NOBODY = -1
"""An id that nothing has: what a slug that names nothing is looked for by."""


class _Told:
    """The list is narrowed by `wanted_of`, as one query; these only show the choice."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        return queryset


class ConsumerFilter(_Told, TextFilter):
    title, parameter_name = "consumer (slug in full)", "consumer"


class ProductFilter(_Told, TextFilter):
    title, parameter_name = "product (slug in full)", "product"


class UseCaseFilter(_Told, TextFilter):
    title, parameter_name = "use case (slug in full)", "use_case"


class PurposeFilter(_Told, DropdownFilter):
    title, parameter_name = "purpose", "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in Purpose.objects.values_list("name", flat=True)[:200]]


class OutcomeFilter(_Told, DropdownFilter):
    title, parameter_name = "outcome", "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]


class ChannelFilter(_Told, DropdownFilter):
    title, parameter_name = "channel", "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(channel.value, channel.value) for channel in DecisionChannel]


class AskedFilter(_Told, DropdownFilter):
    title, parameter_name = "asked", "asked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"in the last {name}") for name in SPANS]


class DatesFilter(ListFilter):
    """From the beginning of one day (UTC) to the end of another; either may be left open."""

    title, parameter_name = "date (UTC, both days included)", "asked"
    template = "unfold/filters/filters_date_range.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in ("asked_from", "asked_to"):
            if given := params.pop(name, None):
                self.used_parameters[name] = given[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return ["asked_from", "asked_to"]

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        yield {"form": RangeDateForm(name=self.parameter_name, data=self.used_parameters)}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        return queryset


FILTERS = [ConsumerFilter, ProductFilter, PurposeFilter, OutcomeFilter, DatesFilter, AskedFilter, ChannelFilter, UseCaseFilter]


def wanted_of(parameters: Mapping[str, str], person: Person, now: datetime) -> LogFilter:
    """What the address of a list asks for, within what this person may see. Raises `InvalidError` for what cannot be read."""
    given = {name: text.replace("\0", "").strip() for name, text in parameters.items()}
    decision_id, parties = _sought(given.get("q", ""))
    span = SPANS.get(given.get("asked", ""))
    since, until = _day(given.get("asked_from", "")), _day(given.get("asked_to", ""))
    return LogFilter(
        decision_id=decision_id,
        use_case=given.get("use_case") or None,
        consumer_id=_id(Consumer, given.get("consumer", "")),
        product_id=_id(DataProduct, given.get("product", "")),
        purpose=given.get("purpose") or None,
        decision=_outcome(given.get("decision", "")),
        channel=_channel(given.get("channel", "")),
        since=max(filter(None, (since, now - span if span else None)), default=None),
        until=until + timedelta(days=1) if until else None,
        parties=parties,
        reach=visible_parties(person),
    )


def visible_parties(person: Person) -> Parties | None:
    """The products and consumers of which this person may see the answers; None for those who see all."""
    products = reach_of(person)
    if products is None:
        return None
    return Parties(tuple(products), tuple(Consumer.objects.filter(owner=person).order_by().values_list("pk", flat=True)))


def _sought(term: str) -> tuple[int | None, Parties | None]:
    if not term:
        return None, None
    if term.isascii() and term.isdigit() and len(term) < 19:
        return int(term), None
    products = DataProduct.objects.filter(slug=term).values_list("pk", flat=True)
    consumers = Consumer.objects.filter(slug=term).values_list("pk", flat=True)
    return None, Parties(tuple(products), tuple(consumers))


def _id(model: type[Consumer] | type[DataProduct], slug: str) -> int | None:
    if not slug:
        return None
    found = model.objects.filter(slug=slug).values_list("pk", flat=True).first()
    return NOBODY if found is None else int(found)


def _outcome(word: str) -> bool | None:
    if word not in {"", "yes", "no"}:
        raise InvalidError(f"The outcome must be yes or no, not {word!r}.", remedy="Choose one.", field="decision")
    return word == "yes" if word else None


def _channel(word: str) -> str | None:
    if word and word not in set(DecisionChannel):
        raise InvalidError(f"There is no channel {word!r}.", remedy="Choose another.", field="channel")
    return word or None


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time(), UTC) if text else None  # noqa: DTZ007 a date
    except ValueError:
        raise InvalidError(f"{text!r} is not a date.", remedy="Write it as 2026-11-23.", field="asked_from") from None
