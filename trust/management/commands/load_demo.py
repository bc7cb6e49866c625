"""`manage.py load_demo`: the people, data products, consumers and use cases of `demo/`, as those who answer for them do it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from catalog.models import Agreement, Consumer, DataProduct, Person, UseCase
from catalog.rules.claims import PolicyClaims
from catalog.rules.consumers import ConsumerClaims, ConsumerDetails
from catalog.rules.errors import DomainError
from catalog.rules.roles import PersonRole
from catalog.rules.use_case import MeasureClaims, UseCaseClaims, UsedProduct
from catalog.rules.vocabulary import Autonomy, Better, ConsumerKind, Sensitivity, UseCaseStage
from catalog.services.agreements import request_agreement
from catalog.services.consumers import register_consumer
from catalog.services.people import add_person, set_email
from catalog.services.policies import draft_guardrail, publish_policy
from catalog.services.products import acknowledge_product
from catalog.services.use_cases import acknowledge_use_case, register_use_case
from trust.evidence.models.suite import Suite
from trust.evidence.services.runs import request_run
from trust.intake.services.registration import register_document
from trust.messages import enqueue
from trust.use_cases.services.stages import request_stage_move
from trust.verdicts.services.reviews import review_product

_TEXTS = ("slug", "name", "description", "decision", "business_owner", "purpose", "workflow", "system", "step", "fallback")


def add_use_case(given: Mapping[str, Any], governance: Person, now: datetime) -> None:
    """Register one that is missing, as governance; its business owner acknowledges it and moves it to its stage."""
    if UseCase.objects.filter(slug=given["slug"]).exists():
        return
    use_case = register_use_case(claims=claims_of(given), actor=governance, now=now)
    owner = use_case.business_owner
    acknowledge_use_case(use_case=use_case, actor=owner, now=now)
    if given["stage"] != use_case.stage:
        request_stage_move(use_case=use_case, to_stage=UseCaseStage(given["stage"]), actor=owner, now=now)


def claims_of(given: Mapping[str, Any]) -> UseCaseClaims:
    """What the demo says of one use case, in the words of the catalog."""
    explained = given["explainability"]
    return UseCaseClaims(
        **{name: str(given[name]).strip() for name in _TEXTS},
        autonomy=Autonomy(given["autonomy"]),
        consumers=tuple(given["consumers"]),
        products=tuple(UsedProduct(slug) for slug in given["products"]),
        outputs_owner=given["outputs_owner"],
        exceptions_owner=given["exceptions_owner"],
        exceptions_within=timedelta(hours=given["exceptions_within_hours"]),
        explainability_required=explained["required"],
        explainability_requirement=explained.get("requirement", ""),
        explainability_met=explained.get("met", ""),
        measures=tuple(_measure(measure) for measure in given["measures"]),
    )


def _measure(given: Mapping[str, Any]) -> MeasureClaims:
    return MeasureClaims(
        name=given["name"],
        description=given["description"],
        unit=given["unit"],
        better=Better(given["better"]),
        target=float(given["target"]),
        interval=timedelta(days=given["interval_days"]),
        owner=given["owner"],
    )


DEMO = Path(settings.BASE_DIR) / "demo"


class Command(BaseCommand):
    help = (
        "Register the demo's data products and request a run of those that have a schedule. Run again, it registers only what "
        "changed and asks for fresh runs."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        now = timezone.now()
        try:
            plan = yaml.safe_load((DEMO / "demo.yaml").read_text(encoding="utf-8"))
            with transaction.atomic():
                add_people(plan["people"])
                governance = Person.objects.get(username=plan["governance"])
                for slug in plan["contracts"]:
                    self.stdout.write(f"{slug}: {register(slug, governance, now)}")
                for guardrail in plan["guardrails"]:
                    publish_guardrail(guardrail, governance, now)
                for consumer in plan["consumers"]:
                    add_consumer(consumer, governance)
                for agreement in plan["agreements"]:
                    ask_for_agreement(agreement, now)
                for use_case in plan["use_cases"]:
                    add_use_case(use_case, governance, now)
                runs = request_runs(plan["contracts"], governance, now)
                transaction.on_commit(lambda: enqueue(runs))
        except OSError as error:
            message = f"The demo cannot be read: {error}. Restore the folder demo/ from the repository."
            raise CommandError(message) from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{len(runs)} runs requested. A worker executes them; `bin/manage show_verdicts --wait 600` shows the outcome."
        )


def add_people(people: list[dict[str, Any]]) -> None:
    """Add those who are missing, and the address of those who have none, without which nobody is a second person. Otherwise
    whoever is there stays as they are.
    """
    present = dict(Person.objects.values_list("username", "email"))
    for person in people:
        name, email = person["username"], f"{person['username']}@example.org"
        if name not in present:
            roles = [PersonRole(role) for role in person["roles"]]
            add_person(username=name, full_name=person["name"], email=email, roles=roles)
        elif not present[name]:
            set_email(username=name, email=email)


def register(slug: str, governance: Person, now: datetime) -> str:
    """What the registration of one contract changed, in a few words.

    What nobody has acknowledged or reviewed yet is so, in the names of its owner and of governance; later it is theirs to do.
    """
    path = DEMO / "contracts" / f"{slug}.odcs.yaml"
    report = register_document(content=path.read_bytes(), filename=path.name, actor=governance, dry_run=False, now=now)
    product = DataProduct.objects.select_related("owner").get(slug=slug)
    if product.acknowledged_at is None:
        acknowledge_product(product=product, actor=product.owner, now=now)
    if product.reviewed_at is None:
        review_product(product=product, actor=governance, now=now)
    said = "registered" if report.created else f"{len(report.changes)} changes" if report.changes else "unchanged"
    notes = [*report.warnings, *(f"{rule.path} is not executed: {rule.reason}" for rule in report.not_executable)]
    return "\n  ".join([said, *notes])


def publish_guardrail(guardrail: dict[str, Any], governance: Person, now: datetime) -> None:
    """A forbid for all kinds of consumers. Published already: nothing happens."""
    claims = PolicyClaims(
        name=guardrail["name"],
        consumer_kinds=tuple(ConsumerKind),
        purposes=tuple(guardrail["purposes"]),
        minimum_sensitivity=Sensitivity(guardrail["minimum_sensitivity"]),
    )
    publish_policy(policy=draft_guardrail(claims=claims, actor=governance), actor=governance, now=now)


def add_consumer(consumer: dict[str, Any], governance: Person) -> None:
    """Register one that is missing. Whatever became of one that is there stays so."""
    if Consumer.objects.filter(slug=consumer["slug"]).exists():
        return
    claims = ConsumerClaims(
        slug=consumer["slug"],
        kind=ConsumerKind(consumer["kind"]),
        details=ConsumerDetails(name=consumer["name"], description=consumer["description"].strip()),
        owner=consumer["owner"],
        clearance=Sensitivity(consumer["clearance"]),
    )
    register_consumer(claims=claims, actor=governance)


def ask_for_agreement(wanted: dict[str, Any], now: datetime) -> None:
    """Ask once, as the consumer's owner. Whatever was answered stays so."""
    consumer = Consumer.objects.select_related("owner").get(slug=wanted["consumer"])
    product = DataProduct.objects.get(slug=wanted["product"])
    if Agreement.objects.filter(consumer=consumer, product=product, purpose=wanted["purpose"]).exists():
        return
    request_agreement(
        consumer=consumer,
        product=product,
        purpose=wanted["purpose"],
        reason=wanted["reason"],
        expires_at=now + timedelta(days=wanted["days"]),
        actor=consumer.owner,
        now=now,
    )


def request_runs(slugs: list[str], governance: Person, now: datetime) -> list[UUID]:
    """Ids of one queued run per port that has a schedule; the product without one waits for whoever runs it first."""
    suites = Suite.objects.filter(port__product__slug__in=slugs, is_current=True).exclude(schedule="")
    ports = [suite.port for suite in suites.select_related("port__product").order_by("port__product_id", "port_id")]
    return [request_run(port=port, actor=governance, now=now).id for port in ports]
