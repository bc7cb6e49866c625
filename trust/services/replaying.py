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

from catalog import cedar
from catalog.queries import policies_by_id
from catalog.rules.errors import DomainError, InvalidError
from catalog.rules.obligation import sorted_obligations
from catalog.rules.ruling import PolicyInForce, RulingReason
from catalog.rules.vocabulary import ConsumerKind
from trust.models import Decision, Verdict
from trust.queries.past import verdict_as_of
from trust.rules.answer import full_answer, short_answer, worded
from trust.rules.asking import Finding, Question
from trust.rules.codec import digest, load_facts
from trust.rules.comparing import Difference, differences
from trust.rules.judge import judge
from trust.rules.outcome import Outcome
from trust.rules.stricter import stricter
from trust.rules.trust_policy import policy_digest, policy_from_dict
from trust.rules.vocabulary import DecisionChannel

_LONGEST_ANSWERING = timedelta(minutes=5)
_ID_MARK = "\x01"
_OTHER_CODE = (
    "Nothing that was judged or ruled on is missing or changed: either the logged answer was changed, or this version of "
    "Touchstone judges, rules or words otherwise than the one that answered."
)
Word = Callable[[Finding, Mapping[str, Any]], Mapping[str, Any]]
"""Puts a finding into the words of its channel, given the stored answer for what only that knows."""


@dataclass(frozen=True, slots=True)
class Replay:
    """differences: empty where the answer comes out byte for byte. why: what may have caused them.

    taken_as_logged: what was not worked out again.
    """

    decision_id: int
    differences: tuple[Difference, ...]
    why: tuple[str, ...]
    taken_as_logged: tuple[str, ...]

    @property
    def identical(self) -> bool:
        return not self.differences


@dataclass(slots=True)
class _Remade:
    """What comes out again; `why` collects what was found missing or changed on the way."""

    decision: Decision
    said: Mapping[str, Any]
    question: Question
    at: datetime
    outcome: Outcome | None = None
    facts_digest: str | None = None
    is_permitted: bool | None = None
    ruling: Mapping[str, Any] | None = None
    obligations: tuple[Mapping[str, Any], ...] = ()
    why: list[str] = field(default_factory=list)


def replay(decision: Decision, *, word: Word, now: datetime) -> Replay:
    """The comparison. Raises `InvalidError` for the answer to a search, which is about everything at once."""
    if decision.channel_word is DecisionChannel.SEARCH:
        raise InvalidError(
            f"Decision {decision.pk} answers a search, which asked about everything there was then.",
            remedy="Replay the decisions about single products.",
            code="search_not_replayable",
        )
    said = json.loads(decision.answer)
    logged = said.get("context", said)
    question = _question(decision, logged)
    remade = _Remade(decision, logged, question, at=question.as_of or _moment(decision, logged))
    _judge_again(remade, now)
    _rule_again(remade)
    refusals = _refusals(decision, logged)
    finding = _finding(remade, refusals)
    found = tuple(_differences(remade, finding, said, word(finding, said)))
    taken = ["as_of"] if "as_of" in logged else []
    taken += ["purpose"] if "purpose" in said and isinstance(said["purpose"], dict) else []
    taken += [f"reason {reason['code']}" for reason in refusals]
    why = remade.why or [_OTHER_CODE] if found else []
    return Replay(decision.pk, found, tuple(why), tuple(taken))


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
        maximum_evidence_age=None if age is None else timedelta(seconds=age),
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


def _judge_again(remade: _Remade, now: datetime) -> None:
    decision, question = remade.decision, remade.question
    if decision.product_id is None:
        return
    if question.as_of is not None:
        try:
            remade.outcome = verdict_as_of(
                decision.product_slug,
                question.as_of,
                now=now,
                minimum_score=question.minimum_score,
                maximum_evidence_age=question.maximum_evidence_age,
            )
        except DomainError as error:
            remade.why.append(str(error))
        else:
            remade.facts_digest = remade.outcome.facts_digest
        return
    row = Verdict.objects.select_related("policy").filter(pk=decision.verdict_row_id or 0).first()
    if row is None:
        remade.why.append(f"Verdict {decision.verdict_row_id} is not stored any more.")
        return
    facts, policy = load_facts(row.facts), policy_from_dict(row.policy.body)
    remade.facts_digest = digest(row.facts.encode())
    if remade.facts_digest != row.facts_sha256:
        remade.why.append(f"The facts of verdict {row.pk} are not those that were judged: their SHA-256 differs.")
    if policy_digest(policy) != row.policy.digest:
        remade.why.append(f"The trust policy v{row.policy.version} is not the one that was published: its digest differs.")
    if question.minimum_score is None and question.maximum_evidence_age is None:
        remade.outcome = judge(facts, policy, row.judged_at)
        return
    facts, policy = stricter(
        facts, policy, minimum_score=question.minimum_score, maximum_evidence_age=question.maximum_evidence_age
    )
    remade.outcome = judge(facts, policy, remade.at)


def _rule_again(remade: _Remade) -> None:
    stored = remade.decision.ruling
    if stored is None:
        return
    found = policies_by_id(name["id"] for name in stored["policies"])
    policies = tuple(_same_policies(stored["policies"], found, remade.why))
    remade.is_permitted, ids = cedar.rule_again(stored["request"], policies)
    known = {policy.id: policy for policy in (cedar.CLEARANCE_RULE, *policies)}
    if remade.is_permitted:
        duties = sorted_obligations(duty for n in ids for duty in known[n].obligations)
        remade.obligations = tuple(duty.as_object() for duty in duties)
    remade.ruling = {
        **stored,
        "determining": [asdict(cedar.name_of(known[n])) for n in ids],
        "is_permitted": remade.is_permitted,
        "reasons": [asdict(reason) for reason in cedar.explain_again(stored["request"], policies)],
    }


def _same_policies(
    named: Sequence[Mapping[str, Any]], found: Mapping[int, PolicyInForce], why: list[str]
) -> Iterator[PolicyInForce]:
    for name in named:
        policy, called = found.get(name["id"]), f"Access policy {name['name']} v{name['version']} (id {name['id']})"
        if policy is None:
            why.append(f"{called} is not stored any more.")
        else:
            if policy.digest != name["digest"]:
                why.append(f"{called} is not the one that ruled: its digest differs.")
            yield policy


def _refusals(decision: Decision, logged: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasons in the answer that come neither from a gate nor from a ruling."""
    ruled = {(reason["code"], reason["message"]) for reason in (decision.ruling or {}).get("reasons", ())}
    return [
        {part: reason.get(part) for part in ("code", "message", "remedy", "owner")}
        for reason in logged.get("reasons", ())
        if "gate" not in reason and (reason["code"], reason["message"]) not in ruled
    ]


def _finding(remade: _Remade, refusals: Sequence[Mapping[str, Any]]) -> Finding:
    outcome, ruling = remade.outcome, remade.ruling
    trust = None
    if outcome is not None:
        make = full_answer if remade.question.detail == "full" else short_answer
        trust = make(outcome, remade.at)
    reasons = [*(trust["reasons"] if trust else ()), *refusals, *(ruling["reasons"] if ruling else ())]
    is_permitted = not refusals and remade.is_permitted is not False
    return Finding(
        question=remade.question,
        channel=remade.decision.channel_word,
        subject=remade.decision.subject,
        decision=outcome is not None and outcome.is_production_grade and is_permitted,
        trust=trust,
        reasons=tuple(reasons),
        obligations=remade.obligations,
        determining=tuple(ruling["determining"]) if ruling else (),
        ruling=ruling,
    )


def _differences(remade: _Remade, finding: Finding, said: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Difference]:
    decision = remade.decision
    text = worded(answer).replace(_ID_MARK, str(decision.pk))
    if text != decision.answer:
        told = list(differences(said, json.loads(text)))
        yield from told or [Difference("", decision.answer, text)]  # the same values, written otherwise
    then = {name: getattr(decision, name) for name in ("decision", "verdict", "score", "valid_until", "reason_codes")}
    then |= {"ruling": decision.ruling, "obligations": decision.obligations, "basis": _known(decision.basis)}
    yield from differences(_plain(then), _plain(_columns(remade, finding)), "row")


def _columns(remade: _Remade, finding: Finding) -> dict[str, Any]:
    """The columns of the log that the finding leads to."""
    outcome = remade.outcome
    gates = [gate.code for gate in outcome.open_gates] if outcome else []
    basis = None
    if outcome is not None and remade.decision.basis is not None:
        basis = {"facts_digest": remade.facts_digest, "trust_policy": remade.decision.basis.get("trust_policy")}
        if remade.question.minimum_score is None:  # which is a policy of its own, of no version
            basis["trust_policy"] = {"version": outcome.policy_version, "digest": outcome.policy_digest}
    return {
        "decision": finding.decision,
        "verdict": outcome.verdict if outcome else "unknown",
        "score": outcome.effective_score if outcome else None,
        "valid_until": outcome.valid_until if outcome else None,
        "reason_codes": [*gates, *(reason["code"] for reason in finding.reasons if "gate" not in reason)],
        "ruling": finding.ruling,
        "obligations": finding.obligations,
        "basis": basis,
    }


def _known(basis: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if basis is None else {name: basis.get(name) for name in ("facts_digest", "trust_policy")}


def _plain(values: Mapping[str, Any]) -> Any:
    """As JSON gives it back: one shape for what comes from the database and what is worked out."""
    return msgspec.json.decode(msgspec.json.encode(values))
