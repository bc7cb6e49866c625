"""Policies and guardrails in the admin: readable Cedar, raw texts, and a trial before publishing."""

from dataclasses import replace
from typing import Any

from catalog.models import AccessPolicy
from catalog.services.policies import claims_of_policy, draft_policy
from tests.admin.cast import Cast, World
from tests.trust.decisions.test_policy_trials import log
from tests.trust.logged import make_agent

ADD, CHANGE, LIST = ("catalog_accesspolicy_add", "catalog_accesspolicy_change", "catalog_accesspolicy_changelist")
RAW = 'permit (principal, action, resource == Touchstone::DataProduct::"sales");'


def form(**changed: Any) -> dict[str, Any]:
    return {"name": "rule", "effect": "forbid", "obligations": "", "expires_at_0": "", "expires_at_1": "", **changed}


def test_governance_adds_a_guardrail_that_everybody_reads(cast: Cast, world: World) -> None:
    given = form(minimum_sensitivity="restricted", purposes=["ai.training"], domain=world.product.domain.pk)
    assert cast.governance.post(ADD, **given).status_code == 302
    guardrail = AccessPolicy.objects.get(name="rule")
    assert (guardrail.product, guardrail.minimum_sensitivity) == (None, "restricted")
    assert "is in force" in str(cast.governance.act(LIST, "publish", guardrail).content)
    for visitor in (cast.owner, cast.other, cast.auditor):
        assert "guardrail: Testing, restricted or above" in visitor.sees(LIST)
        assert "resource.sensitivity &gt;= 3" in visitor.sees(CHANGE, guardrail.pk)


def test_an_owner_cannot_add_a_guardrail(cast: Cast, world: World) -> None:
    response = cast.owner.post(ADD, **form())
    assert response.status_code == 200
    assert "This field is required" in response.content.decode()
    assert not AccessPolicy.objects.filter(name="rule").exists()


def test_governance_writes_raw_cedar_and_an_owner_who_sends_it_is_refused(cast: Cast, world: World) -> None:
    given = form(product=world.product.pk, raw_cedar=RAW, effect="permit")
    assert "raw_cedar" not in cast.owner.sees(ADD)
    refused = cast.owner.post(ADD, **given)
    assert "may not write raw Cedar" in refused.content.decode()
    assert "raw_cedar" in cast.governance.sees(ADD)
    wrong = cast.governance.post(ADD, **{**given, "raw_cedar": "permit(principal, action, resource);"})
    assert "must be bound to its data product" in wrong.content.decode()
    assert cast.governance.post(ADD, **given).status_code == 302
    assert AccessPolicy.objects.get(name="rule").is_raw


def test_obligations_with_settings_survive_the_form(cast: Cast, world: World) -> None:
    lines = 'human_review\r\n{"type": "delete_after", "days": 30}'
    given = form(
        product=world.product.pk, effect="permit", consumer_kinds=["person"], purposes=["analytics"], agreement_required="on"
    )
    assert cast.owner.post(ADD, **{**given, "obligations": lines}).status_code == 302
    draft = AccessPolicy.objects.get(name="rule")
    assert draft.obligations == [{"type": "delete_after", "days": 30}, "human_review"]
    assert draft.agreement_required
    assert "delete_after" in cast.owner.sees(CHANGE, draft.pk)
    assert cast.owner.post(CHANGE, draft.pk, **{**given, "obligations": '{"type": '}).status_code == 200
    draft.refresh_from_db()
    assert len(draft.obligations) == 2


def test_the_page_of_a_draft_shows_what_publishing_it_would_have_changed(cast: Cast, world: World) -> None:
    decision = log(world.product, make_agent("robot"))
    claims = replace(claims_of_policy(world.policy), minimum_score=99)
    draft = draft_policy(product=world.product, claims=claims, actor=None)
    for visitor in (cast.owner, cast.governance):
        page = visitor.sees(CHANGE, draft.pk)
        assert "0 would have been a yes instead of a no and 1 a no instead of a yes" in page
        assert f"<td>{decision.pk}</td><td>robot</td>" in page
    assert "instead of a yes" not in cast.auditor.sees(CHANGE, draft.pk)
    assert "instead of a yes" not in cast.owner.sees(CHANGE, world.policy.pk)
