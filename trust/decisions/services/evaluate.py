"""Weighs one question: who asks about whom, what is fit, what the policies say. Words are for others, and so is the log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from catalog import cedar
from catalog.rules.moments import duration_text
from catalog.rules.ruling import AskedFor, PolicyInForce, Ruling, RulingReason
from trust.decisions.queries.resolved_question import ResolvedQuestion
from trust.decisions.rules import denials
from trust.decisions.rules.question import FOR_OTHERS, Asker, Conclusion, PartInUseCase, Question
from trust.decisions.services.product_status import ProductStatus
from trust.verdicts.rules.answer import valid_only_until
from trust.vocabulary import DecisionChannel, VerdictStatus

NEED_PURPOSE = frozenset({DecisionChannel.EVALUATION, DecisionChannel.EVALUATIONS, DecisionChannel.SEARCH})


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One question with its conclusion and all that the log keeps of it. status None: nothing is said of a product.

    ruling None: no policy was evaluated. is_refused: the answer was no before any policy was.
    """

    resolved: ResolvedQuestion
    conclusion: Conclusion
    status: ProductStatus | None
    ruling: Ruling | None
    is_refused: bool

    @property
    def reason_codes(self) -> tuple[str, ...]:
        """Everything that stands in the way, fitness first, also what the short answer leaves out."""
        open_gates = self.status.reason_codes if self.status else ()
        return (*open_gates, *(reason["code"] for reason in self.conclusion.reasons if "gate" not in reason))


def evaluate(
    resolved: ResolvedQuestion,
    status: ProductStatus | None,
    *,
    asker: Asker,
    subject: str,
    channel: DecisionChannel,
    policies: Mapping[int, PolicyInForce],
) -> Evaluation:
    """The finding. `subject` is the slug that the question is about; `policies` holds those in force by their ids."""
    question = resolved.question
    refusals = _refusals(resolved, asker, subject, channel)
    ruling = None
    if question.purpose is not None and not refusals and status is not None:
        ruling, borrowed = _rule(resolved, question.purpose, status, policies)
        refusals += borrowed
        status = status if ruling is None else _valid_only_until(status, resolved.rests_until)
    unmet: list[RulingReason] = []
    if status is not None:
        at = question.as_of or resolved.at
        unmet = denials.unmet_conditions(question, status.score, status.evidence_at, at)
        status = _valid_only_until(status, denials.end_of_condition(question, status.evidence_at, at))
    reasons = [*(status.trust["reasons"] if status else ()), *map(as_reason, [*refusals, *unmet])]
    if ruling is not None:
        reasons += map(as_reason, ruling.reasons)
    is_permitted = not refusals and not unmet and (ruling is None or ruling.is_permitted)
    conclusion = Conclusion(
        question=question,
        channel=channel,
        subject=subject,
        decision=status is not None and status.verdict is VerdictStatus.PRODUCTION_GRADE and is_permitted,
        trust=status.trust if status else None,
        reasons=tuple(reasons),
        obligations=ruling.obligations if ruling else (),
        determining=tuple(asdict(policy) for policy in ruling.determining) if ruling else (),
        ruling=_logged(resolved, ruling, policies) if ruling else None,
        policies=tuple(policies[n] for n in resolved.policies),
    )
    return Evaluation(resolved, conclusion, status, ruling, is_refused=bool(refusals))


def _valid_only_until(status: ProductStatus, end: datetime | None) -> ProductStatus:
    """The same, valid no longer than what else the answer rests on: policies, an agreement, a condition of the caller."""
    if end is None or status.valid_until is None or status.valid_until <= end:
        return status
    return replace(status, valid_until=end, trust=valid_only_until(status.trust, end))


def as_reason(reason: RulingReason) -> dict[str, Any]:
    return {"code": reason.code, "message": reason.message, "remedy": reason.remedy, "owner": reason.owner}


def _refusals(resolved: ResolvedQuestion, asker: Asker, subject: str, channel: DecisionChannel) -> list[RulingReason]:
    """Why no policy is asked at all."""
    question = resolved.question
    if question.refusal is not None:
        return [question.refusal]
    found = list(_about_subject(resolved, asker, subject))
    if resolved.product is None:
        found.append(denials.product_unknown(question.product))
    if question.purpose is None and channel in NEED_PURPOSE:
        found.append(denials.purpose_missing())
    if question.purpose is not None and not resolved.is_purpose_known:
        found.append(denials.purpose_unknown(question.purpose))
    if question.use_case is not None and resolved.part_in_use_case is PartInUseCase.UNKNOWN:
        found.append(denials.use_case_unknown(question.use_case))
    return found


def _about_subject(resolved: ResolvedQuestion, asker: Asker, subject: str) -> Sequence[RulingReason]:
    kind = resolved.question.subject_kind
    if subject != asker.slug and not resolved.asker_facts.endswith(FOR_OTHERS):
        return [denials.subject_not_asker(subject, asker.slug)]
    if resolved.subject is None or (kind is not None and resolved.subject.subject.kind is not kind):
        return [denials.subject_unknown(subject)]
    return [] if resolved.subject.is_active else [denials.subject_inactive(subject)]


def _rule(
    resolved: ResolvedQuestion, purpose: str, status: ProductStatus, policies: Mapping[int, PolicyInForce]
) -> tuple[Ruling | None, list[RulingReason]]:
    """The ruling, and why the use case that was named does not count where that makes it a no.

    A use case that the subject does not act in permits nothing: what then holds is what holds without it. It still forbids.
    """
    if resolved.subject is None or resolved.product is None:
        return None, []
    asked = AskedFor(
        purpose=purpose,
        score=status.score,
        is_production_grade=status.verdict is VerdictStatus.PRODUCTION_GRADE,
        has_agreement=resolved.agreement is not None,
        use_case=resolved.question.use_case,
    )
    about, in_force = (resolved.subject.subject, resolved.product.resource), tuple(policies[n] for n in resolved.policies)
    ruling = cedar.rule(*about, asked, in_force)
    named = asked.use_case
    if named is None or resolved.part_in_use_case is PartInUseCase.MEMBER or not ruling.is_permitted:
        return ruling, []
    without = cedar.rule(*about, replace(asked, use_case=None), in_force)
    if without.is_permitted:
        return (ruling if without.determining == ruling.determining else without), []
    return without, [denials.not_in_use_case(resolved.subject.subject.slug, named)]


def _logged(resolved: ResolvedQuestion, ruling: Ruling, policies: Mapping[int, PolicyInForce]) -> dict[str, Any]:
    """`Decision.ruling`: all that is needed to rule again."""
    return {
        "request": ruling.request,
        "policies": [asdict(cedar.name_of(policies[n])) for n in resolved.policies],
        "determining": [asdict(policy) for policy in ruling.determining],
        "is_permitted": ruling.is_permitted,
        "reasons": [as_reason(reason) for reason in ruling.reasons],
        "agreement": resolved.agreement,
    }


def asked_for(question: Question) -> dict[str, Any]:
    """`Decision.question`: what else was asked, only what was given."""
    given = {
        "min_score": question.minimum_score,
        "max_evidence_age": question.maximum_evidence_age and duration_text(question.maximum_evidence_age),
        "as_of": question.as_of,
        "detail": question.detail if question.detail != "short" else None,
        "subject_kind": question.subject_kind,
        "properties": question.properties or None,
    }
    return {name: value for name, value in given.items() if value is not None}
