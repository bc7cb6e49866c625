"""The statement that reads what an answer rests on says rules again that stand elsewhere; here both must say the same."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Agreement, DataProduct, Domain, Person
from catalog.queries import policies_in_force, standing_agreement, visible_products
from catalog.rules.claims import PolicyClaims
from catalog.rules.roles import PersonRole
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from catalog.services.permissions import sees_everything
from catalog.services.policies import draft_guardrail, publish_policy, withdraw_policy
from tests.factories import make_agreement, make_consumer, make_person, make_policy, make_product
from trust.decisions.queries.resolved_question import ResolvedQuestion, resolve_questions
from trust.decisions.rules.question import Asker, Question

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def read(person: Person, products: Sequence[DataProduct], purpose: str | None = None) -> list[ResolvedQuestion]:
    """What the statement knows for somebody about products, asked by and about a consumer of theirs."""
    consumer = person.consumers.first() or make_consumer(owner=person)
    asker = Asker(person.pk, consumer.pk, consumer.slug, None, "test", 0)
    return resolve_questions(asker, consumer.slug, [Question(product.slug, purpose=purpose) for product in products])


def test_it_shows_each_person_the_products_that_lists_show_them() -> None:
    owner, steward, superuser = make_person(), make_person(), make_person()
    Person.objects.filter(pk=superuser.pk).update(is_superuser=True)
    superuser.refresh_from_db()
    draft = make_product("draft", owner=owner)
    draft.stewards.add(steward)
    products = [draft, make_product("open", lifecycle=Lifecycle.PUBLISHED), make_product("old", lifecycle=Lifecycle.RETIRED)]
    insiders = {person: person in {owner, steward} for person in (owner, steward, make_person())}
    insiders |= {person: sees_everything(person) for person in (superuser, *(make_person(None, role) for role in PersonRole))}
    assert sorted(insiders.values()) == [False] * 2 + [True] * 5
    for person, is_insider in insiders.items():
        seen = {known.question.product for known in read(person, products) if known.product}
        assert seen == set(visible_products(person).values_list("slug", flat=True))
        assert ("draft" in seen) is is_insider


def test_the_same_policies_are_in_force() -> None:
    now, person = timezone.now(), make_person()
    elsewhere = Domain.objects.create(slug="elsewhere", name="Elsewhere")
    products = [make_product(level, sensitivity=level, lifecycle=Lifecycle.PUBLISHED) for level in Sensitivity]
    products += [make_product(slug, lifecycle=Lifecycle.PUBLISHED) for slug in ("unclassified", "far", "bare")]
    DataProduct.objects.filter(slug="unclassified").update(sensitivity=None)
    DataProduct.objects.filter(slug="far").update(domain=elsewhere)
    for product in products[:-1]:
        make_policy(product, "stands")
        make_policy(product, "draft", is_published=False)
        make_policy(product, "over", expires_at=now - MINUTE)
        make_policy(product, "limited", expires_at=now + 60 * MINUTE)
        withdraw_policy(policy=make_policy(product, "withdrawn"), actor=None, now=now - MINUTE)
    domains = (None, "testing", "elsewhere")
    for number, (domain, level) in enumerate((domain, level) for domain in domains for level in (None, *Sensitivity)):
        claims = PolicyClaims(f"guardrail-{number}", domain=domain, minimum_sensitivity=level)
        publish_policy(policy=draft_guardrail(claims=claims, actor=None), actor=None, now=now - MINUTE)

    read_now = read(person, products, "analytics")

    in_force = policies_in_force([product.pk for product in products], read_now[0].at)
    sizes = set()
    for product, known in zip(products, read_now, strict=True):
        assert list(known.policies) == [policy.id for policy in in_force[product.pk]], product.slug
        sizes.add(len(known.policies))
    assert len(sizes) > 3, "the products differ in what is in force for them"


@pytest.mark.parametrize(
    ("columns", "stands"),
    [
        ({}, True),
        ({"starts_at": timezone.now() + 60 * MINUTE}, False),
        ({"expires_at": timezone.now() - MINUTE}, False),
        ({"status": "revoked", "ended_at": timezone.now() - MINUTE}, False),
        ({"purpose": "ai.training"}, False),
    ],
)
def test_the_same_agreement_stands(columns: dict[str, object], stands: bool) -> None:
    person, product = make_person(), make_product("orders", lifecycle=Lifecycle.PUBLISHED)
    consumer = make_consumer(owner=person)
    agreement = make_agreement(consumer, product, "analytics")
    Agreement.objects.filter(pk=agreement.pk).update(**columns)

    (known,) = read(person, [product], "analytics")

    assert known.agreement == standing_agreement(consumer.pk, product.pk, "analytics", known.at)
    assert known.agreement == (agreement.pk if stands else None)
