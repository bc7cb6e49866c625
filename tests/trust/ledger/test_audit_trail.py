"""The history of the claims as one stream: nothing missing, nothing twice, and an index behind every table of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Consumer, DataProduct
from catalog.services.recording import recorded
from tests.factories import make_governed_product, make_owner, make_product
from tests.trust.logged import make_agent
from trust.ledger.queries.audit_trail import TrailFilter, TrailPosition, every_change, find_changes, kinds

pytestmark = pytest.mark.django_db


def test_every_table_of_the_history_takes_part_and_has_an_index_by_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
            " WHERE a.attname = 'pgh_created_at' AND c.relnamespace = 'public'::regnamespace"
        )
        tables = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT tablename, indexname FROM pg_indexes WHERE indexname LIKE '%\\_by\\_time'")
        assert dict(cursor.fetchall()) == {table: f"{table[:54]}_by_time" for table in tables}
    assert set(kinds()) == tables


def test_every_kind_belongs_to_somebody_or_is_for_governance_alone() -> None:
    alone = {kind.name for kind in kinds().values() if not kind.ways}
    assert alone <= {"catalog.domain", "catalog.purpose", "trust.trustpolicyversion"}


def test_pages_go_through_all_changes_once_newest_first_also_those_of_the_same_moment() -> None:
    make_governed_product("orders")  # many rows of one transaction, in several tables
    make_product("sales")
    whole, place = find_changes(TrailFilter(), size=1000)
    assert place is None
    keys = [TrailPosition(change.event.pgh_created_at, change.kind.table, change.event.pgh_id) for change in whole]
    assert len(keys) == len(set(keys)) > 10
    assert [key.at for key in keys] == sorted((key.at for key in keys), reverse=True)
    paged = list(every_change(TrailFilter(), at_once=3))
    assert [(change.kind.table, change.event.pgh_id) for change in paged] == [(key.table, key.id) for key in keys]


def test_a_change_knows_the_row_before_it_of_the_same_object() -> None:
    agent = make_agent("agent")
    other = make_agent("other")
    for name in ("one", "two"):
        agent.name = name
        agent.save()
        other.name = name
        other.save()
    changes, _ = find_changes(TrailFilter(objects={Consumer: (agent.pk,)}), size=10)
    assert [(c.before.name if c.before else None, c.event.name) for c in changes] == [
        ("one", "two"),
        ("agent", "one"),
        (None, "agent"),
    ]


def test_it_is_narrowed_by_kind_object_person_and_time() -> None:
    owner = make_owner("olga")
    product = make_governed_product("orders")
    with recorded("try", owner):
        DataProduct.objects.filter(pk=product.pk).update(name="New")
    change = find_changes(TrailFilter(actors=("olga",), person=owner.pk), size=5)[0]
    assert [c.event.name for c in change] == ["New"]
    assert {c.kind.name for c in find_changes(TrailFilter(kinds=frozenset({"catalog.domain"})), size=50)[0]} == {
        "catalog.domain"
    }
    belongs = {c.kind.name for c in find_changes(TrailFilter(objects={DataProduct: (product.pk,)}), size=50)[0]}
    assert {"catalog.dataproduct", "catalog.accesspolicy"} <= belongs
    assert "catalog.domain" not in belongs
    moment = change[0].event.pgh_created_at
    assert find_changes(TrailFilter(since=moment + timedelta(seconds=1)), size=5) == ([], None)
    assert find_changes(TrailFilter(until=moment - timedelta(days=1)), size=5) == ([], None)
    assert find_changes(TrailFilter(kinds=frozenset({"nothing.such"})), size=5) == ([], None)
    assert find_changes(TrailFilter(objects={}), size=5) == ([], None)


def test_a_page_costs_the_same_however_long_the_history_is() -> None:
    agent = make_agent("agent")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            find_changes(TrailFilter(kinds=frozenset({"catalog.consumer"})), size=3)
        return len(captured)

    for name in range(4):
        agent.name = str(name)
        agent.save()
    few = cost()
    for name in range(40):
        agent.name = f"later {name}"
        agent.save()
    assert cost() == few
