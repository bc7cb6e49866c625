"""Judges some products within the transaction that holds their current rows, and writes what came out.

What judgements may look at is read for all of them at once; then each is judged in memory, on the fresh answers of those that
were judged before it; then all rows are written at once. The number of statements does not depend on the number of products.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from trust.evidence.models.run import Run
from trust.verdicts.models.verdict import CurrentVerdict, TrustPolicyVersion, Verdict
from trust.verdicts.queries.basis import basis_of, contracts_of
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.product_facts import Gathered, gather
from trust.verdicts.queries.upstreams import Answer, Input, answers_about, inputs_of, upstream_facts
from trust.verdicts.rules.answer import evidence_at, stored_text
from trust.verdicts.rules.codec import dump_facts, dump_outcome, load_facts, load_outcome
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.services.recalls import VerdictChange, note_verdict_changes
from trust.vocabulary import GateStatus


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out for one product: `row` says so, be it new or the one that stood `before`.

    moment: of the judgement. leans_on_stale: an input that is not built from the product waits to be judged: this answer must
    not be shown yet.
    """

    current: CurrentVerdict
    before: Verdict | None
    row: Verdict
    outcome: Outcome
    moment: datetime
    leans_on_stale: bool

    @property
    def is_new(self) -> bool:
        return self.row is not self.before


@dataclass(slots=True)
class JudgingContext:
    """Some products whose current rows are held, and everything that judging them may look at.

    answers: about their inputs; `judge` puts what it finds in the place of what was read.
    """

    now: datetime
    policy_row: TrustPolicyVersion
    policy: TrustPolicy
    inputs: Mapping[int, Sequence[Input]]
    answers: dict[int, Answer]
    gathered: Gathered
    before: Mapping[int, Verdict]
    contracts: Mapping[int, list[dict[str, object]]]
    judged_anew: set[int] = field(default_factory=set)

    def judge(self, current: CurrentVerdict, *, run: Run | None = None, cause: str = "") -> Judgement:
        """The judgement of one product, not yet written. Without a `cause` what is known of the product names one.

        A new row is made where the facts, the trust policy or the answer differ from the last row, where that one's time is
        over, and always for a finished `run`. The moment is moved on to the latest judgement that this one can see. Raises
        `ValueError` or `DomainError` where the product cannot be judged.
        """
        product_id = current.product_id
        inputs = self.inputs.get(product_id, ())
        moment = self._moment(current, inputs)
        facts = self.gathered.facts_of(product_id, moment, upstream_facts(inputs, self.answers))
        stored = dump_facts(facts)
        row = before = self.before.get(product_id)
        if row is None or run is not None or not self._still_stands(row, stored, moment):
            outcome = judge(facts, self.policy, moment)
            row = _verdict_row(current, stored, outcome, self.policy_row, run=run, cause=cause or self._cause(current, inputs))
            self.judged_anew.add(product_id)
        else:
            outcome = load_outcome(row.outcome)
        self.answers[product_id] = Answer.of(row, outcome)
        return Judgement(current, before, row, outcome, moment, self.leans_on_stale(product_id, moment))

    def leans_on_stale(self, product_id: int, moment: datetime) -> bool:
        """Whether an input waits to be judged. Inputs in a circle stay out: everybody would wait for everybody."""
        inputs = (one for one in self.inputs.get(product_id, ()) if not one.is_cycle)
        return not all(one.upstream_id in self.answers and self.answers[one.upstream_id].is_current(moment) for one in inputs)

    def write(self, judgements: Sequence[Judgement]) -> None:
        """Write new verdicts and all current rows, and note which recalls open, turn or close."""
        Verdict.objects.bulk_create([found.row for found in judgements if found.is_new])
        for found in judgements:
            self._show(found)
        CurrentVerdict.objects.bulk_create(
            [found.current for found in judgements],
            update_conflicts=True,
            unique_fields=["product"],
            update_fields=[column.name for column in CurrentVerdict._meta.concrete_fields if not column.primary_key],
        )
        note_verdict_changes([VerdictChange(found.before, found.row) for found in judgements if found.is_new], self.policy)

    def _moment(self, current: CurrentVerdict, inputs: Iterable[Input]) -> datetime:
        """`now`, or the latest judgement among the product and its inputs where that is later.

        Between taking the time and getting the locks, others may have judged: a verdict dated before theirs would not count
        what they saw, and the history of a product would run backwards.
        """
        answers = (self.answers.get(one.upstream_id) for one in inputs)
        known = [current.judged_at, *(answer.judged_at for answer in answers if answer)]
        return max([self.now, *(moment for moment in known if moment)])

    def _still_stands(self, row: Verdict, facts: bytes, now: datetime) -> bool:
        """Whether `row` says what a new judgement would: same facts but for the moment of reading, same policy, in its time."""
        if row.policy_id != self.policy_row.id or row.valid_until <= now:
            return False
        return dump_facts(replace(load_facts(row.facts), known_at=now)) == facts

    def _cause(self, current: CurrentVerdict, inputs: Iterable[Input]) -> str:
        if current.verdict_row_id is None:
            return "first judgement"
        changed = current.invalidated or any(self._is_newer(one, current) for one in inputs)
        return "product or policy changed" if changed else "time passed"

    def _is_newer(self, one: Input, current: CurrentVerdict) -> bool:
        """Whether the input was judged after the product was."""
        judged_at = self.answers[one.upstream_id].judged_at if one.upstream_id in self.answers else None
        is_later = judged_at is not None and current.judged_at is not None and judged_at > current.judged_at
        return is_later or one.upstream_id in self.judged_anew

    def _show(self, found: Judgement) -> None:
        """Copy onto the current row what lists and answers are read from.

        Also where the row stands: the product's version and contract are shown, and not judged.
        """
        current, row, outcome = found.current, found.row, found.outcome
        current.verdict_row = row
        current.verdict = row.verdict
        current.raw_score, current.score, current.effective_score = row.raw_score, row.score, row.effective_score
        current.grade = row.grade
        current.failing_gates = row.failing_gates
        current.judged_at, current.valid_until = row.judged_at, row.valid_until
        current.evidence_at = evidence_at(outcome)
        current.body = stored_text(outcome)
        current.reason_codes = [gate.code for gate in outcome.open_gates]
        product_id = current.product_id
        current.basis = basis_of(self.gathered.products[product_id].version, self.contracts.get(product_id, []), outcome)
        # While an input is unjudged nobody is shown this verdict: the change that led to it still waits for its answer.
        current.invalidated = found.leans_on_stale
        current.invalidated_at = (current.invalidated_at or found.moment) if found.leans_on_stale else None


def judging_context(currents: Collection[CurrentVerdict], now: datetime) -> JudgingContext:
    """Everything that judging these products may look at, read after their current rows were locked."""
    ids = [current.product_id for current in currents]
    policy_row, policy = current_policy()
    inputs = inputs_of(ids)
    answers = answers_about({one.upstream_id for ports in inputs.values() for one in ports if not one.is_cycle})
    rows = [current.verdict_row_id for current in currents if current.verdict_row_id is not None]
    return JudgingContext(
        now=now,
        policy_row=policy_row,
        policy=policy,
        inputs=inputs,
        answers=answers,
        gathered=gather(ids, now, window=policy.reliability_window),
        before={row.product_id: row for row in Verdict.objects.filter(pk__in=rows)},
        contracts=contracts_of(ids),
    )


def _verdict_row(
    current: CurrentVerdict, facts: bytes, outcome: Outcome, policy: TrustPolicyVersion, *, run: Run | None, cause: str
) -> Verdict:
    changed_at = current.invalidated_at if current.invalidated else None
    return Verdict(
        product_id=current.product_id,
        verdict=outcome.verdict,
        raw_score=outcome.raw_score,
        score=outcome.score,
        effective_score=outcome.effective_score,
        grade=outcome.grade,
        failing_gates=[gate.gate for gate in outcome.gates if gate.status in {GateStatus.FAILED, GateStatus.UNKNOWN}],
        judged_at=outcome.judged_at,
        valid_until=outcome.valid_until,
        policy=policy,
        run=run,
        cause=cause,
        facts_changed_at=changed_at if changed_at and changed_at < outcome.judged_at else None,
        facts=facts.decode(),
        facts_sha256=outcome.facts_digest,
        outcome=dump_outcome(outcome).decode(),
    )
