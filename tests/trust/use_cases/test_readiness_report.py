"""The page of the readiness report, and the panel: what they say, to whom, and that text from outside stays text."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from catalog.models import Person, UseCase
from catalog.rules.vocabulary import Lifecycle, UseCaseStage
from tests.factories import make_consumer, make_owner, make_product, make_use_case, measure_claims
from tests.trust.desk.test_pages import Outline
from tests.trust.stages import put_at
from tests.trust.use_cases.rules.factories import NOW, POLICY, make_case, person
from tests.trust.use_cases.rules.factories import make_product as product_facts
from trust.use_cases.pages.readiness import actors_of, next_stage, panel_of
from trust.use_cases.rules.readiness.assess import assess
from trust.vocabulary import ReadinessQuestion, VerdictStatus

PAGE = "/use-cases/delays/report"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def owner(db: None) -> Person:
    return make_owner("olga")


@pytest.fixture
def delays(owner: Person) -> UseCase:
    return make_use_case(
        "delays",
        business_owner=owner,
        products=[make_product("flights", owner=make_owner("sven"), lifecycle=Lifecycle.PUBLISHED)],
        consumers=[make_consumer("agent", owner=make_owner("otto"))],
        measures=[measure_claims(owner="olga", better="at_most", unit="minutes")],
        is_acknowledged=True,
        now=timezone.now() - timedelta(hours=2),
        decision=f"Whether to call another crew {SCRIPT}.",
    )


def shown(person: Person | None, path: str = PAGE, status: int = 200) -> str:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    response = client.get(path)
    assert response.status_code == status, response.content
    return str(response.content.decode())


# The page


def test_the_page_says_where_it_stands_what_blocks_who_must_act_and_how_to_verify(
    owner: Person, delays: UseCase, signing_key: str
) -> None:
    html = shown(owner)
    for said in (
        "Not ready",
        "5 of 5 gaps are open",
        "What blocks the stage approved",
        "The product flights is not production-grade",
        "Fix what keeps flights from being production-grade.",
        "Measures against target",
        "at most 15",
        "No override and no waiver.",
        signing_key,
        "/.well-known/jwks.json",
        "Data trust",
        "1 of 4 yes",
    ):
        assert said in html, said


def test_the_page_needs_no_script_and_nothing_from_elsewhere(owner: Person, delays: UseCase) -> None:
    outline = Outline(shown(owner))
    assert (outline.refused, outline.outside) == ([], [])
    assert "&lt;script&gt;" in shown(owner)


def test_a_page_without_a_key_says_that_it_is_not_signed(owner: Person, delays: UseCase) -> None:
    assert "Not signed" in shown(owner)


def test_an_override_in_force_is_on_the_page(owner: Person, delays: UseCase) -> None:
    now = timezone.now()
    put_at(delays, UseCaseStage.PILOT, now=now - timedelta(hours=1))
    ends = now + timedelta(days=5)
    put_at(delays, UseCaseStage.APPROVED, now=now, is_override=True, reason="Winter starts.", override_expires_at=ends)
    html = shown(owner)
    assert "Stage approved without being ready" in html
    assert "<b>without being ready</b>, until" in html
    assert "Winter starts." in html
    assert "What blocks the stage production" in html


@pytest.mark.parametrize("is_public", [True, False])
def test_whoever_is_not_signed_in_is_sent_to_the_login(
    delays: UseCase, monkeypatch: pytest.MonkeyPatch, is_public: bool
) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "public_home", is_public)
    assert "Delays" not in shown(None, status=302)


def test_who_may_not_see_the_use_case_gets_the_404_of_one_that_does_not_exist(delays: UseCase) -> None:
    stranger = make_owner("petra")
    assert shown(stranger, status=404) == shown(stranger, "/use-cases/nothing/report", status=404)


@pytest.mark.parametrize(
    ("as_of", "status", "said"),
    [
        ("2020-01-01T00:00:00Z", 404, "had not been assessed yet"),
        ("2999-01-01T00:00:00Z", 400, "is in the future"),
        ("yesterday", 400, "no moment with an offset"),
        ("2026-11-22T12:00:00", 400, "no moment with an offset"),
    ],
)
def test_a_moment_that_cannot_be_asked_about_is_refused(
    owner: Person, delays: UseCase, as_of: str, status: int, said: str
) -> None:
    assert said in shown(owner, f"{PAGE}?as_of={as_of}", status=status)


def test_a_past_moment_is_marked_as_such(owner: Person, delays: UseCase) -> None:
    shown(owner)
    at = timezone.now().isoformat()
    assert "Readiness report about the past" in shown(owner, f"{PAGE}?as_of={at}")


# The panel


def rendered(**changes: Any) -> str:
    panel = panel_of(assess(make_case(**changes), POLICY, NOW))
    return render_to_string("touchstone/parts/readiness_panel.html", {"panel": panel})


def test_the_panel_shows_each_gap_with_a_word_and_its_count_and_what_blocks() -> None:
    html = rendered(outputs_owner=None, uses=0)
    assert html.count("<li class") == 5 + 1  # the missing use keeps it from production only
    assert "4 of 5 yes" not in html.split("Accountability")[0].split("Ownership")[0]
    assert "The owner of the outputs is not named." in html
    assert "What keeps it from approved" in html


def test_the_panel_of_a_ready_use_case_says_that_nothing_is_in_the_way() -> None:
    html = rendered()
    assert "All five gaps are closed" in html
    assert "Nothing keeps it from approved." in html
    assert 'href="/use-cases/departure-delays/report"' in html


def test_the_stage_that_comes_next_is_one_that_needs_readiness() -> None:
    assert {stage: next_stage(stage) for stage in UseCaseStage} == {
        UseCaseStage.IDEA: UseCaseStage.APPROVED,
        UseCaseStage.PILOT: UseCaseStage.APPROVED,
        UseCaseStage.APPROVED: UseCaseStage.PRODUCTION,
        UseCaseStage.PRODUCTION: UseCaseStage.PRODUCTION,
        UseCaseStage.RETIRED: None,
    }


def test_whoever_must_act_is_named_once_with_everything_they_can_do() -> None:
    facts = make_case(products=(product_facts(verdict=None, acknowledged_at=None),), outputs_owner=None)
    actors = actors_of(panel_of(assess(facts, POLICY, NOW), {"ana": "Ana Alves"}).gaps)
    ana = next(actor for actor in actors if actor.username == "ana")
    assert (ana.name, ana.titles) == ("Ana Alves", ("owner of the data",))
    assert [task.question for task in ana.tasks] == [
        ReadinessQuestion.PRODUCTION_GRADE_NOW,
        ReadinessQuestion.VALIDATION_RUNS,
        ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED,
    ]
    assert [actor.username for actor in actors] == ["ana", "bea"]


def test_everybody_is_told_their_own_part_and_nobody_that_of_others() -> None:
    owners = {"flights": "aisha", "planes": "tomas", "weather": "aisha", "airports": "maya", "airlines": "daniel"}
    products = tuple(
        product_facts(slug, verdict=VerdictStatus.NOT_PRODUCTION_GRADE, owner=person(owner)) for slug, owner in owners.items()
    )
    panel = panel_of(assess(make_case(products=products), POLICY, NOW))
    now = ReadinessQuestion.PRODUCTION_GRADE_NOW
    told = {actor.username: task.remedy for actor in actors_of(panel.gaps) for task in actor.tasks if task.question is now}
    assert set(told) == set(owners.values())
    for slug, owner in owners.items():
        assert [username for username, remedy in told.items() if slug in remedy] == [owner]
