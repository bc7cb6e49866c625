"""The log of answers and recalls in the admin: read by those whom it concerns, never counted, never changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_product
from tests.trust.builders import run_well
from tests.trust.logged import log_decision, make_agent
from trust.models import Decision, Recall, RecalledConsumer
from trust.services.recall_notices import carry_out_recalls


def listed(visitor: Visitor, **query: str) -> str:
    return visitor.sees("trust_decision_changelist", **query)


def test_each_role_reads_the_answers_that_concern_it(cast: Cast, world: World) -> None:
    log_decision(world.product, make_agent("about-sales"))
    log_decision(make_product(), make_agent("of-otto", owner=cast.other.person))
    for visitor, sees_sales, sees_other in (
        (cast.owner, True, False),
        (cast.steward, True, False),
        (cast.other, False, True),
        (cast.governance, True, True),
        (cast.auditor, True, True),
        (cast.superuser, True, True),
    ):
        html = listed(visitor)
        assert ("about-sales" in html, "of-otto" in html) == (sees_sales, sees_other), visitor.person
    assert cast.stranger.get("trust_decision_changelist").status_code == 403


def test_a_decision_leads_to_the_verdict_and_shows_what_was_said(cast: Cast, world: World) -> None:
    row = log_decision(
        world.product, make_agent("agent"), decision=False, verdict_row=world.verdict, answer='{"said": "<b>this</b>"}'
    )
    html = cast.auditor.sees("trust_decision_change", row.pk)
    assert f"/admin/trust/verdict/{world.verdict.pk}/change/" in html
    assert "&lt;b&gt;this&lt;/b&gt;" in html
    assert "critical_check_failed" in html
    assert cast.other.get("trust_decision_change", row.pk).status_code == 302


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"decision": "yes"}, {"good"}),
        ({"decision": "no"}, {"bad", "old"}),
        ({"purpose": "ai.training"}, {"bad"}),
        ({"asked": "week"}, {"good", "bad"}),
        ({"channel": "evaluation"}, {"bad"}),
        ({"q": "bad"}, {"bad"}),
        ({"q": "sales"}, {"good", "bad", "old"}),
        ({"q": "nothing"}, set()),
    ],
)
def test_filters_and_search_narrow_the_list(cast: Cast, world: World, query: dict[str, str], found: set[str]) -> None:
    log_decision(world.product, make_agent("good"))
    log_decision(world.product, make_agent("bad"), decision=False, purpose="ai.training", channel="evaluation")
    log_decision(world.product, make_agent("old"), timezone.now() - timedelta(days=20), decision=False)
    html = listed(cast.governance, **query)
    assert {name for name in ("good", "bad", "old") if f">{name}<" in html.replace("\n", "")} == found


def test_a_decision_is_found_by_its_id(cast: Cast, world: World) -> None:
    row = log_decision(world.product, make_agent("wanted"))
    log_decision(world.product, make_agent("unwanted"))
    html = listed(cast.governance, q=str(row.pk))
    assert "wanted" in html
    assert "unwanted" not in html


@pytest.mark.parametrize("role", ["owner", "governance"])
def test_the_log_is_never_counted_and_costs_a_fixed_number_of_queries(cast: Cast, world: World, role: str) -> None:
    def queries(name: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            getattr(cast, role).sees(name)
        return [query["sql"] for query in captured]

    pages = ("trust_decision_changelist", "trust_recall_changelist")
    few = {page: len(queries(page)) for page in pages}
    agent = make_agent()
    for number in range(4):
        log_decision(world.product, agent)
        recall = Recall.objects.create(
            product=world.product, status="damped", fallen_at=NOW, changed_at=NOW, fallen_verdict=world.verdict, closed_at=NOW
        )
        RecalledConsumer.objects.create(recall=recall, consumer=agent, decision_ids=[number], decision_count=1)
    for page in pages:
        many = queries(page)
        assert len(many) == few[page]
        assert not [sql for sql in many if "COUNT(*)" in sql and "trust_" in sql]


def test_nobody_changes_the_log(cast: Cast, world: World) -> None:
    row = log_decision(world.product, make_agent())
    for visitor in (cast.owner, cast.governance, cast.superuser):
        assert visitor.get("trust_decision_add").status_code == 403
        assert visitor.post("trust_decision_change", row.pk, decision="").status_code == 403
        assert visitor.post("trust_decision_delete", row.pk, post="yes").status_code == 403
    assert Decision.objects.get(pk=row.pk).decision is True


def test_a_recall_names_whom_it_concerns(cast: Cast, world: World) -> None:
    run_well(world.port, NOW + timedelta(minutes=10))
    row = log_decision(world.product, make_agent("agent"), NOW + timedelta(minutes=11))
    run_well(world.port, NOW + timedelta(minutes=20), failed=1)
    carry_out_recalls(now=NOW + timedelta(minutes=30))
    recall = Recall.objects.get()
    for visitor in (cast.owner, cast.auditor, cast.governance):
        html = visitor.sees("trust_recall_change", recall.pk)
        assert "agent" in html
        assert str(row.pk) in html
    assert "sent" in cast.owner.sees("trust_recall_changelist")
    assert cast.other.get("trust_recall_change", recall.pk).status_code == 302
