"""Finds the exception that an address names. What may not be seen does not exist: the answer is 404, never 403."""

from catalog.models import Person
from catalog.rules.errors import NotFoundError
from trust.models import OutputException
from trust.use_cases.queries.output_exceptions import visible_exceptions


def find_exception(person: Person, slug: str, exception_id: int) -> OutputException:
    """Raises `NotFoundError`; costs one query."""
    row = visible_exceptions(person).filter(use_case__slug=slug, pk=exception_id).first()
    if row is None:
        raise NotFoundError(
            f"Use case {slug[:80]} has no exception {exception_id} that you may see.",
            remedy=f"GET /api/v1/use-cases/{slug[:80]}/exceptions lists those that you may see.",
        )
    return row
