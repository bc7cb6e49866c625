"""Every command, task and page with 70,000 data products: more than the 65,535 parameters that PostgreSQL takes.

No statement may bring more than `MOST_ROWS` rows into the process at once. The products are made once for the
whole module; what a test does to them is taken back.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.test import Client, TransactionTestCase
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from api.schema import operations_of
from catalog.models import DataProduct, Notification, Person
from catalog.rules.scopes import Scope
from config.celery import app
from tests.api.callers import Caller
from tests.factories import NOW, make_governance, make_governed_product, make_person
from tests.trust.builders import make_ready_port, run_well
from tests.trust.nets import connect, copies_of
from trust import tasks
from trust.models import CurrentVerdict, Run

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PRODUCTS = 70_000
MOST_ROWS = 5_000
SOURCE = "wide"
YEAR = timedelta(days=366)


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Copies of one product: each with a schedule that is due and a verdict; half of them have to be judged again."""
    with django_db_blocker.unblock():
        head = make_governed_product("head")
        run_well(make_ready_port(head, "head"), NOW)
        product = make_governed_product(SOURCE)
        connect([(product.pk, head.pk)])
        run_well(make_ready_port(product, schedule="PT1M"), NOW - timedelta(hours=1))
        ids = copies_of(product, PRODUCTS)
        connect([(copy, head.pk) for copy in ids])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE trust_currentverdict SET invalidated = true WHERE product_id = ANY(%s)", [ids[::2]])
        connection.close()
    yield
    with django_db_blocker.unblock():
        TransactionTestCase._fixture_teardown(None)  # type: ignore[attr-defined]  # see tests/baseline.py
        connection.close()


@pytest.fixture(autouse=True)
def no_statement_returns_too_much(many: None, db: None) -> Iterator[None]:
    """Server-side cursors do not count: they hand over their rows in pieces."""

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        cursor = context["cursor"].cursor
        is_read = not many and cursor.description is not None
        assert not is_read or cursor.rowcount <= MOST_ROWS, f"{cursor.rowcount} rows at once by {sql[:300]}"
        return result

    with connection.execute_wrapper(look):
        yield


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that work for a given time stop after a moment: that they go on at the next call is tested elsewhere."""
    monkeypatch.setattr("trust.tasks.SEALING_SECONDS", 2.0)
    monkeypatch.setattr("trust.tasks.ASSESSING_SECONDS", 2.0)
    monkeypatch.setattr("trust.tasks.JUDGING_SECONDS", 2.0)
    monkeypatch.setattr("trust.messages.enqueue", list)
    monkeypatch.setattr("trust.evidence.services.suites.MOST_AT_ONCE", 200)


def root() -> Person:
    person = make_person("root", is_staff=True)
    person.is_superuser = True
    person.save()
    return person


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_each_task_of_beat_does_its_part_and_ends(entry: str, short_turns: None) -> None:
    task = app.tasks[app.conf.beat_schedule[entry]["task"]]
    task()


def test_schedules_that_are_due_are_queued_in_pieces(short_turns: None) -> None:
    tasks.queue_due_runs()
    first = Run.objects.filter(status="queued").count()
    tasks.queue_due_runs()
    assert 0 < first < Run.objects.filter(status="queued").count()


def test_the_backlog_of_verdicts_is_worked_off_in_pieces(short_turns: None) -> None:
    stale = CurrentVerdict.objects.filter(invalidated=True).count()
    tasks.judge_stale()
    assert PRODUCTS // 4 < CurrentVerdict.objects.filter(invalidated=True).count() < stale


def test_reminders_are_given_in_pieces_until_all_are_given(short_turns: None) -> None:
    with connection.cursor() as cursor:  # past the triggers, which would write history and mark every verdict
        cursor.execute("ALTER TABLE catalog_dataproduct DISABLE TRIGGER USER")
        cursor.execute("UPDATE catalog_dataproduct SET acknowledged_at = %s, reviewed_at = %s", [NOW - YEAR, NOW - 2 * YEAR])
        cursor.execute("ALTER TABLE catalog_dataproduct ENABLE TRIGGER USER")
    make_governance("gina")
    tasks.look_after_products()
    first = Notification.objects.count()
    tasks.look_after_products()
    assert 0 < first < Notification.objects.count()


@pytest.mark.parametrize(
    "words",
    [
        ["show_verdicts"],
        ["show_verdicts", "--json"],
        ["show_readiness"],
        ["judge", SOURCE],
        ["ledger", "status"],
        ["signing_key", "--ensure"],
        ["create_demo_key"],
        ["run_suite", SOURCE],
        ["acknowledge", SOURCE, "--as", "OWNER"],
        ["review", SOURCE, "--as", "gina"],
        ["check"],
        ["check", "--database", "default"],
        ["create_api_key", "OWNER", "--name", "k"],
    ],
    ids=" ".join,
)
def test_each_command_ends(words: list[str], capsys: pytest.CaptureFixture[str], short_turns: None) -> None:
    make_governance("gina")
    owner = DataProduct.objects.get(slug=SOURCE).owner.username
    call_command(*[owner if word == "OWNER" else word for word in words])
    assert len(capsys.readouterr().out) < 100_000


def test_the_verdicts_are_shown_up_to_a_limit_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("show_verdicts", "--limit", "7")
    told = capsys.readouterr().out
    assert told.count("\n") < 12
    assert f"{DataProduct.objects.count() - 7:,} more" in told


def test_all_products_are_judged_by_one_command_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    row, pieces = CurrentVerdict.objects.all()[0], list[int]()
    monkeypatch.setattr("trust.management.commands.judge.ensure_current", lambda ids, _: pieces.append(len(ids)))
    monkeypatch.setattr("trust.management.commands.judge.judge_product", lambda **_: row)
    told = StringIO()
    call_command("judge", stdout=told)
    assert sum(pieces) == DataProduct.objects.count() == told.getvalue().count("\n")
    assert max(pieces) <= 500


import_module("config.urls")  # which loads the admin
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_each_list_of_the_admin_opens(model: Any) -> None:
    client = Client()
    client.force_login(root())
    page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert page.status_code == 200
    assert len(page.content) < 2_000_000


@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/audit/", f"/products/{SOURCE}", "/api/v1/products?q=wide"])
def test_each_page_opens(path: str) -> None:
    client = Client()
    client.force_login(root())
    page = client.get(path)
    assert page.status_code == 200
    assert len(page.content) < 2_000_000


def test_each_list_of_the_api_answers_with_a_page() -> None:
    caller = Caller(root(), tuple(Scope))
    document = json.loads(Client().get("/api/schema").content)
    paths = [path for path, item in document["paths"].items() if "get" in item and "{" not in path]
    paths += ["/api/v1/products/wide/trust?detail=full", "/api/v1/products/wide/verdicts", "/api/v1/products/wide/ports"]
    assert len(paths) > 20
    assert [path for path in paths if caller.get(path).status_code != 200] == []
    assert list(operations_of(document))


def test_a_search_for_what_may_be_used_answers_with_a_page() -> None:
    caller = Caller(root(), tuple(Scope))
    asked = {
        "subject": {"type": "consumer", "id": "root"},
        "action": {"name": "consume", "properties": {"purpose": "analytics"}},
        "resource": {"type": "data_product"},
    }
    assert caller.post("/access/v1/search/resource", json.dumps(asked)).status_code == 200


def test_a_change_at_the_head_of_all_of_them_is_written_in_one_transaction() -> None:
    DataProduct.objects.filter(slug="head").update(purpose="")
    assert CurrentVerdict.objects.filter(invalidated=False, product__slug__startswith=SOURCE).count() == 0
