"""Publishes new versions of the trust policy. A version never changes; every verdict names the one that judged it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.models import Person
from catalog.rules.errors import ConflictError, InvalidError
from catalog.services.permissions import require_governance
from catalog.services.recording import recorded
from trust.verdicts.models.verdict import TrustPolicyVersion
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import (
    InvalidTrustPolicyError,
    policy_digest,
    policy_from_dict,
    policy_to_dict,
    with_changes,
)

_LOCK = 7_316_001  # any number that no other advisory lock of this database uses


def publish_trust_policy(*, changes: Mapping[str, Any], note: str, actor: Person | None, now: datetime) -> TrustPolicyVersion:
    """The new current version: the present one with `changes` (settings of `TrustPolicy` as JSON).

    Every product is judged again under it before it is next shown. Raises `ForbiddenError`, `InvalidError` for settings that
    cannot judge, `ConflictError` where nothing would change.
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
        present.is_current = False
        present.save(update_fields=["is_current"])
        return TrustPolicyVersion.objects.create(
            version=new.version,
            body=policy_to_dict(new),
            digest=policy_digest(new),
            note=note.strip(),
            published_at=now,
            published_by=actor,
        )
