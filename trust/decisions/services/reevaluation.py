"""Judges the stored facts of a logged answer and rules on its stored request again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_duration

from catalog import cedar
from catalog.queries import policies_by_id
from catalog.rules.errors import DomainError
from catalog.rules.obligation import sorted_obligations
from catalog.rules.ruling import PolicyInForce, RulingReason
from catalog.rules.vocabulary import ConsumerKind
from trust.decisions.models.decision import Decision
from trust.decisions.queries.agreement_expiry import rests_until
from trust.decisions.rules.question import Question
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.queries.as_of import verdict_as_of
from trust.verdicts.rules.caller_constraints import stricter
from trust.verdicts.rules.codec import digest, load_facts
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.trust_policy import policy_digest, policy_from_dict

_LONGEST_ANSWERING = timedelta(minutes=5)


@dataclass(slots=True)
class Reevaluation:
    """What comes out again. `why` collects what was found missing or changed on the way.

    question, at: what was asked, about which moment. outcome None: nothing was told of a product. ruling None: no policy was
    asked; else as the log keeps it, with the `policies` that it rests on and the first end of one of them or of the agreement.
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
    end = reevaluation.outcome.valid_until if reevaluation.outcome else None
    return min(end, reevaluation.rests_until) if end and reevaluation.rests_until else end


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
            reevaluation.outcome = verdict_as_of(
                decision.product_slug,
                question.as_of,
                now=now,
                minimum_score=question.minimum_score,
                maximum_evidence_age=question.maximum_evidence_age,
            )
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
    if question.minimum_score is None and question.maximum_evidence_age is None:
        reevaluation.outcome = judge(facts, policy, row.judged_at)
        return
    facts, policy = stricter(
        facts, policy, minimum_score=question.minimum_score, maximum_evidence_age=question.maximum_evidence_age
    )
    reevaluation.outcome = judge(facts, policy, reevaluation.at)


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
