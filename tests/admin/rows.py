"""One more row for every list of the admin, each about people, products and consumers of its own: what an N+1 would look up."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from catalog.models import (
    AccessPolicy,
    Agreement,
    Consumer,
    Contract,
    DataProduct,
    Delivery,
    Deputy,
    Domain,
    Notification,
    OutputPort,
    Purpose,
    UseCase,
)
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Severity, UseCaseStage
from catalog.services.api_keys import create_key
from tests.factories import (
    NOW,
    make_agreement,
    make_consumer,
    make_governance,
    make_governed_product,
    make_owner,
    make_person,
    make_policy,
    make_use_case,
    measure_claims,
)
from tests.trust.builders import make_ready_port, run_badly, run_well
from tests.trust.ledger_rows import seal_now
from tests.trust.logged import log_decision
from trust.ledger.models.audit import Export, LedgerCheck
from trust.ledger.models.erasure import Erasure
from trust.ledger.signing import ensure_key
from trust.models import (
    Decision,
    Incident,
    OutputException,
    Readiness,
    Recall,
    RecalledConsumer,
    Run,
    StageMove,
    Suite,
    Verdict,
    Waiver,
)
from trust.use_cases.services.output_exceptions import ReportedProblem, record_exception
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.reporters import Reporter
from trust.use_cases.services.stages import request_stage_move
from trust.verdicts.services.incidents import open_incident
from trust.verdicts.services.trust_policies import publish_trust_policy
from trust.verdicts.services.waivers import grant_waiver, request_waiver


def add_rows(number: int, folder: Any) -> None:
    """A row for every list, told apart by `number`. folder: where the signing key of this call is kept."""
    owner, steward, asker = make_owner(f"owner-{number}"), make_owner(f"steward-{number}"), make_person(f"asker-{number}")
    product = make_governed_product(f"product-{number}", owner=owner, domain=f"Domain {number}")
    product.stewards.add(steward)
    port = make_ready_port(product, f"rows-{number}")
    verdict = run_well(port, NOW, failed=1)
    run_badly(port, NOW)
    Domain.objects.create(slug=f"empty-{number}", name=f"Empty {number}")
    Purpose.objects.create(name=f"purpose-{number}")
    make_policy(product, f"draft-{number}", is_published=False)
    Contract.objects.create(
        product=product,
        contract_id=f"c-{number}",
        version="1",
        api_version="v3.0.2",
        status="active",
        original=b"x",
        sha256="0" * 64,
        registered_by=steward,
    )
    consumer = make_consumer(f"consumer-{number}", owner=asker)
    make_agreement(consumer, product, is_approved=False)
    create_key(person=asker, consumer=consumer, name=f"key-{number}", scopes=[Scope.TRUST_READ], now=NOW)
    notice = Notification.objects.create(
        key=f"test-{number}", kind="test", consumer=consumer, subject="Read me", text="Please.", created_at=NOW
    )
    Delivery.objects.create(notification=notice, channel="email", target=f"{number}@example.org")
    use_case = make_use_case(
        f"use-case-of-{number}",
        business_owner=make_owner(f"business-{number}"),
        products=[product],
        consumers=[consumer],
        measures=[measure_claims(owner=steward.username)],
    )
    request_stage_move(use_case=use_case, to_stage=UseCaseStage.PILOT, actor=use_case.business_owner, now=NOW)
    assess_use_case(use_case=use_case, now=NOW, cause="test")
    decision = log_decision(product, consumer, decision=False, verdict_row=verdict, use_case=use_case.slug)
    trouble, reporter = ReportedProblem(f"Wrong advice {number}"), Reporter(asker, consumer)
    record_exception(use_case=use_case, decision_id=decision.pk, trouble=trouble, reporter=reporter, now=NOW)
    Deputy.objects.create(
        person=owner, deputy=steward, starts_at=NOW, ends_at=NOW + timedelta(days=9), reason="Leave.", named_at=NOW
    )
    StageMove.objects.create(
        use_case=use_case,
        from_stage=UseCaseStage.IDEA,
        to_stage=UseCaseStage.APPROVED,
        requested_by=use_case.business_owner,
        requested_at=NOW,
        readiness=Readiness.objects.filter(use_case=use_case).latest("pk"),
    )
    open_incident(product=product, title=f"Late {number}", severity=Severity.CRITICAL, actor=steward, now=NOW, owner=owner)
    recall = Recall.objects.create(product=product, status="sent", fallen_at=NOW, changed_at=NOW, fallen_verdict=verdict)
    RecalledConsumer.objects.create(recall=recall, consumer=consumer, decision_ids=[decision.pk], decision_count=1)
    asked: dict[str, Any] = {
        "product": product,
        "reason": "Known.",
        "owner": owner,
        "expires_at": NOW + timedelta(days=30),
        "now": NOW,
    }
    waiver = request_waiver(gate="critical_checks", actor=steward, **asked)
    grant_waiver(waiver=waiver, actor=make_governance(f"grantor-{number}"), now=NOW)
    LedgerCheck.objects.create(status="holds", requested_by=steward, requested_at=NOW)
    Export.objects.create(what="decisions", format="csv", person=steward, started_at=NOW)
    Erasure.objects.create(kind="name", at=NOW, by=steward, reason="Asked for.", statement="{}", signature="-")
    settings.TOUCHSTONE.signing_keys = folder / str(number)
    ensure_key()
    seal_now()
    publish_trust_policy(
        changes={"minimum_score": 60.0 + number % 30},
        note=f"Number {number}.",
        actor=None,
        now=NOW,
    )


def names_of_rows() -> dict[str, Any]:
    """What stands for each parameter of a path, after `add_rows(1, ...)`; {slug} and {version} depend on what comes before."""
    return {
        "agreement_id": Agreement.objects.get().pk,
        "decision_id": Decision.objects.first().pk,  # type: ignore[union-attr]
        "exception_id": OutputException.objects.get().pk,
        "incident_id": Incident.objects.first().pk,  # type: ignore[union-attr]
        "key_id": Consumer.objects.get(slug="consumer-1").api_keys.get().pk,
        "move_id": StageMove.objects.order_by("pk").first().pk,  # type: ignore[union-attr]
        "name": AccessPolicy.objects.get(name="draft-1").name,
        "port": OutputPort.objects.get().name,
        "readiness_id": Readiness.objects.earliest("pk").pk,
        "recall_id": Recall.objects.get().pk,
        "run_id": Run.objects.first().pk,  # type: ignore[union-attr]
        "job_id": "00000000-0000-0000-0000-000000000000",
        "deputy_id": Deputy.objects.get().pk,
        "username": "owner-1",
        "verdict_id": Verdict.objects.first().pk,  # type: ignore[union-attr]
        "waiver_id": Waiver.objects.get().pk,
        "/products/": DataProduct.objects.get().slug,
        "/consumers/": "consumer-1",
        "/use-cases/": UseCase.objects.get().slug,
        "/suite/versions/": Suite.objects.get().version,
        "/guardrails/": "walls",
    }
