"""Sealed rows for tests of the ledger: decisions, verdicts, history and batches, and the hand of a superuser."""

from datetime import timedelta
from time import monotonic

from django.db import connection

from catalog.models import DataProduct
from tests.factories import NOW, make_governed_product
from trust.ledger.queries.ledger_rows import sources
from trust.ledger.services.ledger import seal, waiting_rows
from trust.models import Decision, LedgerBatch
from trust.verdicts.services.judging import judge_product

ANSWER = '{"decision_id":"1","product":"orders","is_production_grade":false}'


def make_decision(
    product: DataProduct | None = None, *, minutes_ago: int = 60, subject: str = "ada", answer: str = ANSWER
) -> int:
    """A decision as the log holds it. Returns its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO trust_decision (asked_at, channel, consumer_id, subject, asker, product_id, product_slug, decision,
                production_grade, verdict, score, valid_until, request_id, latency_us, answer)
            VALUES (statement_timestamp() - make_interval(mins => %s), 'trust', NULL, %s, %s, %s, %s, false,
                false, 'unknown', 59.9, statement_timestamp() + interval '1 hour', 'test', 1234, %s)
            RETURNING id
            """,
            [
                minutes_ago,
                subject,
                subject,
                product.pk if product else None,
                product.slug if product else "orders",
                answer,
            ],
        )
        row: tuple[int] = cursor.fetchone()
    return row[0]


def seal_now(*, largest_batch: int = 50_000, is_patient: bool = True) -> list[LedgerBatch]:
    """Seal everything, also the history of the moment. Returns the new batches.

    is_patient: seal again as long as rows are left, since the server may be analysing a table of which it then gives no lock.
    """
    numbers = list(seal(largest_batch=largest_batch, quiet=timedelta(0)))
    deadline = monotonic() + 20
    while is_patient and monotonic() < deadline and waiting_rows(LedgerBatch.objects.order_by("-number").first()):
        numbers += seal(largest_batch=largest_batch, quiet=timedelta(0))
    return list(LedgerBatch.objects.filter(number__in=numbers).order_by("number"))


def make_sealed_rows() -> DataProduct:
    """Three batches: one with the history of a product, a verdict and four decisions, two with four decisions more each.

    In a test's transaction the sealed tables are locked first, for as long as it takes: an ANALYZE of the server that comes
    between would have a table sealed later, in a batch more.
    """
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            tables = ", ".join(f"ONLY {connection.ops.quote_name(source.table)}" for source in sources())
            cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
    product = make_governed_product("orders")
    judge_product(product_id=product.pk, now=NOW, cause="test")
    for _ in range(3):
        for _ in range(4):
            make_decision(product)
        seal_now()
    return product


def nth_decision(position: int) -> int:
    """The id of a decision by its position in the order of asking, from 0."""
    return int(Decision.objects.order_by("id").values_list("id", flat=True)[position])


def tamper(table: str, statement: str, parameters: tuple[int | str | bytes, ...] = ()) -> None:
    """Run a statement on a table as somebody who may switch its triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        assert cursor.rowcount == 1, "the attack must change exactly one row"
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
