"""The words of each channel, for whoever replays a logged answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.authzen.wording import decision_of
from api.v1.trust_words import trust_words
from trust.models import Decision
from trust.rules.asking import Finding
from trust.rules.vocabulary import DecisionChannel
from trust.services.replaying import Replay, replay


def replay_decision(decision: Decision, *, now: datetime) -> Replay:
    """Raises `InvalidError` for the answer to a search."""
    return replay(decision, word=_word, now=now)


def _word(finding: Finding, said: Mapping[str, Any]) -> Mapping[str, Any]:
    if finding.channel in {DecisionChannel.EVALUATION, DecisionChannel.EVALUATIONS}:
        return decision_of(finding)
    words = trust_words(finding)
    if finding.ruling is None and "purpose" in said:  # which policies were in force then is logged with a ruling only
        words["purpose"] = said["purpose"]
    return words
