"""What takes a key's power reaches the key's own row, whoever does it: the database sees to it, raw SQL included."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from catalog.models import ApiKey, Consumer, Person
from catalog.rules.consumers import ConsumerClaims, ConsumerDetails
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import ConsumerKind
from catalog.services.api_keys import create_key_of
from catalog.services.consumers import register_consumer, suspend_consumer
from tests.factories import make_owner


def make_agent(owner: Person, slug: str = "scout") -> Consumer:
    claims = ConsumerClaims(slug=slug, kind=ConsumerKind.AI_AGENT, details=ConsumerDetails(name=slug))
    return register_consumer(claims=claims, actor=owner)


def make_key(consumer: Consumer) -> ApiKey:
    return create_key_of(consumer=consumer, actor=None, name="k", scopes=["decide"], now=timezone.now())[0]


def run(statement: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def is_blocked(key: ApiKey) -> bool:
    return ApiKey.objects.values_list("is_blocked", flat=True).get(pk=key.pk)


@pytest.mark.django_db
def test_raw_sql_that_suspends_retires_or_reactivates_reaches_the_keys() -> None:
    key = make_key(make_agent(make_owner()))
    for status, blocked in (("suspended", True), ("active", False), ("retired", True)):
        run("UPDATE catalog_consumer SET status = %s WHERE slug = 'scout'", status)
        assert is_blocked(key) is blocked


@pytest.mark.django_db
def test_raw_sql_that_closes_an_account_or_changes_the_owner_reaches_the_keys() -> None:
    owner, other = make_owner(), make_owner()
    key, own = make_key(make_agent(owner)), make_key(make_agent(other, "other"))
    run("UPDATE catalog_person SET is_active = false WHERE id = %s", owner.pk)
    assert (is_blocked(key), is_blocked(own)) == (True, False)
    run("UPDATE catalog_consumer SET owner_id = %s WHERE slug = 'scout'", other.pk)
    assert not is_blocked(key)
    run("UPDATE catalog_consumer SET owner_id = %s WHERE slug = 'scout'", owner.pk)
    assert is_blocked(key)
    run("UPDATE catalog_consumer SET status = 'suspended' WHERE slug = 'scout'")
    run("UPDATE catalog_person SET is_active = true WHERE id = %s", owner.pk)
    assert is_blocked(key), "one reason is gone, the other stays"


@pytest.mark.django_db
def test_a_key_that_is_moved_or_made_by_raw_sql_is_as_its_consumer_is() -> None:
    owner = make_owner()
    key, suspended = make_key(make_agent(owner)), make_agent(owner, "idle")
    suspend_consumer(consumer=suspended, actor=None)
    run("UPDATE catalog_apikey SET consumer_id = %s WHERE id = %s", suspended.pk, key.pk)
    assert is_blocked(key)
    with pytest.raises(ConflictError, match="suspended"):
        make_key(suspended)
    made = ApiKey.objects.create(consumer=suspended, name="raw", prefix="raw", digest="0" * 64, scopes=["decide"])
    assert is_blocked(made)


@pytest.mark.django_db
def test_the_database_gives_no_machine_the_scope_admin() -> None:
    key = make_key(make_agent(make_owner()))
    with pytest.raises(IntegrityError, match="scopes admin"), transaction.atomic():
        run("UPDATE catalog_apikey SET scopes = '{admin}' WHERE id = %s", key.pk)


def while_open(deed: Callable[[], object], meanwhile: Callable[[], object]) -> None:
    """Do `deed` in a transaction of its own and keep that open until `meanwhile`, in another, waits for it or is done."""
    done, waiting = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                deed()
                done.set()
                waiting.wait(0.5)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        done.wait(5)
        with transaction.atomic():
            meanwhile()
        waiting.set()
    finally:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_key_made_while_its_consumer_is_being_suspended_is_blocked() -> None:
    agent = make_agent(make_owner())
    while_open(
        lambda: run("UPDATE catalog_consumer SET status = 'suspended' WHERE id = %s", agent.pk),
        lambda: ApiKey.objects.create(consumer=agent, name="raw", prefix="raw", digest="0" * 64, scopes=["decide"]),
    )
    assert ApiKey.objects.get(prefix="raw").is_blocked


@pytest.mark.django_db(transaction=True)
def test_a_consumer_suspended_while_a_key_is_being_made_blocks_it() -> None:
    agent = make_agent(make_owner())
    while_open(
        lambda: ApiKey.objects.create(consumer=agent, name="raw", prefix="raw", digest="0" * 64, scopes=["decide"]),
        lambda: run("UPDATE catalog_consumer SET status = 'suspended' WHERE id = %s", agent.pk),
    )
    assert ApiKey.objects.get(prefix="raw").is_blocked


@pytest.mark.django_db(transaction=True)
def test_a_consumer_handed_to_somebody_whose_account_is_being_closed_is_blocked() -> None:
    owner, leaving = make_owner(), make_owner()
    key = make_key(make_agent(owner))
    while_open(
        lambda: run("UPDATE catalog_person SET is_active = false WHERE id = %s", leaving.pk),
        lambda: run("UPDATE catalog_consumer SET owner_id = %s WHERE slug = 'scout'", leaving.pk),
    )
    assert is_blocked(key)
