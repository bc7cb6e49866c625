"""Every page of the admin, for every role: what opens, what is refused, and that evidence is beyond everybody."""

from copy import deepcopy
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from catalog.models import Contract, Delivery, Domain, Notification, OutputPort, Purpose
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Severity, UseCaseStage
from catalog.services.api_keys import create_key
from catalog.services.consumers import consumer_of_person
from tests.admin.cast import Cast, Visitor, World
from tests.admin.conftest import stop_clock
from tests.conftest import ModuleRows
from tests.factories import NOW, make_agreement, make_use_case
from tests.trust.builders import make_waiver
from tests.trust.ledger_rows import seal_now
from tests.trust.logged import log_decision, make_agent
from trust.ledger.models.erasure import Erasure
from trust.ledger.signing import ensure_key
from trust.models import (
    CheckResult,
    Decision,
    Export,
    LedgerBatch,
    LedgerCheck,
    OutputException,
    Readiness,
    Recall,
    Run,
    SigningKey,
    StageMove,
    Suite,
    TrustPolicyVersion,
    Verdict,
)
from trust.use_cases.services.output_exceptions import ReportedProblem, record_exception
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.reporters import Reporter
from trust.use_cases.services.stages import request_stage_move
from trust.verdicts.services.incidents import open_incident

ROLES = ("owner", "steward", "other", "governance", "auditor", "stranger", "superuser")
EVIDENCE = (
    Readiness,
    Run,
    Suite,
    Verdict,
    Decision,
    Recall,
    Contract,
    OutputPort,
    LedgerBatch,
    LedgerCheck,
    Export,
    SigningKey,
)

# Page -> roles that may add. Everybody with a role may look at lists; what they may change is tested page by page.
ADDERS = {
    "catalog_dataproduct": {"owner", "steward", "other", "governance", "superuser"},
    "catalog_accesspolicy": {"owner", "steward", "other", "governance", "superuser"},
    "catalog_consumer": {"owner", "steward", "other", "governance", "superuser"},
    "catalog_usecase": {"owner", "steward", "other", "governance", "superuser"},
    "catalog_agreement": set(),
    "catalog_notification": set(),
    "catalog_delivery": set(),
    "catalog_domain": {"governance", "superuser"},
    "catalog_purpose": {"governance", "superuser"},
    "catalog_person": {"governance", "superuser"},
    "catalog_contract": set(),
    "catalog_outputport": set(),
    "trust_run": set(),
    "trust_suite": set(),
    "trust_verdict": set(),
    "trust_decision": set(),
    "trust_recall": set(),
    "trust_ledgerbatch": set(),
    "trust_ledgercheck": set(),
    "trust_erasure": set(),
    "trust_export": set(),
    "trust_signingkey": set(),
    "trust_incident": {"owner", "steward", "other", "governance", "superuser"},
    "trust_outputexception": set(),
    "trust_waiver": {"owner", "steward", "other", "governance", "superuser"},
    "trust_stagemove": {"owner", "steward", "other", "governance", "superuser"},
    "trust_readiness": set(),
    "trust_trustpolicyversion": {"governance", "superuser"},
    "catalog_apikey": {"owner", "steward", "other", "governance", "superuser"},
}
# Pages whose rows are somebody's: out of reach for others, whatever they own.
PERSONAL = {
    "trust_export",
    "catalog_apikey",
    "catalog_consumer",
    "catalog_usecase",
    "catalog_agreement",
    "catalog_notification",
    "catalog_delivery",
    "trust_outputexception",
    "trust_stagemove",
    "trust_readiness",
}
# Pages whose rows belong to a product: out of reach for the owner of another.
OWNED = (
    "dataproduct",
    "accesspolicy",
    "contract",
    "outputport",
    "run",
    "suite",
    "verdict",
    "incident",
    "waiver",
    "decision",
    "recall",
)


@pytest.fixture(scope="module")
def module_of_rows(
    module_rows: ModuleRows, module_world: World, module_cast: Cast, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    with module_rows(), pytest.MonkeyPatch.context() as patch:
        stop_clock(patch)
        patch.setattr(settings.TOUCHSTONE, "signing_keys", tmp_path_factory.mktemp("signing"))
        return make_rows(module_world, module_cast)


@pytest.fixture
def rows(module_of_rows: dict[str, Any], db: None) -> dict[str, Any]:
    return deepcopy(module_of_rows)


def make_rows(world: World, cast: Cast) -> dict[str, Any]:
    """A row for every page."""
    governance = cast.governance.person
    kid, _ = ensure_key()
    contract = Contract.objects.create(
        product=world.product,
        contract_id="c",
        version="1",
        api_version="v3.0.2",
        status="active",
        original=b"x",
        sha256="0" * 64,
    )
    return {
        "catalog_dataproduct": world.product,
        "catalog_accesspolicy": world.policy,
        "catalog_consumer": consumer_of_person(cast.owner.person),
        "catalog_usecase": make_use_case(business_owner=cast.owner.person),
        "catalog_agreement": make_agreement(product=world.product, is_approved=False),
        "catalog_notification": (notice := Notification.objects.get(person=cast.owner.person)),
        "catalog_delivery": Delivery.objects.create(notification=notice, channel="email", target="olga@example.org"),
        "catalog_domain": Domain.objects.first(),
        "catalog_purpose": Purpose.objects.first(),
        "catalog_person": cast.stranger.person,
        "catalog_contract": contract,
        "catalog_outputport": world.port,
        "trust_run": world.run,
        "trust_suite": world.suite,
        "trust_verdict": world.verdict,
        "trust_decision": log_decision(world.product, make_agent(), decision=False),
        "trust_recall": Recall.objects.create(
            product=world.product, fallen_at=NOW, changed_at=NOW, fallen_verdict=world.verdict
        ),
        "trust_ledgerbatch": seal_now()[0],
        "trust_ledgercheck": LedgerCheck.objects.create(requested_by=governance, requested_at=NOW),
        "trust_export": Export.objects.create(what="decisions", format="csv", person=cast.owner.person, started_at=NOW),
        "trust_erasure": Erasure.objects.create(
            kind="name", at=NOW, by=governance, reason="Asked for.", statement="{}", signature="-"
        ),
        "trust_signingkey": SigningKey.objects.get(kid=kid),
        "trust_incident": open_incident(
            product=world.product, title="Late", severity=Severity.WARNING, actor=cast.owner.person, now=NOW
        ),
        "trust_outputexception": exception_of(world, cast),
        "trust_stagemove": move_of(cast),
        "trust_readiness": Readiness.objects.latest("id"),
        "trust_waiver": make_waiver(world.product, gate="critical_checks", granted_by=governance),
        "trust_trustpolicyversion": TrustPolicyVersion.objects.first(),
        "catalog_apikey": create_key(person=cast.owner.person, name="k", scopes=[Scope.TRUST_READ], now=NOW)[0],
    }


def move_of(cast: Cast) -> StageMove:
    """Of a use case that names the product's owner alone, and that is assessed."""
    person = cast.owner.person
    use_case = make_use_case(business_owner=person)
    assess_use_case(use_case=use_case, now=NOW, cause="test")
    return request_stage_move(use_case=use_case, to_stage=UseCaseStage.PILOT, actor=person, now=NOW)


def exception_of(world: World, cast: Cast) -> OutputException:
    """Of a use case that names the product's owner alone."""
    agent, person = make_agent(), cast.owner.person
    use_case = make_use_case(business_owner=person, consumers=[agent])
    trouble, reporter = ReportedProblem("Wrong advice"), Reporter(person)
    decision_id = log_decision(world.product, agent, use_case=use_case.slug).pk
    return record_exception(use_case=use_case, decision_id=decision_id, trouble=trouble, reporter=reporter, now=NOW)[0]


def visitor(cast: Cast, role: str) -> Visitor:
    found: Visitor = getattr(cast, role)
    return found


def test_the_tests_know_every_page_of_the_admin() -> None:
    assert {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry} == set(ADDERS)


@pytest.mark.parametrize("role", ROLES)
def test_every_list_opens_for_every_role_and_for_nobody_without_one(cast: Cast, rows: dict[str, Any], role: str) -> None:
    for name in rows:
        status = visitor(cast, role).get(f"{name}_changelist").status_code
        assert status == (403 if role == "stranger" else 200), name


@pytest.mark.parametrize("role", ROLES)
def test_every_row_opens_for_those_who_may_reach_it(cast: Cast, rows: dict[str, Any], role: str) -> None:
    for name, row in rows.items():
        expected = 200
        if role == "stranger":
            expected = 403
        elif role == "other" and name.partition("_")[2] in OWNED:
            expected = 302  # "does not exist": whoever may not reach it does not learn that it is there
        elif name in PERSONAL and role in {"other", "steward"}:
            expected = 302  # somebody else's
        response = visitor(cast, role).get(f"{name}_change", row.pk)
        assert response.status_code in ({302, 403} if role == "stranger" else {expected}), (name, response.status_code)


@pytest.mark.parametrize("role", ROLES)
def test_only_those_who_may_add_get_the_form(cast: Cast, role: str) -> None:
    for name, adders in ADDERS.items():
        assert visitor(cast, role).get(f"{name}_add").status_code == (200 if role in adders else 403), name


@pytest.mark.parametrize("role", ROLES)
def test_nobody_adds_changes_or_deletes_evidence_or_verdicts(cast: Cast, rows: dict[str, Any], role: str) -> None:
    person = visitor(cast, role)
    for model in EVIDENCE:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row, before = rows[name], model.objects.filter(pk=rows[name].pk).values().get()
        assert person.post(f"{name}_add", status="completed").status_code == 403
        assert person.post(f"{name}_change", row.pk, status="failed", cause="me").status_code in {302, 403}
        assert person.post(f"{name}_delete", row.pk, post="yes").status_code in {302, 403}
        assert model.objects.filter(pk=row.pk).values().get() == before
    assert CheckResult.objects.filter(run=rows["trust_run"]).count() == 5


@pytest.mark.parametrize("role", ROLES)
def test_nobody_deletes_anything_in_the_admin(cast: Cast, rows: dict[str, Any], role: str) -> None:
    for name, row in rows.items():
        assert visitor(cast, role).post(f"{name}_delete", row.pk, post="yes").status_code in {302, 403}, name
        assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_an_auditor_changes_nothing(cast: Cast, rows: dict[str, Any]) -> None:
    for name, row in rows.items():
        assert cast.auditor.post(f"{name}_change", row.pk, name="changed").status_code in {302, 403}, name
        page = cast.auditor.sees(f"{name}_change", row.pk)
        assert 'name="_save"' not in page


def test_the_sidebar_offers_what_the_person_may_see(cast: Cast) -> None:
    assert reverse("admin:catalog_dataproduct_changelist") in cast.auditor.sees("index")
    page = cast.stranger.sees("index")
    assert reverse("admin:catalog_dataproduct_changelist") not in page
    assert "You have no role yet" in page


def test_who_is_not_staff_is_sent_to_the_login(client: Any) -> None:
    response = client.get(reverse("admin:catalog_dataproduct_changelist"))
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]


@pytest.mark.parametrize("role", ROLES)
def test_the_audit_trail_and_the_exports_open_for_every_role_and_for_nobody_without_one(cast: Cast, role: str) -> None:
    for address in (
        "/admin/audit/",
        "/admin/audit/export/csv/",
        "/admin/audit/export/json/",
        "/admin/trust/decision/export/csv/",
        "/admin/trust/decision/export/json/",
    ):
        assert visitor(cast, role).client.get(address).status_code == (403 if role == "stranger" else 200), address


@pytest.mark.parametrize("address", ["/admin/audit/", "/admin/audit/export/csv/", "/admin/trust/decision/export/csv/"])
def test_who_has_left_or_was_never_here_is_sent_to_the_login(cast: Cast, client: Any, address: str) -> None:
    before = LedgerCheck.objects.count(), Export.objects.count()
    assert client.get(address).status_code == 302
    cast.governance.person.is_active = False
    cast.governance.person.save()
    assert cast.governance.client.get(address).status_code == 302
    assert cast.governance.client.post(reverse("admin:trust_ledgerbatch_verify")).status_code == 302
    assert (LedgerCheck.objects.count(), Export.objects.count()) == before
