"""Finds the use case that an address names. What may not be seen does not exist: the answer is 404, never 403."""

from rest_framework.request import Request

from api.authentication import KeyGrant
from catalog.models import Consumer, Person, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.errors import NotFoundError
from catalog.rules.vocabulary import ConsumerKind
from trust.use_cases.services.reporters import Reporter


def find_use_case(person: Person, slug: str, *, is_to_change: bool = False) -> UseCase:
    """The use case, with the people named in it. Raises `NotFoundError`; costs one query.

    `is_to_change` locks its row until the end of the transaction, for a change that is worked out from what it says now.
    """
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


def reporter_of(request: Request) -> Reporter:
    """For a request that `HasScope` let through. One query where a consumer speaks for itself."""
    person: Person = request.user  # type: ignore[assignment]  # nobody else gets here
    grant = request.auth if isinstance(request.auth, KeyGrant) else None
    if grant is None or grant.kind is ConsumerKind.PERSON:
        return Reporter(person)
    return Reporter(person, Consumer.objects.select_related("owner").get(pk=grant.consumer_id))
