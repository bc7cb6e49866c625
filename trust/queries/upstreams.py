"""What the input products of a product say now."""

from django.db import connection

from catalog.models import InputPort
from trust.rules.codec import load_outcome
from trust.rules.facts import UpstreamFacts
from trust.rules.vocabulary import Verdict


def upstream_facts(product_id: int) -> tuple[UpstreamFacts, ...]:
    """The input products of `product_id` with the verdict that stands for each; two queries."""
    ports = list(
        InputPort.objects.filter(product_id=product_id).select_related(
            "upstream__owner", "upstream__current_verdict__verdict_row"
        )
    )
    if not ports:
        return ()
    cyclic = _upstreams_in_a_cycle(product_id)
    return tuple(_upstream(port, is_cycle=port.upstream_id in cyclic) for port in ports)


def _upstream(port: InputPort, *, is_cycle: bool) -> UpstreamFacts:
    slug, owner = port.upstream.slug, port.upstream.owner.username
    row = port.upstream.current_verdict.verdict_row
    if row is None:
        return UpstreamFacts(slug, port.required, is_cycle=is_cycle, owner=owner)
    outcome = load_outcome(row.outcome)
    return UpstreamFacts(
        slug=slug,
        is_required=port.required,
        verdict=Verdict(row.verdict),
        effective_score=row.effective_score,
        valid_until=row.valid_until,
        failing_path=outcome.failing_path,
        cause=outcome.cause,
        is_cycle=is_cycle,
        owner=owner,
    )


def _upstreams_in_a_cycle(product_id: int) -> frozenset[int]:
    """Ids of the direct inputs that are built, directly or not, from the product itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT upstream_id FROM catalog_inputport "
            "WHERE product_id = %s AND upstream_id IN (SELECT trust_closure(ARRAY[%s]::bigint[]))",
            [product_id, product_id],
        )
        return frozenset(row[0] for row in cursor.fetchall())
