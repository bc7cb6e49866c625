"""The SQL rules of a product's suites, and which of them may be run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value

from catalog.models import DataProduct
from catalog.queries.ownership import SamePerson
from trust.evidence.models.sql_approval import SqlApproval
from trust.evidence.models.suite import Suite
from trust.evidence.rules.expectation_types import SQL_RULE_TYPE
from trust.evidence.rules.sql_rules import query_digest


@dataclass(frozen=True, slots=True)
class SqlRule:
    """One text of the current suites. ports: where it is asked. approved_by, approved_at: None while it is not run."""

    digest: str
    query: str
    ports: tuple[str, ...]
    approved_by: str | None
    approved_at: datetime | None


def approved_queries(product: DataProduct) -> frozenset[str]:
    """Digests of the texts that may be run now. One whose approver owns the product by now is not among them. One query."""
    return frozenset(one.digest for one in _in_force(product))


def sql_rules(product: DataProduct) -> list[SqlRule]:
    """Every text of the product's current suites, once each, in the order of the ports. Two queries."""
    approvals = {one.digest: one for one in _in_force(product)}
    ports: dict[str, dict[str, None]] = {}
    suites = Suite.objects.filter(port__product=product, port__removed_at=None, is_current=True).select_related("port")
    for suite in suites.order_by("port_id"):
        for query in _queries(suite):
            ports.setdefault(query, {})[suite.port.name] = None
    return [
        SqlRule(
            digest=(digest := query_digest(query)),
            query=query,
            ports=tuple(names),
            approved_by=approvals[digest].approved_by.username if digest in approvals else None,
            approved_at=approvals[digest].approved_at if digest in approvals else None,
        )
        for query, names in ports.items()
    ]


def authors_of(product: DataProduct, query: str) -> frozenset[int]:
    """Ids of the people who put the text into a suite of the product, in whichever version."""
    suites = Suite.objects.filter(port__product=product, expectations__contains=[{"kwargs": {"query": query}}])
    return frozenset(suites.exclude(created_by=None).values_list("created_by_id", flat=True))


def _in_force(product: DataProduct) -> Sequence[SqlApproval]:
    rows = SqlApproval.objects.filter(product=product, withdrawn_at=None).select_related("approved_by")
    if product.owner_id is not None:
        rows = rows.exclude(SamePerson("approved_by", Value(product.owner_id)))
    return list(rows)


def _queries(suite: Suite) -> list[str]:
    stored = [one for one in suite.expectations if one.get("type") == SQL_RULE_TYPE]
    return [query for one in stored if isinstance(query := (one.get("kwargs") or {}).get("query"), str)]
