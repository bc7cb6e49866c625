"""The log of answers and recalls in the admin: read by those whom it concerns, never counted, never changed."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_product
from tests.trust.builders import run_well
from tests.trust.logged import log_decision, make_agent
from trust.decisions.admin.decisions import DecisionAdmin
from trust.decisions.queries import decision_pages
from trust.decisions.services.recall_notices import carry_out_recalls
from trust.models import Decision, Recall, RecalledConsumer


def listed(visitor: Visitor, **query: str) -> str:
    return visitor.sees("trust_decision_changelist", **query)


OLD = NOW - timedelta(days=20)


def found(html: str, pattern: str) -> str:
    match = re.search(f'href="({pattern})', html)
    assert match, pattern
    return match[1]


def link(html: str, words: str) -> str | None:
    """The address behind a link of these words; None where there is none."""
    match = re.search(rf'<a href="([^"]*)"[^>]*>{words}</a>', html)
    return unescape(match[1]) if match else None


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
        ({"consumer": "bad"}, {"bad"}),
        ({"consumer": "nobody"}, set()),
        ({"product": "sales", "decision": "yes"}, {"good"}),
        ({"product": "sales", "consumer": "old", "purpose": "analytics"}, {"old"}),
        ({"use_case": "delays"}, {"old"}),
        ({"use_case": "delays", "decision": "yes"}, set()),
        ({"asked_from": f"{NOW:%Y-%m-%d}"}, {"good", "bad"}),
        ({"asked_to": f"{NOW - timedelta(days=1):%Y-%m-%d}"}, {"old"}),
        ({"asked_from": f"{OLD:%Y-%m-%d}", "asked_to": f"{OLD:%Y-%m-%d}"}, {"old"}),
        ({"asked_from": "the day before"}, set()),
        ({"decision": "perhaps"}, set()),
        ({"channel": "pigeon"}, set()),
    ],
)
def test_filters_and_search_narrow_the_list(cast: Cast, world: World, query: dict[str, str], found: set[str]) -> None:
    log_decision(world.product, make_agent("good"))
    log_decision(world.product, make_agent("bad"), decision=False, purpose="ai.training", channel="evaluation")
    log_decision(world.product, make_agent("old"), OLD, decision=False, use_case="delays")
    html = listed(cast.governance, **query)
    assert {name for name in ("good", "bad", "old") if f">{name}<" in html.replace("\n", "")} == found


def names_on(html: str) -> list[str]:
    return re.findall(r"answer-\d\d", html)


def test_older_and_newer_lead_through_the_whole_log_and_back_without_missing_an_answer(
    cast: Cast, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DecisionAdmin, "list_per_page", 3)
    for number in range(8):  # two of each moment: the id settles their order
        log_decision(world.product, make_agent(f"answer-{number:02}"), NOW + timedelta(minutes=number // 2))
    address: str | None = ""
    seen: list[str] = []
    pages = []
    while address is not None:
        html = str(cast.auditor.client.get(f"/admin/trust/decision/{address}").content.decode())
        pages.append(names_on(html))
        seen += pages[-1]
        address = link(html, "Older")
    assert seen == [f"answer-{number:02}" for number in range(7, -1, -1)]
    back = link(html, "Newer")
    assert back is not None
    assert names_on(str(cast.auditor.client.get(f"/admin/trust/decision/{back}").content.decode())) == pages[1]


def test_a_page_looks_at_so_many_answers_and_says_how_far_that_was(
    cast: Cast, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DecisionAdmin, "list_per_page", 2)
    monkeypatch.setattr(decision_pages, "LOOKED_AT", 4)
    log_decision(world.product, make_agent("answer-00"), NOW - timedelta(days=9), decision=False)
    for minutes in range(6):
        log_decision(world.product, make_agent(), NOW + timedelta(minutes=minutes))
    html = listed(cast.auditor, decision="no")
    assert "None found so far: this page looked back to" in html
    html = str(cast.auditor.client.get(f"/admin/trust/decision/{link(html, 'Search older entries')}").content.decode())
    assert names_on(html) == ["answer-00"]


@pytest.mark.parametrize("place", ["older=soon", "older=1-", "newer=99999999999999999999-1", "older=1-2-3"])
def test_a_place_that_cannot_be_read_begins_at_the_newest(cast: Cast, world: World, place: str) -> None:
    log_decision(world.product, make_agent("answer-00"))
    assert "answer-00" in str(cast.auditor.client.get(f"/admin/trust/decision/?{place}").content.decode())


@pytest.mark.parametrize("query", [{"purpose": "analytics"}, {"q": "sales"}, {"product": "sales"}, {"consumer": "of-otto"}])
def test_no_filter_leads_beyond_what_a_person_may_see(cast: Cast, world: World, query: dict[str, str]) -> None:
    log_decision(make_product(), make_agent("of-otto", owner=cast.other.person))
    log_decision(world.product, make_agent("about-sales"))
    html = listed(cast.steward, **query)
    assert ("about-sales" in html) == (query != {"consumer": "of-otto"})
    assert '"of-otto"' not in html.replace('value="of-otto"', "")
    assert ">of-otto<" not in html


def test_from_a_decision_to_its_verdict_its_evidence_and_the_check_results_are_two_clicks(cast: Cast, world: World) -> None:
    log_decision(
        world.product, make_agent(), verdict_row=world.verdict, decision=False, basis={"evidence": [str(world.run.pk)]}
    )
    decision = cast.auditor.sees("trust_decision_change", Decision.objects.get().pk)
    verdict = cast.auditor.client.get(found(decision, r"/admin/trust/verdict/\d+/change/")).content.decode()
    assert "Evidence that it rests on" in verdict
    assert "1 of 5 checks did not pass" in verdict
    run = cast.auditor.client.get(found(verdict, r"/admin/trust/run/[-0-9a-f]+/change/")).content.decode()
    assert run.count('role="rowheader"') == 5
    assert found(decision, r"/admin/trust/run/[-0-9a-f]+/change/") == f"/admin/trust/run/{world.run.pk}/change/"


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
    agent = make_agent()
    log_decision(world.product, agent)
    few = {page: len(queries(page)) for page in pages}
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
