"""Publishes new versions of the trust policy. A version never changes; every verdict names the one that judged it.

A version that loosens takes two people: one proposes it, another publishes it within two weeks.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.models import Person
from catalog.queries.ownership import is_same_person
from catalog.rules.access_policy import LOOSENING_WAITS
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.services.permissions import how_to_add_one, require_governance, require_identity, require_independence
from catalog.services.recording import recorded
from trust.verdicts.models.verdict import TrustPolicyVersion
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import (
    InvalidTrustPolicyError,
    loosened_settings,
    policy_digest,
    policy_from_dict,
    policy_to_dict,
    with_changes,
)

_LOCK = 7_316_001  # any number that no other advisory lock of this database uses


def publish_trust_policy(*, changes: Mapping[str, Any], note: str, actor: Person | None, now: datetime) -> TrustPolicyVersion:
    """The new current version: the present one with `changes` (settings of `TrustPolicy` as JSON).

    Every product is judged again under it before it is next shown. One that loosens is only proposed, and is in force once
    another person of governance publishes it (`confirm_trust_policy`); the system, which is the operator, needs nobody. Raises
    `ForbiddenError`, `InvalidError` for settings that cannot judge, `ConflictError` where nothing would change.
    """
    require_governance(actor, "publish trust policies")
    if not note.strip():
        raise InvalidError("A trust policy must say why it changes.", remedy="Write a note.", field="note")
    if "version" in changes:
        raise InvalidError(
            "The version of a trust policy is given, not chosen.", remedy="Leave 'version' out.", field="version"
        )
    with recorded("publish_trust_policy", actor):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])  # one after another, each on top of the last
        present, policy = current_policy()
        before = policy_to_dict(policy)
        try:
            new = policy_from_dict({**with_changes(before, changes), "version": present.version + 1})
        except InvalidTrustPolicyError as error:
            raise InvalidError(str(error), remedy="The version in force stays.", code="invalid_trust_policy") from error
        if {**policy_to_dict(new), "version": present.version} == before:
            raise ConflictError(
                f"The trust policy v{present.version} already has these settings.",
                remedy="Change a setting, or leave it as it is.",
                code="trust_policy_unchanged",
            )
        newest = TrustPolicyVersion.objects.order_by("-version").values_list("version", flat=True)[0]
        new = replace(new, version=newest + 1)
        row = TrustPolicyVersion(
            version=new.version, body=policy_to_dict(new), digest=policy_digest(new), note=note.strip(), is_current=False
        )
        if actor is not None and (loosened := loosened_settings(policy, new)):
            _demand_others(actor, loosened)
            row.proposed_at, row.proposed_by, row.based_on = now, actor, present.version
            row.save()
            return row
        return _put_in_force(row, present, actor, now)


def confirm_trust_policy(*, version: TrustPolicyVersion, actor: Person, now: datetime) -> TrustPolicyVersion:
    """The proposed version, in force from `now`: published by another person of governance than the one who proposed it.

    Raises `ForbiddenError`, and `ConflictError` for what is published already, was overtaken by another version or has expired.
    """
    action = f"publish trust policy v{version.version}"
    require_governance(actor, action)
    with recorded("confirm_trust_policy", actor):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        row = TrustPolicyVersion.objects.select_related("proposed_by").get(pk=version.pk)
        present, _ = current_policy()
        if row.published_at is not None:
            raise ConflictError(
                f"The trust policy v{row.version} is published already.",
                remedy="No action needed; propose another version to change it.",
                code="trust_policy_published",
            )
        if row.based_on != present.version:
            raise ConflictError(
                f"The trust policy v{row.version} changes v{row.based_on}, and by now v{present.version} is in force.",
                remedy="Propose the change again, on the version in force.",
                code="trust_policy_superseded",
            )
        if row.proposed_at is not None and row.proposed_at + LOOSENING_WAITS <= now:
            raise ConflictError(
                f"The trust policy v{row.version} was proposed at {shown(row.proposed_at)}, and a proposal expires after "
                f"{LOOSENING_WAITS.days} days.",
                remedy="Propose the change again, if it is still wanted.",
                code="trust_policy_proposal_expired",
            )
        if row.proposed_by is not None and is_same_person(row.proposed_by, actor):
            raise ForbiddenError(
                f"{actor.username} may not {action}: they proposed it, by this or another account, and it loosens the rules.",
                remedy=f"Ask another member of the group 'governance' to publish it.{how_to_add_one(actor)}",
                code="four_eyes",
            )
        require_independence(actor, [row.proposed_by_id], action)
        return _put_in_force(row, present, actor, now)


def _put_in_force(
    row: TrustPolicyVersion, present: TrustPolicyVersion, actor: Person | None, now: datetime
) -> TrustPolicyVersion:
    present.is_current = False
    present.save(update_fields=["is_current"])
    row.is_current, row.published_at, row.published_by = True, now, actor
    if row.pk is None:
        row.save(force_insert=True)
    else:  # nothing else of a version ever changes, and the runtime role may change nothing else
        row.save(update_fields=["is_current", "published_at", "published_by"])
    return row


def _demand_others(actor: Person, loosened: list[str]) -> None:
    """Raise `ForbiddenError` where nobody but `actor` could publish what `actor` proposes."""
    require_identity(actor, "propose a trust policy that loosens the rules")
    if how := how_to_add_one(actor):
        raise ForbiddenError(
            f"{actor.username} may not loosen {', '.join(loosened)} of the trust policy alone: a second person of governance "
            "must publish it.",
            remedy=how.strip(),
            code="four_eyes",
        )
