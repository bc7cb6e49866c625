"""Works a logged answer out again from what is stored, and says where it comes out otherwise. Writes nothing.

The stored facts are judged again under the trust policy that the verdict names, the stored Cedar request is ruled on again
under the stored versions of the policies, and both are put into words again. What was refused before anything was judged, and
the moment of asking, are taken as they were logged: nothing else knows them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from catalog.rules.errors import ConflictError
from trust.decisions.models.decision import Decision
from trust.decisions.rules.comparison import (
    WORDING_VERSION,
    ReplayDifference,
    answers_without_texts,
    differences,
    without_texts,
)
from trust.decisions.rules.question import Conclusion
from trust.decisions.services.reevaluation import Reevaluation, valid_until, work_out_again
from trust.verdicts.rules.answer import full_answer, short_answer, valid_only_until, worded
from trust.vocabulary import DecisionChannel

_ID_MARK = "\x01"
_OTHER_CODE = (
    "Nothing that was judged or ruled on is missing or changed: either the logged answer was changed, or this version of "
    "Touchstone judges, rules or words otherwise than the one that answered."
)
Word = Callable[[Conclusion, Mapping[str, Any]], Mapping[str, Any]]
"""Puts a finding into the words of its channel, given the stored answer for what only that knows."""


@dataclass(frozen=True, slots=True)
class Replay:
    """differences: empty where the answer comes out byte for byte. why: what may have caused them.

    taken_as_logged: what was not worked out again. The texts are among them where the answer has another wording version.
    """

    decision_id: int
    differences: tuple[ReplayDifference, ...]
    why: tuple[str, ...]
    taken_as_logged: tuple[str, ...]

    @property
    def identical(self) -> bool:
        return not self.differences


def replay(decision: Decision, *, word: Word, now: datetime) -> Replay:
    """The comparison. Raises `ConflictError` for the answer to a search, which is about everything at once."""
    if decision.channel_word is DecisionChannel.SEARCH:
        raise ConflictError(
            f"Decision {decision.pk} answers a search, which cannot be replayed.",
            remedy="Replay the decisions about single products.",
            code="search_not_replayable",
        )
    said = json.loads(decision.answer)
    logged = said.get("context", said)
    reevaluation = work_out_again(decision, logged, now)
    refusals = _refusals(decision, logged)
    conclusion = _finding(reevaluation, refusals)
    found = tuple(_differences(reevaluation, conclusion, said, word(conclusion, said)))
    taken = ["as_of"] if "as_of" in logged else []
    taken += ["purpose_coverage"] if "purpose_coverage" in said and reevaluation.ruling is None else []
    taken += [f"reason {reason['code']}" for reason in refusals]
    if decision.wording_version != WORDING_VERSION:
        taken.append(f"texts (wording version {decision.wording_version}; this is version {WORDING_VERSION})")
    why = reevaluation.why or [_OTHER_CODE] if found else []
    return Replay(decision.pk, found, tuple(why), tuple(taken))


def _refusals(decision: Decision, logged: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasons in the answer that come neither from a gate nor from a ruling."""
    ruled = {(reason["code"], reason["message"]) for reason in (decision.ruling or {}).get("reasons", ())}
    return [
        {part: reason.get(part) for part in ("code", "message", "remedy", "owner")}
        for reason in logged.get("reasons", ())
        if "gate" not in reason and (reason["code"], reason["message"]) not in ruled
    ]


def _finding(reevaluation: Reevaluation, refusals: Sequence[Mapping[str, Any]]) -> Conclusion:
    outcome, ruling = reevaluation.outcome, reevaluation.ruling
    trust = None
    if outcome is not None:
        make = full_answer if reevaluation.question.detail == "full" else short_answer
        trust = make(outcome, reevaluation.at)
        trust = valid_only_until(trust, valid_until(reevaluation) or outcome.valid_until)
    reasons = [*(trust["reasons"] if trust else ()), *refusals, *(ruling["reasons"] if ruling else ())]
    is_permitted = not refusals and reevaluation.is_permitted is not False
    return Conclusion(
        question=reevaluation.question,
        channel=reevaluation.decision.channel_word,
        subject=reevaluation.decision.subject,
        decision=outcome is not None and outcome.is_production_grade and is_permitted,
        trust=trust,
        reasons=tuple(reasons),
        obligations=reevaluation.obligations,
        determining=tuple(ruling["determining"]) if ruling else (),
        ruling=ruling,
        policies=reevaluation.policies,
    )


def _differences(
    reevaluation: Reevaluation, conclusion: Conclusion, said: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[ReplayDifference]:
    decision = reevaluation.decision
    text = worded(answer).replace(_ID_MARK, str(decision.pk))
    then = {name: getattr(decision, name) for name in ("decision", "verdict", "score", "valid_until", "reason_codes")}
    then |= {"ruling": decision.ruling, "obligations": decision.obligations, "basis": _known(decision.basis)}
    row_then, row_now = _plain(then), _plain(_columns(reevaluation, conclusion))
    if decision.wording_version != WORDING_VERSION:
        yield from differences(*answers_without_texts(said, json.loads(text)))
        row_then, row_now = without_texts(row_then), without_texts(row_now)
    elif text != decision.answer:
        told = list(differences(said, json.loads(text)))
        yield from told or [ReplayDifference("", decision.answer, text)]  # the same values, written otherwise
    yield from differences(row_then, row_now, "row")


def _columns(reevaluation: Reevaluation, conclusion: Conclusion) -> dict[str, Any]:
    """The columns of the log that the finding leads to."""
    outcome = reevaluation.outcome
    gates = [gate.code for gate in outcome.open_gates] if outcome else []
    basis = None
    if outcome is not None and reevaluation.decision.basis is not None:
        basis = {"facts_digest": reevaluation.facts_digest, "trust_policy": reevaluation.decision.basis.get("trust_policy")}
        if reevaluation.question.minimum_score is None:  # which is a policy of its own, of no version
            basis["trust_policy"] = {"version": outcome.policy_version, "digest": outcome.policy_digest}
    return {
        "decision": conclusion.decision,
        "verdict": outcome.verdict if outcome else "unknown",
        "score": outcome.effective_score if outcome else None,
        "valid_until": valid_until(reevaluation),
        "reason_codes": [*gates, *(reason["code"] for reason in conclusion.reasons if "gate" not in reason)],
        "ruling": conclusion.ruling,
        "obligations": conclusion.obligations,
        "basis": basis,
    }


def _known(basis: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if basis is None else {name: basis.get(name) for name in ("facts_digest", "trust_policy")}


def _plain(values: Mapping[str, Any]) -> Any:
    """As JSON gives it back: one shape for what comes from the database and what is worked out."""
    return msgspec.json.decode(msgspec.json.encode(values))
