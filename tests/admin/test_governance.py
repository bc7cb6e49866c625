"""What governance does in the admin: policies, trust policies, people. And what owners do beside it."""

import json
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import AccessPolicy, Contract, Person
from tests.admin.cast import Cast, World
from tests.factories import NOW, make_governance, make_policy
from trust.models import TrustPolicyVersion
from trust.verdicts.services.trust_policies import confirm_trust_policy


def messages(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def policy_form(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "product": world.product.pk,
        "name": "agents",
        "effect": "permit",
        "consumer_kinds": ["ai_agent"],
        "purposes": ["ai.retrieval"],
        "minimum_score": "80",
        "obligations": "log-use\r\nno-copies",
        "expires_at_0": "",
        "expires_at_1": "",
        **changed,
    }


def test_an_owner_drafts_and_governance_publishes_and_withdraws(cast: Cast, world: World) -> None:
    assert cast.owner.post("catalog_accesspolicy_add", **policy_form(world)).status_code == 302
    draft = AccessPolicy.objects.get(name="agents")
    assert (draft.status, draft.obligations) == ("draft", ["log-use", "no-copies"])
    cast.owner.post("catalog_accesspolicy_change", draft.pk, **policy_form(world, minimum_score="90"))
    draft.refresh_from_db()
    assert (draft.minimum_score, draft.version) == (90, 1)
    cast.owner.act("catalog_accesspolicy_changelist", "publish", draft)
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert "is in force" in messages(cast.governance.act("catalog_accesspolicy_changelist", "publish", draft))
    draft.refresh_from_db()
    assert (draft.status, draft.published_by) == ("published", cast.governance.person)
    assert cast.owner.post("catalog_accesspolicy_change", draft.pk, **policy_form(world, minimum_score="1")).status_code == 403
    cast.governance.act("catalog_accesspolicy_changelist", "withdraw", draft)
    draft.refresh_from_db()
    assert (draft.status, draft.minimum_score) == ("withdrawn", 90)


def test_a_policy_that_cannot_hold_is_told_in_the_form(cast: Cast, world: World) -> None:
    response = cast.owner.post("catalog_accesspolicy_add", **policy_form(world, effect="forbid", minimum_score="500"))
    assert response.status_code == 200
    assert not AccessPolicy.objects.filter(name="agents").exists()


def test_an_owner_cannot_draft_for_the_product_of_another(cast: Cast, world: World) -> None:
    response = cast.other.post("catalog_accesspolicy_add", **policy_form(world))
    assert response.status_code == 200
    assert not AccessPolicy.objects.filter(name="agents").exists()


def test_governance_publishes_a_new_trust_policy_and_every_product_is_judged_under_it(cast: Cast, world: World) -> None:
    form = cast.governance.get("trust_trustpolicyversion_add").context["adminform"].form
    settings = json.loads(form.fields["settings"].initial)
    settings["minimum_score"] = 95.0
    response = cast.governance.post("trust_trustpolicyversion_add", note="Stricter.", settings=json.dumps(settings))
    assert response.status_code == 302
    current = TrustPolicyVersion.objects.get(is_current=True)
    assert (current.version, current.body["minimum_score"], current.published_by) == (2, 95.0, cast.governance.person)
    assert "v2" in cast.owner.sees("catalog_dataproduct_change", world.product.pk)


def test_a_trust_policy_that_loosens_is_published_by_another_person(cast: Cast, world: World) -> None:
    make_governance()
    settings = json.dumps({"minimum_score": 5})
    assert cast.governance.post("trust_trustpolicyversion_add", note="Looser.", settings=settings).status_code == 302
    proposed = TrustPolicyVersion.objects.get(published_at=None)
    assert "proposed" in cast.governance.sees("trust_trustpolicyversion_changelist")
    cast.governance.act("trust_trustpolicyversion_changelist", "confirm", proposed)
    assert TrustPolicyVersion.objects.get(is_current=True).version == 1
    confirm_trust_policy(version=proposed, actor=make_governance(), now=timezone.now())
    assert TrustPolicyVersion.objects.get(is_current=True).version == 2


@pytest.mark.parametrize("settings", ["{", "[]", '{"minimum_score": 500}', '{"unheard_of": 1}', "{}", "[" * 100_000])
def test_a_trust_policy_that_cannot_judge_is_refused_in_the_form(cast: Cast, settings: str) -> None:
    response = cast.governance.post("trust_trustpolicyversion_add", note="Wrong.", settings=settings)
    assert response.status_code == 200
    assert TrustPolicyVersion.objects.count() == 1


def person_form(person: Person, **changed: Any) -> dict[str, Any]:
    return {
        "username": person.username,
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_staff": "on",
        "is_active": "on",
        "groups": [group.pk for group in person.groups.all()],
        **changed,
    }


def test_governance_gives_roles_but_makes_no_superuser(cast: Cast) -> None:
    stranger, group = cast.stranger.person, cast.owner.person.groups.get()
    form = person_form(stranger, groups=[group.pk], is_superuser="on")
    assert cast.governance.post("catalog_person_change", stranger.pk, **form).status_code == 302
    stranger.refresh_from_db()
    assert list(stranger.groups.all()) == [group]
    assert not stranger.is_superuser


def test_governance_cannot_touch_a_superusers_account_or_password(cast: Cast) -> None:
    root = cast.superuser.person
    assert cast.governance.post("catalog_person_change", root.pk, **person_form(root, is_active="")).status_code == 403
    response = cast.governance.post("auth_user_password_change", root.pk, password1="Tr0ub4dor&3x", password2="Tr0ub4dor&3x")
    assert response.status_code == 403
    root.refresh_from_db()
    assert root.is_active
    assert not root.check_password("Tr0ub4dor&3x")


def test_no_page_shows_a_password_hash_or_a_key_digest(cast: Cast, world: World) -> None:
    cast.owner.person.set_password("swordfish-and-chips")
    cast.owner.person.save()
    for page in ("catalog_person_changelist",):
        assert "pbkdf2" not in cast.auditor.sees(page)
    assert cast.owner.person.password not in cast.auditor.sees("catalog_person_change", cast.owner.person.pk)


def test_a_contract_is_downloaded_as_it_came_by_those_who_may_reach_it(cast: Cast, world: World) -> None:
    original = b"kind: DataContract # <script>\xff"
    contract = Contract.objects.create(
        product=world.product,
        contract_id="../sales",
        version="1.0",
        api_version="v3.0.2",
        status="active",
        original=original,
        sha256="0" * 64,
        not_executable=[{"path": "schema[0]", "rule": "<b>sql</b>", "reason": "SQL is not run."}],
    )
    response = cast.owner.get("catalog_contract_original", contract.pk)
    assert response.content == original
    assert response["Content-Disposition"] == 'attachment; filename="sales-10.odcs.yaml"'
    assert response["Content-Type"] == "application/octet-stream"
    assert cast.other.get("catalog_contract_original", contract.pk).status_code == 404
    assert cast.stranger.get("catalog_contract_original", contract.pk).status_code == 302
    html = cast.owner.sees("catalog_contract_change", contract.pk)
    assert "SQL is not run." in html
    assert "<b>sql</b>" not in html
    assert "1 rule of the contract is not checked" in cast.owner.sees("catalog_dataproduct_change", world.product.pk)


def test_drafts_of_policies_are_seen_but_published_ones_stay(cast: Cast, world: World) -> None:
    draft = make_policy(world.product, "later", is_published=False)
    assert "no longer in force" in messages(cast.governance.act("catalog_accesspolicy_changelist", "withdraw", draft))
    assert not AccessPolicy.objects.filter(pk=draft.pk).exists()
    assert world.policy.published_at is not None
    assert world.policy.published_at == NOW
