"""Finds the use case that an address names. What may not be seen does not exist: the answer is 404, never 403."""

from django.utils import timezone

from catalog.models import Person, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.errors import NotFoundError
from trust.use_cases.services.stages import end_overrides


def find_use_case(person: Person, slug: str, *, is_to_change: bool = False) -> UseCase:
    """The use case, with the people named in it. Raises `NotFoundError`; costs two queries.

    An override whose time is over ends first, so that no reader sees the stage that it kept.

    `is_to_change` locks its row until the end of the transaction, for a change that is worked out from what it says now.
    """
    end_overrides(now=timezone.now())
    related = ("business_owner", "outputs_owner", "exceptions_owner", "acknowledged_by")
    rows = visible_use_cases(person).select_related(*related).filter(slug=slug)
    use_case = (rows.select_for_update(of=("self",), no_key=True) if is_to_change else rows).first()
    if use_case is None:
        raise NotFoundError(
            f"There is no use case {slug[:80]} that you may see.",
            remedy="GET /api/v1/use-cases lists those that you may see: where you are named, or own a consumer or a product.",
            code="use_case_unknown",
        )
    return use_case
