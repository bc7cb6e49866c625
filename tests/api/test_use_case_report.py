"""The readiness report over HTTP: what it says, to whom, of which moment, and that its signature holds."""

import base64
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from catalog.models import UseCase
from catalog.rules.moments import rfc_3339
from catalog.rules.vocabulary import Lifecycle, UseCaseStage
from tests.api.callers import Caller, Cast, assert_problem, make_cast
from tests.factories import make_consumer, make_owner, make_product, make_use_case, measure_claims
from tests.trust.builders import make_waiver
from tests.trust.stages import put_at
from trust.ledger.signing import canonical_json, public_jwks
from trust.models import Readiness
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.reporters import Reporter
from trust.use_cases.services.signed_reports import REPORT_TYPE
from trust.verdicts.services.waivers import revoke_waiver
from trust.vocabulary import ReadinessQuestion

REPORT = "/api/v1/use-cases/delays/report"
VERIFIER = Path(settings.BASE_DIR) / "verify" / "touchstone_verify.py"

pytestmark = pytest.mark.usefixtures("signing_key")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def delays(cast: Cast) -> UseCase:
    """Of the cast's owner (Olga), on a product of the stranger (Sven), with a consumer of Otto."""
    now = timezone.now() - timedelta(hours=2)
    return make_use_case(
        "delays",
        business_owner=cast.owner.person,
        products=[make_product("flights", owner=cast.stranger.person, lifecycle=Lifecycle.PUBLISHED)],
        consumers=[make_consumer("agent", owner=make_owner("otto"))],
        measures=[measure_claims(owner="olga", better="at_most", unit="minutes")],
        is_acknowledged=True,
        now=now,
    )


def report(caller: Caller, path: str = REPORT) -> dict[str, Any]:
    response = caller.get(path)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def verified(token: str) -> dict[str, Any]:
    """The payload of a compact JWS, after the keys that this installation publishes have checked it."""
    keys = KeySet.import_key_set(public_jwks())  # type: ignore[arg-type]  # a plain dict
    signed = jws.deserialize_compact(token, keys, algorithms=["Ed25519"])
    assert signed.headers()["typ"] == REPORT_TYPE
    payload: dict[str, Any] = json.loads(signed.payload)
    return payload


def attached(body: dict[str, Any]) -> str:
    """The compact JWS of a JSON report, as a reader puts it together: the document without its signature is the payload."""
    document = {name: value for name, value in body.items() if name != "signature"}
    payload = base64.urlsafe_b64encode(canonical_json(document)).rstrip(b"=").decode()
    header, _, signature = body["signature"]["jws"].split(".")
    return f"{header}.{payload}.{signature}"


def test_the_report_says_where_the_use_case_stands_what_blocks_and_who_must_act(cast: Cast, delays: UseCase) -> None:
    body = report(cast.owner)
    assert (body["sub"], body["use_case"]["name"], body["use_case"]["stage"]) == ("delays", "Delays", "idea")
    assert body["use_case"]["business_decision"] == delays.decision
    assert body["use_case"]["business_owner"]["username"] == "olga"
    assert (body["level"], body["next_stage"]) == ("not_ready", "approved")
    assert [gap["gap"] for gap in body["gaps"]] == ["trust", "governance", "ownership", "workflow", "accountability"]
    questions = {one["question"]: one for gap in body["gaps"] for one in gap["questions"]}
    assert list(questions) == list(ReadinessQuestion)
    assert questions["business_owner_acknowledged"]["answer"] == "yes"
    assert questions["purpose_permitted"]["answer"] == "no"
    assert "purpose_permitted" in body["blocks"]
    assert "measures_reported" not in body["blocks"]
    for one in questions.values():
        assert one["title"].endswith("?")
        assert bool(one["remedy"]) is (one["answer"] != "yes")
    to_do = {actor["username"]: [task["question"] for task in actor["tasks"]] for actor in body["who_must_act"]}
    assert "production_grade_now" in to_do["sven"]
    assert "purpose_permitted" in to_do[None]
    assert Readiness.objects.get().cause == "report"


def test_measures_are_shown_against_their_targets(cast: Cast, delays: UseCase) -> None:
    measure = report(cast.owner)["measures"][0]
    assert (measure["target"], measure["value"], measure["is_reached"]) == (15.0, None, None)
    assert cast.owner.person is not None
    reporter = Reporter(cast.owner.person, None)
    at = timezone.now() - timedelta(minutes=5)
    report_outcome(use_case=delays, measure="mean-error", value=12.5, observed_at=at, reporter=reporter, now=timezone.now())
    measure = report(cast.owner)["measures"][0]
    assert (measure["value"], measure["is_reached"], measure["unit"], measure["owner"]["username"]) == (
        12.5,
        True,
        "minutes",
        "olga",
    )


def test_an_override_in_force_is_shown_with_who_approved_it_and_until_when(cast: Cast, delays: UseCase) -> None:
    ends = timezone.now() + timedelta(days=5)
    missing = [{"question": "purpose_permitted", "message": "no policy"}]
    put_at(delays, UseCaseStage.PILOT, now=timezone.now() - timedelta(hours=1))
    put_at(
        delays,
        UseCaseStage.APPROVED,
        approver=cast.governance.person,
        now=timezone.now() - timedelta(minutes=30),
        is_override=True,
        reason="The winter timetable starts on Sunday.",
        override_expires_at=ends,
        missing=missing,
    )
    body = report(cast.owner)
    override = body["overrides"][0]
    assert (override["stage"], override["approved_by"]["username"], override["missing"]) == (
        "approved",
        cast.governance.person.username,  # type: ignore[union-attr]
        ["purpose_permitted"],
    )
    assert override["reason"].startswith("The winter timetable")
    assert (body["next_stage"], body["use_case"]["stage"]) == ("production", "approved")
    assert body["use_case"]["stage_approval"]["by"]["username"] == cast.governance.person.username  # type: ignore[union-attr]


def test_a_waiver_in_force_is_shown_and_one_that_ended_is_not(cast: Cast, delays: UseCase) -> None:
    flights, now = delays.products.get().product, timezone.now()
    waiver = make_waiver(flights, now=now - timedelta(hours=1), gate="review", granted_by=cast.governance.person)
    shown = report(cast.owner)["waivers"][0]
    assert (shown["product"], shown["what"], shown["reason"]) == ("flights", "Governance review", waiver.reason)
    assert shown["granted_by"]["username"] == cast.governance.person.username  # type: ignore[union-attr]
    revoke_waiver(waiver=waiver, reason="Reviewed.", actor=cast.governance.person, now=timezone.now())
    assert report(cast.owner)["waivers"] == []


# The signature


def test_the_signature_of_the_json_holds_for_exactly_this_document(cast: Cast, delays: UseCase) -> None:
    body = report(cast.owner)
    payload = verified(attached(body))
    assert payload == {name: value for name, value in body.items() if name != "signature"}
    assert (payload["iss"], payload["iat"] < payload["exp"]) == ("http://testserver", True)
    with pytest.raises(BadSignatureError):
        verified(attached({**body, "level": "ready"}))


def test_the_whole_report_comes_as_a_signed_document_where_that_is_asked_for(cast: Cast, delays: UseCase) -> None:
    response = cast.owner.get(REPORT, Accept="application/jose")
    assert (response.status_code, response["Content-Type"]) == (200, "application/jose")
    assert response["Cache-Control"] == "no-store"
    payload = verified(response.content.decode())
    assert (payload["sub"], payload["level"]) == ("delays", "not_ready")


def test_without_a_key_the_json_says_that_it_is_not_signed(
    cast: Cast, delays: UseCase, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "signing_keys", str(tmp_path / "nothing"))
    assert report(cast.owner)["signature"] is None
    assert_problem(cast.owner.get(REPORT, Accept="application/jose"), 503, "signing_unavailable")


# As of a past moment


@pytest.mark.django_db(transaction=True)  # the history dates what happens in one transaction to its beginning
def test_a_past_moment_is_told_as_it_was_known_then(cast: Cast, delays: UseCase) -> None:
    assess_use_case(use_case=delays, now=timezone.now(), cause="test")
    at = rfc_3339(timezone.now())
    UseCase.objects.filter(pk=delays.pk).update(name="Another name", decision="Another decision.")
    body = report(cast.owner, f"{REPORT}?as_of={at}")
    assert (body["use_case"]["name"], body["use_case"]["business_decision"]) == ("Delays", delays.decision)
    assert body["as_of"] == at
    assert body["exp"] == body["iat"]
    assert verified(attached(body))["as_of"] == at
    today = report(cast.owner)["use_case"]
    assert (today["name"], today["business_decision"]) == ("Another name", "Another decision.")


def test_the_future_and_the_time_before_the_first_assessment_are_refused(cast: Cast, delays: UseCase) -> None:
    future = (timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert_problem(cast.owner.get(f"{REPORT}?as_of={future}"), 400, "as_of_in_the_future")
    assert_problem(cast.owner.get(f"{REPORT}?as_of=2020-01-01T00:00:00Z"), 404, "not_assessed_yet")
    assert_problem(cast.owner.get(f"{REPORT}?as_of=yesterday"), 400, "invalid")
    assert not Readiness.objects.exists()


# Who may see it


def test_whoever_may_see_the_use_case_gets_the_report_and_nobody_else(cast: Cast, delays: UseCase) -> None:
    for caller in (cast.owner, cast.stranger, cast.governance, cast.auditor):
        assert report(caller)["sub"] == "delays"
    assert_problem(Caller(make_owner("petra")).get(REPORT), 404, "use_case_unknown")
    assert_problem(cast.nobody.get(REPORT), 401, "not_authenticated")


def test_a_draft_of_somebody_else_is_not_told_of(cast: Cast, delays: UseCase) -> None:
    secret = make_product("merger-plans", owner=make_owner("zoe"), lifecycle=Lifecycle.DRAFT)
    delays.products.create(product=secret)
    told = json.dumps(report(cast.owner))
    assert "merger-plans" not in told
    assert "zoe" not in told
    assert report(cast.owner)["use_case"]["hidden_products"] == 1
    delays.products.filter(product=secret).delete()
    assert report(cast.owner)["use_case"]["hidden_products"] == 0
    delays.products.create(product=secret)
    open_ = report(cast.auditor)
    assert open_["use_case"]["products"] == ["flights", "merger-plans"]
    assert "merger-plans" in json.dumps(open_["gaps"])


def test_the_verifier_checks_a_report_and_takes_it_for_nothing_else(cast: Cast, delays: UseCase, tmp_path: Path) -> None:
    (tmp_path / "report.jws").write_bytes(cast.owner.get(REPORT, Accept="application/jose").content)
    (tmp_path / "jwks.json").write_text(json.dumps(public_jwks()))
    command = [sys.executable, str(VERIFIER), str(tmp_path / "report.jws"), "--jwks", str(tmp_path / "jwks.json")]
    as_report = subprocess.run([*command, "--report"], capture_output=True, text=True, check=False)
    assert as_report.returncode == 0, as_report.stderr
    assert '"level": "not_ready"' in as_report.stdout
    as_answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert as_answer.returncode == 1
    assert "is not the header of a touchstone-answer+jwt" in as_answer.stderr


def test_the_report_costs_the_same_whatever_the_use_case_names(cast: Cast, delays: UseCase) -> None:
    report(cast.owner)  # judges the products
    with CaptureQueriesContext(connection) as few:
        report(cast.owner)
    for number in range(3):
        delays.products.create(product=make_product(f"more-{number}", lifecycle=Lifecycle.PUBLISHED))
        delays.consumers.add(make_consumer(f"agent-{number}"))
    report(cast.owner)
    with CaptureQueriesContext(connection) as many:
        report(cast.owner)
    assert len(many) == len(few)
