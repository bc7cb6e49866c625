"""Who did what is only added to, and only while it is done; what was done by one act is never said of another."""

import pghistory
import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import DataProduct
from catalog.services.recording import recorded
from tests.factories import make_owner, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def context() -> str:
    """One that says that ada renamed a product."""
    product = make_product()
    with pghistory.context(actor="ada", action="rename", user=None):
        product.name = "New"
        product.save()
    return str(product.pgh_event_models["insert"].objects.latest("pgh_id").pgh_context_id)  # type: ignore[attr-defined]


def change(statement: str, context: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE pghistory_context SET {statement} WHERE id = %s", [context])
        assert cursor.rowcount == 1


ATTACKS = {
    "emptied": "metadata = '{}'",
    "another actor": """metadata = metadata || '{"actor": "ruth"}'""",
    "no actor": "metadata = metadata - 'actor'",
    "actor of null": """metadata = metadata || '{"actor": null}'""",
    "another action": """metadata = metadata || '{"action": "review_product"}'""",
    "as a list": "metadata = '[]'",
    "an actor in a list": """metadata = metadata || '{"actor": ["ada", "ruth"]}'""",
    "made earlier": "created_at = created_at - interval '1 hour'",
    "never sealed": "updated_at = now() + interval '1 year'",
    "written to earlier": "updated_at = updated_at - interval '1 hour'",
}


@pytest.mark.parametrize("statement", ATTACKS.values(), ids=ATTACKS)
def test_what_is_said_is_never_changed(context: str, statement: str) -> None:
    with pytest.raises(IntegrityError, match="history"):
        change(statement, context)


@pytest.mark.parametrize(
    "statement",
    [
        """metadata = metadata || '{"caller": "agent", "key": 7}'""",
        """metadata = metadata || '{"user": 7}'""",
        """metadata = metadata || '{"reason": "Asked for."}', updated_at = now()""",
    ],
)
def test_what_is_said_can_be_added_to(context: str, statement: str) -> None:
    change(statement, context)
    with pytest.raises(IntegrityError, match="history"):
        change("metadata = '{}'", context)


def test_after_a_quarter_of_an_hour_nothing_is_added(context: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pghistory_context DISABLE TRIGGER USER")
        cursor.execute("UPDATE pghistory_context SET created_at = now() - interval '16 minutes' WHERE id = %s", [context])
        cursor.execute("ALTER TABLE pghistory_context ENABLE TRIGGER USER")
    with pytest.raises(IntegrityError, match="15 minutes"):
        change("""metadata = metadata || '{"caller": "agent"}'""", context)


@pytest.mark.parametrize(("seconds", "holds"), [(30, True), (55, False)])
def test_nothing_is_added_to_what_the_ledger_may_have_sealed(context: str, seconds: int, holds: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pghistory_context DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE pghistory_context SET updated_at = clock_timestamp() - make_interval(secs => %s),"
            " created_at = created_at - interval '5 minutes' WHERE id = %s",
            [seconds, context],
        )
        cursor.execute("ALTER TABLE pghistory_context ENABLE TRIGGER USER")
    added = """metadata = metadata || '{"caller": "agent"}', updated_at = now()"""
    if holds:
        change(added.replace("now()", "clock_timestamp()"), context)
    else:
        with pytest.raises(IntegrityError, match="sealed"):
            change(added.replace("now()", "clock_timestamp()"), context)


def test_two_acts_of_one_request_each_say_who_and_what() -> None:
    product, ada, bert = make_product(), make_owner("ada"), make_owner("bert")
    with pghistory.context(url="/somewhere"):
        for name, actor in (("One", ada), ("Two", bert)):
            with recorded(f"name_{name}", actor, f"Because of {name}."):
                product.name = name
                product.save()
        product.name = "Three"
        product.save()
    events = DataProduct.pgh_event_models["insert"].objects.order_by("-pgh_id")[:3]  # type: ignore[attr-defined]
    said = [event.pgh_context.metadata for event in events]
    assert said == [
        {"url": "/somewhere"},
        {"url": "/somewhere", "action": "name_Two", "actor": "bert", "reason": "Because of Two."},
        {"url": "/somewhere", "action": "name_One", "actor": "ada", "reason": "Because of One."},
    ]
