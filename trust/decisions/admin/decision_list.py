"""The log of answers as a list: older and newer instead of page numbers, no counting, and how far was looked in plain words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from unfold.views import ChangeList

from catalog.admin.reach import person_of
from catalog.rules.errors import InvalidError
from trust.decisions.admin.decision_filters import wanted_of
from trust.decisions.models.decision import Decision
from trust.decisions.queries.decision_pages import Found, LogFilter, LogPosition, find_page

UNLISTED = ("answer", "basis", "ruling", "obligations", "question")
DIRECTIONS = ("older", "newer")


class KeysetPaginator(Paginator):  # type: ignore[type-arg]
    """Counts nothing. Its template shows the links that the list itself has worked out."""

    template_name: ClassVar[str] = "touchstone/admin/keyset_links.html"
    count = 0


class DecisionChangeList(ChangeList):
    """Finds its rows by `find_page`. refused: why its address cannot be read.

    stopped_at: how far was looked, where that was not to the end.
    """

    older: str | None = None
    newer: str | None = None
    newest: str | None = None
    stopped_at: datetime | None = None
    is_towards_newer = False
    refused = ""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        for direction in DIRECTIONS:  # no filter, and forgotten where another one is chosen
            self.filter_params.pop(direction, None)
        given: dict[str, Any] = super().get_filters_params(params)
        return given

    def get_results(self, request: HttpRequest) -> None:
        after, self.is_towards_newer = _place(request)
        try:
            wanted = wanted_of(request.GET.dict(), person_of(request), timezone.now())
            found = find_page(wanted, size=self.list_per_page, after=after, to_newer=self.is_towards_newer)
        except InvalidError as error:
            found, self.refused = Found(()), str(error)
        self.result_list = rows_at(found.places)
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(self.result_list, self.list_per_page)
        self.stopped_at = found.stopped_at
        self._link(found, after)

    def _link(self, found: Found, after: LogPosition | None) -> None:
        """Where one came from is always there; the other side, where there is something or was not looked to the end."""
        first, last = (found.places[0], found.places[-1]) if found.places else (after, after)
        if self.is_towards_newer:
            self.newer, self.older = self._address("newer", found.next), self._address("older", last)
        else:
            self.newer, self.older = self._address("newer", first if after else None), self._address("older", found.next)
        self.newest = self._address("", None) if after else None

    def _address(self, direction: str, place: LogPosition | None) -> str | None:
        if direction and place is None:
            return None
        kept = [(name, value) for name, values in self.filter_params.items() for value in values]
        return "?" + urlencode([*kept, (direction, place_text(place))] if place else kept)

    @property
    def filters_address(self) -> str:
        """The filters alone, for the exports."""
        return self._address("", None) or "?"


def rows_at(places: tuple[LogPosition, ...]) -> list[Decision]:
    """The answers at these places, in their order, without what no list shows. One query."""
    if not places:
        return []
    moments = [place.asked_at for place in places]
    rows = Decision.objects.filter(
        pk__in=[place.id for place in places], asked_at__gte=min(moments), asked_at__lte=max(moments)
    ).defer(*UNLISTED)
    by_id = {row.pk: row for row in rows}
    return [by_id[place.id] for place in places if place.id in by_id]


EXPORTED = (
    "id",
    "asked_at",
    "channel",
    "subject",
    "asker",
    "product_slug",
    "action",
    "purpose",
    "use_case",
    "decision",
    "production_grade",
    "verdict",
    "score",
    "verdict_row_id",
    "valid_until",
    "reason_codes",
    "request_id",
    "latency_us",
)
_EXPORTED_AT_ONCE = 1_000


def exported_rows(wanted: LogFilter) -> Iterator[dict[str, Any]]:
    """Every answer that is wanted, newest first, a thousand in memory at a time. No transaction is held meanwhile."""
    after: LogPosition | None = None
    while True:
        found = find_page(wanted, size=_EXPORTED_AT_ONCE, after=after)
        for row in rows_at(found.places):
            yield {column: getattr(row, column) for column in EXPORTED}
        if found.next is None:
            return
        after = found.next


def place_text(place: LogPosition) -> str:
    """`1763800000123456-42`: microseconds since 1970, and the id."""
    return f"{(place.asked_at - _EPOCH) // timedelta(microseconds=1)}-{place.id}"


def _place(request: HttpRequest) -> tuple[LogPosition | None, bool]:
    """Where the list begins, and whether towards newer ones. What cannot be read begins at the newest."""
    for direction in DIRECTIONS:
        moment, _, number = request.GET.get(direction, "").partition("-")
        if all(part.isascii() and part.isdigit() and len(part) < 18 for part in (moment, number)):
            return LogPosition(_EPOCH + timedelta(microseconds=int(moment)), int(number)), direction == "newer"
    return None, False


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
