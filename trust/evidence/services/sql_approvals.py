"""Approving the SQL of a contract: exactly one text for one product, by a person of governance who does not answer for it."""

from datetime import datetime

from django.db.models import QuerySet

from catalog.callers import machine_key
from catalog.models import DataProduct, Person
from catalog.queries.ownership import is_same_person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.services.permissions import how_to_add_one, require_governs, require_independence, require_second_person
from catalog.services.products import demand_not_retired
from catalog.services.recording import recorded
from trust.evidence.models.sql_approval import SqlApproval
from trust.evidence.queries.sql_rules import SqlRule, authors_of, sql_rules


def approve_sql(*, product: DataProduct, digest: str, actor: Person | None, now: datetime) -> SqlApproval:
    """The approval of the text with that digest (its beginning is enough where it names one). It is run from the next run on.

    Raises `ForbiddenError` for the system, for who does not govern the product, who owns or stewards it, or did since its last
    review, and for who wrote the text; `InvalidError` where no text of its suites has the digest; `ConflictError` where it is
    approved already.
    """
    action = f"approve SQL of data product {product.slug}"
    demand_not_retired(product)
    if actor is None:
        raise ForbiddenError(
            f"The system may not {action}.",
            remedy=f"Name a person of the group 'governance': `bin/manage approve_sql {product.slug} --as USERNAME`.",
        )
    require_governs(actor, product, action)
    require_second_person(actor, product, action)
    rule = _rule(product, digest)
    authors = list(Person.objects.filter(pk__in=authors_of(product, rule.query)))
    if any(is_same_person(actor, author) for author in authors):
        raise ForbiddenError(
            f"{actor.username} may not {action}: they registered this text, by this or another account.",
            remedy=f"Ask another member of the group 'governance' to do it.{how_to_add_one(actor)}",
            code="four_eyes",
        )
    require_independence(actor, [author.pk for author in authors], action)
    if rule.approved_by is not None:
        raise ConflictError(
            f"The SQL {rule.digest[:12]} of {product.slug} is approved already, by {rule.approved_by}.",
            remedy="Nothing needs to be done; it is run with the port's next run.",
            code="sql_approved_already",
        )
    with recorded("approve_sql", actor):
        _end(SqlApproval.objects.filter(product=product, digest=rule.digest, withdrawn_at=None), actor, now)
        return SqlApproval.objects.create(
            product=product, digest=rule.digest, query=rule.query, approved_by=actor, approved_at=now
        )


def withdraw_sql(*, product: DataProduct, digest: str, actor: Person | None, now: datetime) -> None:
    """The text with that digest is not run any more. Raises `ForbiddenError`, and `InvalidError` where it is not approved."""
    require_governs(actor, product, f"withdraw the approval of SQL of data product {product.slug}")
    rows = SqlApproval.objects.filter(product=product, withdrawn_at=None, digest__startswith=digest)
    if not digest or rows.count() != 1:
        raise InvalidError(
            f"No approved SQL of data product {product.slug} has the digest '{digest[:64]}'.",
            remedy=f"List them with `bin/manage approve_sql {product.slug}`, or GET "
            f"/api/v1/products/{product.slug}/sql-approvals.",
            code="sql_unknown",
            field="digest",
        )
    with recorded("withdraw_sql", actor):
        _end(rows, actor, now)


def _end(rows: QuerySet[SqlApproval], actor: Person | None, now: datetime) -> None:
    rows.update(withdrawn_by=actor, withdrawn_caller_id=machine_key(), withdrawn_at=now)


def _rule(product: DataProduct, digest: str) -> SqlRule:
    found = [rule for rule in sql_rules(product) if digest and rule.digest.startswith(digest.lower())]
    if len(found) != 1:
        raise InvalidError(
            f"{len(found) or 'No'} texts of data product {product.slug} have the digest '{digest[:64]}'.",
            remedy=f"List them with `bin/manage approve_sql {product.slug}`, or GET "
            f"/api/v1/products/{product.slug}/sql-approvals, and name one.",
            code="sql_unknown",
            field="digest",
        )
    return found[0]
