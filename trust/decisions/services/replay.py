"""Works a logged answer out again from what is stored, and says where it comes out otherwise. Writes nothing.

The stored facts are judged again under the trust policy that the verdict names, the stored Cedar request is ruled on again
under the stored versions of the policies, and both are put into words again. What was refused before anything was judged, and
the moment of asking, are taken as they were logged: nothing else knows them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.utils.dateparse import parse_duration

from catalog import cedar
from catalog.queries import policies_by_id
from catalog.rules.errors import ConflictError, DomainError
from catalog.rules.obligation import sorted_obligations
from catalog.rules.ruling import PolicyInForce, RulingReason
from catalog.rules.vocabulary import ConsumerKind
from trust.decisions.models.decision import Decision
from trust.decisions.queries.policy_history import rests_until
from trust.decisions.rules.comparison import (
    WORDING_VERSION,
    ReplayDifference,
    answers_without_texts,
    differences,
    without_texts,
)
from trust.decisions.rules.denials import CALLER_CONDITIONS, end_of_condition, unmet_conditions
from trust.decisions.rules.question import Conclusion, Question
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.queries.as_of import verdict_as_of
from trust.verdicts.rules.answer import evidence_at, full_answer, short_answer, valid_only_until, worded
from trust.verdicts.rules.codec import digest, load_facts
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.trust_policy import policy_digest, policy_from_dict
from trust.vocabulary import DecisionChannel

_LONGEST_ANSWERING = timedelta(minutes=5)

_ID_MARK = "\x01"
_OTHER_CODE = (
    "Nothing that was judged or ruled on is missing or changed: either the logged answer was changed, or this version of "
    "Touchstone judges, rules or words otherwise than the one that answered."
)
Word = Callable[[Conclusion, Mapping[str, Any]], Mapping[str, Any]]
"""Puts a finding into the words of its channel, given the stored answer for what only that knows."""


@dataclass(slots=True)
class Reevaluation:
    """What comes out again. `why` collects what was found missing or changed on the way.

    question, at: what was asked, about which moment. outcome None: the answer says nothing of a product. ruling None: no
    policy was asked; else as the log keeps it, with the `policies` that it rests on and the first end of one of them or of the
    agreement.
    """

    decision: Decision
    question: Question
    at: datetime
    outcome: Outcome | None = None
    facts_digest: str | None = None
    is_permitted: bool | None = None
    ruling: Mapping[str, Any] | None = None
    policies: tuple[PolicyInForce, ...] = ()
    obligations: tuple[Mapping[str, Any], ...] = ()
    rests_until: datetime | None = None
    why: list[str] = field(default_factory=list)


def work_out_again(decision: Decision, logged: Mapping[str, Any], now: datetime) -> Reevaluation:
    """`logged`: the part of the stored answer that says what was found."""
    question = _question(decision, logged)
    reevaluation = Reevaluation(decision, question, at=question.as_of or _moment(decision, logged))
    _judge_again(reevaluation, now)
    _rule_again(reevaluation)
    return reevaluation


def valid_until(reevaluation: Reevaluation) -> datetime | None:
    """Until when the answer held by time: the verdict's own end, or that of what was ruled on where it is earlier."""
    outcome, question = reevaluation.outcome, reevaluation.question
    if outcome is None:
        return None
    ends = (reevaluation.rests_until, end_of_condition(question, evidence_at(outcome), reevaluation.at))
    return min([outcome.valid_until, *(end for end in ends if end is not None)])


def _question(decision: Decision, logged: Mapping[str, Any]) -> Question:
    given = decision.question or {}
    error = logged.get("error")
    age = given.get("max_evidence_age")
    refused = [reason for reason in logged.get("reasons", ()) if error and reason["code"] == error["code"]]
    return Question(
        product=decision.product_slug,
        purpose=decision.purpose,
        use_case=decision.use_case,
        action=decision.action,
        minimum_score=given.get("min_score"),
        maximum_evidence_age=None if age is None else parse_duration(age),
        as_of=datetime.fromisoformat(given["as_of"]) if given.get("as_of") else None,
        detail=given.get("detail", "short"),
        properties=given.get("properties", {}),
        subject=decision.subject,
        subject_kind=ConsumerKind(given["subject_kind"]) if given.get("subject_kind") else None,
        refusal=RulingReason(*(refused[0][part] for part in ("code", "message", "remedy"))) if refused else None,
    )


def _moment(decision: Decision, logged: Mapping[str, Any]) -> datetime:
    """The moment that the answer says it is about, where that can be: it was read just before the row was written."""
    asked_at = decision.asked_at
    try:
        stated = datetime.fromisoformat(logged["as_of"])
    except (KeyError, TypeError, ValueError):
        return asked_at
    return stated if stated.tzinfo and abs(asked_at - stated) <= _LONGEST_ANSWERING else asked_at


def _judge_again(reevaluation: Reevaluation, now: datetime) -> None:
    decision, question = reevaluation.decision, reevaluation.question
    if decision.product_id is None:
        return
    if question.as_of is not None:
        try:
            reevaluation.outcome = verdict_as_of(decision.product_slug, question.as_of, now=now)
        except DomainError as error:
            reevaluation.why.append(str(error))
        else:
            reevaluation.facts_digest = reevaluation.outcome.facts_digest
        return
    row = Verdict.objects.select_related("policy").filter(pk=decision.verdict_row_id or 0).first()
    if row is None:
        reevaluation.why.append(f"Verdict {decision.verdict_row_id} is no longer stored.")
        return
    facts, policy = load_facts(row.facts), policy_from_dict(row.policy.body)
    reevaluation.facts_digest = digest(row.facts.encode())
    if reevaluation.facts_digest != row.facts_sha256:
        reevaluation.why.append(f"The facts of verdict {row.pk} are not those that were evaluated: their SHA-256 differs.")
    if policy_digest(policy) != row.policy.digest:
        reevaluation.why.append(
            f"The trust policy v{row.policy.version} is not the one that was published: its digest differs."
        )
    reevaluation.outcome = judge(facts, policy, row.judged_at)


def _rule_again(reevaluation: Reevaluation) -> None:
    stored = reevaluation.decision.ruling
    if stored is None:
        return
    found = policies_by_id(name["id"] for name in stored["policies"])
    reevaluation.rests_until = rests_until(list(found), stored["agreement"])
    reevaluation.policies = policies = tuple(_same_policies(stored["policies"], found, reevaluation.why))
    reevaluation.is_permitted, ids = cedar.rule_again(stored["request"], policies)
    resolved = {policy.id: policy for policy in (cedar.CLEARANCE_RULE, *policies)}
    if reevaluation.is_permitted:
        duties = sorted_obligations(duty for n in ids for duty in resolved[n].obligations)
        reevaluation.obligations = tuple(duty.as_object() for duty in duties)
    reevaluation.ruling = {
        **stored,
        "determining": [asdict(cedar.name_of(resolved[n])) for n in ids],
        "is_permitted": reevaluation.is_permitted,
        "reasons": [asdict(reason) for reason in cedar.explain_again(stored["request"], policies)],
    }


def _same_policies(
    named: Sequence[Mapping[str, Any]], found: Mapping[int, PolicyInForce], why: list[str]
) -> Iterator[PolicyInForce]:
    for name in named:
        policy, called = found.get(name["id"]), f"Access policy {name['name']} v{name['version']} (id {name['id']})"
        if policy is None:
            why.append(f"{called} is no longer stored.")
        else:
            if policy.digest != name["digest"]:
                why.append(f"{called} is not the one that was evaluated: its digest differs.")
            yield policy


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
    """The reasons in the answer that come neither from a gate, nor from a ruling, nor from a condition of the caller."""
    ruled = {(reason["code"], reason["message"]) for reason in (decision.ruling or {}).get("reasons", ())}
    return [
        {part: reason.get(part) for part in ("code", "message", "remedy", "owner")}
        for reason in logged.get("reasons", ())
        if "gate" not in reason and (reason["code"], reason["message"]) not in ruled and reason["code"] not in CALLER_CONDITIONS
    ]


def _finding(reevaluation: Reevaluation, refusals: Sequence[Mapping[str, Any]]) -> Conclusion:
    outcome, ruling = reevaluation.outcome, reevaluation.ruling
    trust = None
    if outcome is not None:
        make = full_answer if reevaluation.question.detail == "full" else short_answer
        trust = make(outcome, reevaluation.at)
        trust = valid_only_until(trust, valid_until(reevaluation) or outcome.valid_until)
    unmet = []
    if outcome is not None:
        found = unmet_conditions(reevaluation.question, outcome.effective_score, evidence_at(outcome), reevaluation.at)
        unmet = [asdict(reason) for reason in found]
    reasons = [*(trust["reasons"] if trust else ()), *refusals, *unmet, *(ruling["reasons"] if ruling else ())]
    is_permitted = not refusals and not unmet and reevaluation.is_permitted is not False
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
    basis = decision.basis
    basis = None if basis is None else {name: basis.get(name) for name in ("facts_digest", "trust_policy")}
    then |= {"ruling": decision.ruling, "obligations": decision.obligations, "basis": basis}
    row_then, row_now = _plain(then), _plain(_columns(reevaluation, conclusion))
    if decision.wording_version != WORDING_VERSION:
        yield from differences(*answers_without_texts(said, json.loads(text)))
        row_then, row_now = without_texts(row_then), without_texts(row_now)
    elif text != decision.answer:
        found = list(differences(said, json.loads(text)))
        yield from found or [ReplayDifference("", decision.answer, text)]  # the same values, written otherwise
    yield from differences(row_then, row_now, "row")


def _columns(reevaluation: Reevaluation, conclusion: Conclusion) -> dict[str, Any]:
    """The columns of the log that the finding leads to."""
    outcome = reevaluation.outcome
    gates = [gate.code for gate in outcome.open_gates] if outcome else []
    basis = None
    if outcome is not None and reevaluation.decision.basis is not None:
        basis = {"facts_digest": reevaluation.facts_digest, "trust_policy": reevaluation.decision.basis.get("trust_policy")}
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


def _plain(values: Mapping[str, Any]) -> Any:
    """As JSON gives it back: one shape for what comes from the database and what is worked out."""
    return msgspec.json.decode(msgspec.json.encode(values))
