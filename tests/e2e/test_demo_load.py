"""`load_demo`: six products with everything that their owners and governance must do, who wants to use them, nothing twice."""

from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

from catalog.models import AccessPolicy, Agreement, Consumer, Contract, DataProduct, Person, PolicyStatus, UseCase
from catalog.rules.vocabulary import AgreementStatus, Effect, Lifecycle, Sensitivity
from trust.models import Run, StageMove, Suite
from trust.vocabulary import RunStatus

pytestmark = pytest.mark.django_db

SLUGS = {"nyc-airlines", "nyc-airports", "nyc-flights", "nyc-holidays", "nyc-planes", "nyc-weather"}


def load_demo() -> str:
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def rows_of_claims() -> dict[str, int]:
    """Rows by table, the history's included, for everything that a registration writes."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_app_config("catalog").get_models()} | {
        "suites": Suite.objects.count(),
        "runs": Run.objects.count(),
        "stage moves": StageMove.objects.count(),
    }


def test_it_registers_six_published_products_each_with_an_owner_a_suite_and_policies() -> None:
    load_demo()
    products = DataProduct.objects.filter(lifecycle=Lifecycle.PUBLISHED)
    assert set(products.values_list("slug", flat=True)) == SLUGS
    assert Suite.objects.filter(is_current=True).count() == Contract.objects.filter(is_current=True).count() == len(SLUGS)
    for product in products:
        assert product.owner.is_active
        assert product.acknowledged_by == product.owner
        assert product.reviewed_by is not None
        assert product.reviewed_by.username == "ruth.adler"
        assert AccessPolicy.objects.filter(product=product, status=PolicyStatus.PUBLISHED).count() >= 2


def test_nothing_that_the_contracts_demand_is_left_out() -> None:
    load_demo()
    assert list(Contract.objects.exclude(not_executable=[]).values_list("product__slug", "not_executable")) == []


def test_flights_are_built_from_airlines_airports_and_planes() -> None:
    load_demo()
    flights = DataProduct.objects.get(slug="nyc-flights")
    inputs = flights.input_ports.filter(required=True).values_list("upstream__slug", flat=True)
    assert set(inputs) == {"nyc-airlines", "nyc-airports", "nyc-planes"}


def test_it_asks_for_a_run_of_everything_that_has_a_schedule() -> None:
    load_demo()
    queued = Run.objects.filter(status=RunStatus.QUEUED).values_list("port__product__slug", flat=True)
    assert sorted(queued) == sorted(SLUGS - {"nyc-holidays"})


def test_the_people_cannot_log_in_with_a_password_until_they_are_given_one() -> None:
    load_demo()
    people = Person.objects.all()
    assert len(people) == 11
    assert not any(person.has_usable_password() for person in people)


def test_an_agent_and_a_model_want_to_use_the_products_each_with_somebody_who_answers_for_it() -> None:
    load_demo()
    consumers = Consumer.objects.values_list("slug", "kind", "owner__username", "clearance", "status")
    assert set(consumers) == {
        ("route-advisor", "ai_agent", "tomas.lindqvist", "internal", "active"),
        ("delay-model", "ai_model", "aisha.khan", "internal", "active"),
    }


def test_training_needs_an_agreement_and_the_one_that_the_model_asked_for_waits_for_the_owner() -> None:
    load_demo()
    policy = AccessPolicy.objects.get(product__slug="nyc-airlines", name="ai-training", status=PolicyStatus.PUBLISHED)
    assert (policy.agreement_required, policy.purposes, policy.consumer_kinds) == (True, ["ai.training"], ["ai_model"])
    agreement = Agreement.objects.get()
    assert (agreement.consumer.slug, agreement.product.slug, agreement.purpose) == (
        "delay-model",
        "nyc-airlines",
        "ai.training",
    )
    assert agreement.status == AgreementStatus.REQUESTED
    owner = agreement.product.owner
    assert owner != agreement.requested_by
    assert owner.notifications.exists()


def test_a_guardrail_keeps_restricted_data_from_training_whatever_a_policy_says() -> None:
    load_demo()
    guardrail = AccessPolicy.objects.get(product=None)
    assert (guardrail.status, guardrail.effect) == (PolicyStatus.PUBLISHED, Effect.FORBID)
    assert (guardrail.minimum_sensitivity, guardrail.purposes) == (Sensitivity.RESTRICTED, ["ai.training"])


def test_permitted_use_comes_with_obligations() -> None:
    load_demo()
    planes = AccessPolicy.objects.get(product__slug="nyc-planes", name="ai-use")
    assert planes.obligations == [{"type": "mask_fields", "fields": ["manufacturer"]}, "name-the-source"]


def test_a_use_case_wants_the_products_and_everybody_who_answers_for_a_part_of_it_is_named() -> None:
    load_demo()
    use_case = UseCase.objects.get()
    assert (use_case.slug, use_case.stage, use_case.autonomy) == ("delay-forecast", "pilot", "advises")
    assert (use_case.business_owner.username, use_case.acknowledged_by) == ("carmen.silva", use_case.business_owner)
    assert use_case.outputs_owner == Person.objects.get(username="aisha.khan")
    assert use_case.exceptions_owner == Person.objects.get(username="henrik.olsen")
    assert use_case.exceptions_within == timedelta(hours=24)
    assert set(use_case.consumers.values_list("slug", flat=True)) == {"delay-model", "route-advisor"}
    products = set(use_case.products.values_list("product__slug", flat=True))
    assert products == {"nyc-flights", "nyc-weather", "nyc-airports", "nyc-planes"}
    assert set(use_case.measures.values_list("name", "owner__username")) == {
        ("mean-absolute-error", "aisha.khan"),
        ("advice-followed", "carmen.silva"),
    }
    assert use_case.stage_moves.get().requested_by == use_case.business_owner


def test_a_second_time_it_writes_nothing_new() -> None:
    load_demo()
    before = rows_of_claims()
    told = load_demo()
    assert rows_of_claims() == before
    assert all(f"{slug}: unchanged" in told for slug in SLUGS)


def test_a_second_time_it_leaves_acknowledgement_and_review_to_their_people() -> None:
    load_demo()
    product = DataProduct.objects.get(slug="nyc-airlines")
    assert product.acknowledged_at is not None
    long_ago = product.acknowledged_at - timedelta(days=200)
    DataProduct.objects.filter(pk=product.pk).update(acknowledged_at=long_ago)
    load_demo()
    product.refresh_from_db()
    assert product.acknowledged_at == long_ago
