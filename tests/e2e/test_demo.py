"""The demo through real workers: every number that plain SQL finds in its files, and the verdicts that rightly follow."""

import json
import os
import re
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from catalog.models import Agreement, Consumer, Person
from catalog.rules.scopes import Scope
from catalog.services.agreements import approve_agreement
from catalog.services.api_keys import create_key
from runtime.caller import NO, YES, question_about
from runtime.embedded import EmbeddedValkey
from tests.e2e.conftest import ROOT, Stage, database_url
from tests.e2e.demo_findings import DATA, FINDINGS, Finding
from trust.models import CheckResult, CurrentVerdict, Run
from trust.verdicts.rules.codec import load_outcome
from trust.vocabulary import GateName, GateStatus, RunStatus, VerdictStatus

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

README = (ROOT / "README.md").read_text(encoding="utf-8")
GOOD, BAD, UNKNOWN = VerdictStatus.PRODUCTION_GRADE, VerdictStatus.NOT_PRODUCTION_GRADE, VerdictStatus.UNKNOWN


@dataclass(frozen=True)
class JudgedDemo:
    """What `show_verdicts --json` said before and after somebody asked for the first run of the holidays.

    readiness: what `show_readiness --json` said after that, before anybody asked or reported anything.
    """

    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    readiness: list[dict[str, Any]]


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    private_valkey: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[JudgedDemo]:
    """The demo as `bin/up` loads it, judged by a worker of its own, once for all tests of this module."""
    with django_db_blocker.unblock():
        urls = {"DATABASE_URL": database_url(), "REDIS_URL": private_valkey.url, "TOUCHSTONE_DATA_ROOTS": str(DATA)}
        connection.close()
        stage = Stage({**os.environ, **urls, "TOUCHSTONE_SECRET_KEY": secrets.token_hex(32)}, tmp_path_factory.mktemp("demo"))
        try:
            stage.start_worker(concurrency=2)
            stage.manage("load_demo")
            before = verdicts(stage)
            stage.manage("run_suite", "nyc-holidays", "--wait", "60")
            after = verdicts(stage)
            yield JudgedDemo(before, after, json.loads(stage.manage("show_readiness", "--json").stdout))
        finally:
            stage.stop_all()
            TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]  # see tests/baseline.py
            connection.close()


def verdicts(stage: Stage) -> dict[str, dict[str, Any]]:
    answer = json.loads(stage.manage("show_verdicts", "--wait", "100", "--json").stdout)
    assert answer["failed_runs"] == []
    return {product["product"]: product for product in answer["products"]}


def result_of(finding: Finding) -> CheckResult:
    """The one check result of the demo's runs that `finding` is about."""
    found = CheckResult.objects.filter(
        run__port__product__slug=f"nyc-{finding.table}", type=finding.type, severity=finding.severity
    )
    matching = [
        result
        for result in found
        if finding.column in {result.kwargs.get("column", ""), ",".join(result.kwargs.get("column_list", []))}
        and all(result.kwargs.get(name) == value for name, value in finding.kwargs)
    ]
    assert len(matching) == 1, [result.kwargs for result in found]
    return matching[0]


def open_gates(slug: str) -> dict[GateName, tuple[GateStatus, str, str]]:
    current = CurrentVerdict.objects.select_related("verdict_row").get(product__slug=slug)
    assert current.verdict_row is not None
    outcome = load_outcome(current.verdict_row.outcome)
    return {gate.gate: (gate.status, gate.code, gate.message) for gate in outcome.open_gates}


@pytest.mark.parametrize("finding", FINDINGS, ids=str)
def test_the_engine_finds_what_plain_sql_finds(demo: JudgedDemo, finding: Finding) -> None:
    result = result_of(finding)
    assert getattr(result, finding.attribute) == finding.count
    assert result.status == finding.status
    if finding.known is not None:
        assert finding.count == finding.known


def test_every_check_was_executed(demo: JudgedDemo) -> None:
    assert not CheckResult.objects.exclude(status__in=["passed", "failed"]).exists()
    assert Run.objects.filter(status=RunStatus.COMPLETED).count() == 6


def test_no_other_check_fails_than_those_that_plain_sql_explains(demo: JudgedDemo) -> None:
    explained = {result_of(finding).pk for finding in FINDINGS if finding.status == "failed"}
    unexplained = CheckResult.objects.filter(status="failed").exclude(pk__in=explained)
    assert [(result.type, result.kwargs) for result in unexplained] == []


@pytest.mark.parametrize(
    ("slug", "verdict", "gates"),
    [
        ("nyc-airlines", GOOD, []),
        ("nyc-airports", BAD, ["critical_checks"]),
        ("nyc-planes", BAD, ["critical_checks"]),
        ("nyc-weather", BAD, ["critical_checks"]),
        ("nyc-flights", BAD, ["critical_checks", "upstream"]),
        ("nyc-holidays", UNKNOWN, ["evidence", "critical_checks", "coverage", "score", "schema"]),
    ],
)
def test_each_product_is_judged_rightly_and_for_the_right_reasons(
    demo: JudgedDemo, slug: str, verdict: VerdictStatus, gates: list[str]
) -> None:
    assert demo.before[slug]["verdict"] == verdict
    assert demo.before[slug]["open_gates"] == gates


def test_the_reasons_name_the_numbers(demo: JudgedDemo) -> None:
    flights = open_gates("nyc-flights")[GateName.CRITICAL_CHECKS][2]
    assert "50,094 of 334,264 rows" in flights
    assert "7,602 of 336,776 rows" in flights
    assert "3,299 of 3,322 rows" in open_gates("nyc-planes")[GateName.CRITICAL_CHECKS][2]
    weather = open_gates("nyc-weather")[GateName.CRITICAL_CHECKS][2]
    assert "6 of 26,115 rows" in weather
    assert "wind_speed" in weather


def test_flights_fall_with_their_inputs_and_the_path_is_named(demo: JudgedDemo) -> None:
    status, code, message = open_gates("nyc-flights")[GateName.UPSTREAM]
    assert (status, code) == (GateStatus.FAILED, "upstream_not_production_grade")
    assert "nyc-flights → nyc-airports" in message
    assert "nyc-flights → nyc-planes" in message
    assert "nyc-airlines" not in message


def test_the_product_that_nobody_ran_is_unknown_until_somebody_does(demo: JudgedDemo) -> None:
    assert demo.before["nyc-holidays"]["verdict"] == UNKNOWN
    assert (demo.after["nyc-holidays"]["verdict"], demo.after["nyc-holidays"]["open_gates"]) == (GOOD, [])


MOVING = {"decision_id", "as_of", "valid_until", "run", "age_seconds", "id", "digest"}  # different each time


def shown_in_the_readme() -> list[tuple[str, str | None, dict[str, Any]]]:
    """Address, body and answer of each request of the README that is followed by its answer."""
    blocks = re.findall(r"^```\n(curl [^\n]+)\n```\n\n```json\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    shown = []
    for line, answer in blocks:
        words = shlex.split(line)
        address = next(word for word in words if word.startswith("http://"))
        body = words[words.index("-d") + 1] if "-d" in words else None
        shown.append((address.partition(":8000")[2], body, json.loads(answer)))
    return shown


def demand_like(shown: Any, told: Any, place: str = "") -> None:
    """The same members and values, apart from what moves; a text that ends with … is the beginning of what was told."""
    if isinstance(shown, dict):
        assert list(shown) == list(told), place
        for name in set(shown) - MOVING:
            demand_like(shown[name], told[name], f"{place}.{name}")
    elif isinstance(shown, list):
        assert len(shown) == len(told), place
        for position, one in enumerate(shown):
            demand_like(one, told[position], f"{place}[{position}]")
    elif isinstance(shown, str) and shown.endswith("…"):
        assert told.startswith(shown.removesuffix("…")), place
    else:
        assert told == shown, place


def test_the_requests_of_the_readme_are_answered_as_it_shows(demo: JudgedDemo, client: Client) -> None:
    agent = Consumer.objects.select_related("owner").get(slug="route-advisor")
    scopes = [Scope.TRUST_READ, Scope.DECIDE]
    _, key = create_key(person=agent.owner, consumer=agent, name="test", scopes=scopes, now=timezone.now())
    headers = {"authorization": f"Bearer {key}"}
    shown = shown_in_the_readme()
    assert [answer["decision"] for _, _, answer in shown] == [False, True, False]
    for address, body, answer in shown:
        if body is None:
            response = client.get(address, headers=headers)
        else:
            response = client.post(address, body, content_type="application/json", headers=headers)
        assert response.status_code == 200
        demand_like(answer, response.json())
    assert [body for _, body, _ in shown if body] == [question_about(YES), question_about(NO)]


def test_the_model_may_not_be_trained_on_the_airlines_until_the_agreement_is_approved(demo: JudgedDemo, client: Client) -> None:
    model = Consumer.objects.select_related("owner").get(slug="delay-model")
    _, key = create_key(person=model.owner, consumer=model, name="test", scopes=[Scope.TRUST_READ], now=timezone.now())

    def ask() -> dict[str, Any]:
        address = "/api/v1/products/nyc-airlines/trust?purpose=ai.training"
        answer: dict[str, Any] = client.get(address, headers={"authorization": f"Bearer {key}"}).json()
        return answer

    before = ask()
    assert (before["decision"], before["is_production_grade"]) == (False, True)
    assert [reason["code"] for reason in before["reasons"]] == ["agreement_required"]
    agreement = Agreement.objects.get(consumer=model)
    approve_agreement(agreement=agreement, actor=agreement.product.owner, now=timezone.now())
    after = ask()
    assert (after["decision"], after["reasons"]) == (True, [])
    assert {duty["type"] for duty in after["obligations"]} == {"name-the-source", "delete_after"}


WITHOUT_A_YES = {
    "production_grade_now": "no",
    "production_grade_share": "unknown",
    "purpose_permitted": "no",
    "agreements_active": "unknown",
    "obligations_confirmed": "unknown",
    "explainability_documented": "no",
    "asked_from_there": "unknown",
    "answered_before_use": "unknown",
    "fallback_followed": "unknown",
    "exceptions_closed_in_time": "unknown",
    "measures_reported": "unknown",
}


def test_the_readiness_of_the_use_case_says_honestly_which_gaps_are_open(demo: JudgedDemo) -> None:
    (row,) = demo.readiness
    answers = {question: found["answer"] for question, found in row["questions"].items()}
    assert {question: answer for question, answer in answers.items() if answer != "yes"} == WITHOUT_A_YES
    assert (row["level"], row["weakest"]) == ("not_ready", "governance")
    assert {gap: found["level"] for gap, found in row["gaps"].items()} == {
        "trust": "not_ready",
        "governance": "not_ready",
        "ownership": "ready",
        "workflow": "unknown",
        "accountability": "unknown",
    }


def test_the_readme_shows_the_readiness_as_it_is(demo: JudgedDemo) -> None:
    assert dict(re.findall(r"^\| `([a-z_]+)` \| (no|unknown) \|", README, flags=re.MULTILINE)) == WITHOUT_A_YES
    (row,) = demo.readiness
    counts = [f"{gap['yes']} of {sum(gap[answer] for answer in ('yes', 'no', 'unknown'))}" for gap in row["gaps"].values()]
    shown = set(re.findall(r"^delay-forecast +pilot +not ready +(.+)$", README, flags=re.MULTILINE))
    assert {tuple(re.split(r"  +", line.strip())) for line in shown} == {tuple(counts)}


def test_an_agent_that_asks_from_the_use_case_and_is_denied_opens_the_question_of_the_fallback(
    demo: JudgedDemo, client: Client
) -> None:
    agent = Consumer.objects.select_related("owner").get(slug="route-advisor")
    scopes = [Scope.TRUST_READ, Scope.DECIDE, Scope.REPORTS_WRITE]
    _, key = create_key(person=agent.owner, consumer=agent, name="desk", scopes=scopes, now=timezone.now())
    sent: Any = {"content_type": "application/json", "headers": {"authorization": f"Bearer {key}"}}
    question = {**json.loads(question_about(NO)), "context": {"use_case": "delay-forecast"}}
    answer = client.post("/access/v1/evaluation", json.dumps(question), **sent).json()
    assert answer["decision"] is False

    def standing() -> dict[str, str]:
        report = client.get("/api/v1/use-cases/delay-forecast/readiness", headers=sent["headers"]).json()
        return {found["question"]: found["code"] for found in report["questions"]}

    assert standing()["fallback_followed"] != "ok"
    said = {"decision_id": answer["context"]["decision_id"], "action": "fell_back"}
    assert client.post("/api/v1/use-cases/delay-forecast/uses", json.dumps(said), **sent).status_code == 201
    assert standing()["fallback_followed"] == "ok"


def test_no_value_of_a_personal_field_leaves_the_worker(demo: JudgedDemo) -> None:
    makers = CheckResult.objects.filter(run__port__product__slug="nyc-planes", kwargs__column="manufacturer")
    assert makers.exists()
    assert not any(result.samples or result.observed_value for result in makers)


def test_the_wind_that_cannot_be_is_among_the_samples(demo: JudgedDemo) -> None:
    wind = next(finding for finding in FINDINGS if finding.column == "wind_speed" and finding.status == "failed")
    assert [round(value) for value in result_of(wind).samples] == [1048]


def test_the_answer_over_http_has_the_documented_shape_in_less_than_a_kilobyte(demo: JudgedDemo, client: Client) -> None:
    person = Person.objects.get(username="jonas.meyer")
    _, key = create_key(person=person, name="test", scopes=[Scope.TRUST_READ], now=timezone.now())
    response = client.get("/api/v1/products/nyc-flights/trust", headers={"authorization": f"Bearer {key}"})
    assert response.status_code == 200
    assert len(response.content) < 1024
    answer = response.json()
    assert {
        name: answer[name] for name in ("product", "is_production_grade", "verdict", "score", "grade", "sensitivity", "owner")
    } == {
        "product": "nyc-flights",
        "is_production_grade": False,
        "verdict": "not_production_grade",
        "score": 59,
        "grade": "F",
        "sensitivity": "internal",
        "owner": "aisha.khan",
    }
    assert answer["gates"] == {"passed": 13, "failed": 2, "unknown": 0}
    assert set(answer["reasons"][0]) == {"gate", "code", "message", "remedy", "owner"}
    assert set(answer["evidence"]) == {"run", "age_seconds"}
    assert 59 < answer["raw_score"] < 100
    assert answer["policy_version"] == 1
    assert datetime.fromisoformat(answer["as_of"]) < datetime.fromisoformat(answer["valid_until"])
