"""Trust flows downstream: deep chains, wide fans and nets of products, judged in bounded batches as one by one."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, InputPort, OutputPort
from catalog.rules.vocabulary import Dimension, Severity
from tests.factories import NOW, make_governed_product
from tests.trust.builders import EXPECTATIONS, loosen_trust_policy, make_ready_port, make_suite, run_badly, run_well
from tests.trust.nets import close_circle, connect, copies_of
from trust.models import CurrentVerdict, Recall, Verdict
from trust.verdicts.queries.as_of import verdict_as_of
from trust.verdicts.queries.product_facts import facts_of
from trust.verdicts.rules.codec import dump_facts, load_facts, load_outcome
from trust.verdicts.rules.lineage import MOST_ON_A_PATH
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.services import judging
from trust.verdicts.services.incidents import open_incident
from trust.verdicts.services.judging import ensure_current, judge_product, judge_stale
from trust.verdicts.services.judging_context import JudgingContext, judging_context
from trust.vocabulary import GateName

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
DEEP, WIDE = 250, 250  # `benchmarks.propagation` goes a thousand deep and ten thousand wide


@pytest.fixture
def light() -> OutputPort:
    """A port with one check, under a trust policy that asks for no more: cheap to judge many times."""
    changes = {"required_dimensions": {Dimension.COMPLETENESS: 1.0}, "critical_field_share": 0.0}
    loosen_trust_policy(changes)
    port = make_ready_port(make_governed_product("origin"))
    make_suite(port, EXPECTATIONS[:1])
    assert run_well(port).verdict == "production_grade"
    return port


def describe(product_id: int, words: str) -> None:
    """Change what decides the gate `explainability`: without words it fails."""
    DataProduct.objects.filter(id=product_id).update(limitations=words)


def verdicts(ids: Sequence[int]) -> set[str]:
    """What may be said of these products: `stale` where an answer is not to be shown."""
    rows = CurrentVerdict.objects.filter(product_id__in=ids)
    return {"stale" if row.invalidated else row.verdict for row in rows.only("invalidated", "verdict")}


def outcome_of(product_id: int) -> Outcome:
    row = CurrentVerdict.objects.select_related("verdict_row").get(product_id=product_id).verdict_row
    assert row is not None
    return load_outcome(row.outcome)


def longest_transaction(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many products each transaction judges from now on."""
    sizes: list[int] = []

    def counted(currents: Any, now: Any) -> Any:
        sizes.append(len(currents))
        return judging_context(currents, now)

    monkeypatch.setattr("trust.verdicts.services.judging.judging_context", counted)
    return sizes


@pytest.mark.slow
def test_a_deep_chain_falls_and_rises_with_its_head(light: OutputPort, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = copies_of(light.product, DEEP)
    connect([(product, upstream) for upstream, product in pairwise(chain)])
    sizes = longest_transaction(monkeypatch)
    describe(chain[0], "")

    ensure_current([chain[-1]], NOW + MINUTE)

    assert verdicts(chain) == {"not_production_grade"}
    last = outcome_of(chain[-1])
    slugs = [f"origin-{number}" for number in range(DEEP, 0, -1)]
    assert list(last.failing_path) == slugs
    assert not last.path_left_out
    gate = next(gate for gate in last.gates if gate.gate == "upstream")
    assert f"the input {slugs[0]} → {slugs[1]} → {DEEP - 3} more → {slugs[-1]} is not production-grade" in gate.message.lower()
    assert len(CurrentVerdict.objects.get(product_id=chain[-1]).body) < 1024
    assert set(Recall.objects.filter(closed_at=None).values_list("product_id", flat=True)) == set(chain)
    assert max(sizes) <= judging.MOST_IN_ONE_TRANSACTION

    describe(chain[0], "Nothing real.")
    assert judge_stale(now=NOW + 2 * MINUTE) == DEEP

    assert verdicts(chain) == {"production_grade"}
    assert not Recall.objects.filter(product_id__in=chain, closed_at=None).exists()


def test_many_products_fall_and_rise_with_what_they_are_all_built_from(light: OutputPort) -> None:
    head = light.product_id
    fan = copies_of(light.product, WIDE)
    connect([(product, head) for product in fan])
    describe(head, "")
    assert verdicts([head, *fan]) == {"stale"}

    assert judge_stale(now=NOW + MINUTE, seconds=600) == WIDE + 1

    assert verdicts([head, *fan]) == {"not_production_grade"}
    assert outcome_of(fan[-1]).failing_path == (f"origin-{WIDE}", "origin")
    assert Recall.objects.filter(closed_at=None, status="fallen").count() == WIDE + 1

    describe(head, "Nothing real.")
    assert verdicts(fan) == {"stale"}
    read = fan[::20]  # a reader asks for some
    ensure_current(read, NOW + 2 * MINUTE)

    assert verdicts([head, *read]) == {"production_grade"}
    assert Recall.objects.filter(closed_at=None).count() == WIDE - len(read)


def test_a_path_longer_than_what_is_kept_loses_its_middle(light: OutputPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trust.verdicts.rules.lineage.MOST_ON_A_PATH", 6)
    chain = copies_of(light.product, 9)
    connect([(product, upstream) for upstream, product in pairwise(chain)])
    describe(chain[0], "")

    ensure_current(chain, NOW + MINUTE)

    last = outcome_of(chain[-1])
    assert last.failing_path == ("origin-9", "origin-8", "origin-7", "origin-3", "origin-2", "origin-1")
    assert last.path_left_out == 3
    assert "origin-9 → origin-8 → 6 more → origin-1" in last.gate(GateName.UPSTREAM).message
    assert MOST_ON_A_PATH == 1_000


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_says_to_the_byte_what_judging_one_by_one_says(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311  which net is tried is no secret
    ids = a_net(chance)
    now = NOW + (timedelta(hours=40) if seed % 3 == 2 else MINUTE)  # at times everything has run out by itself
    started = Verdict.objects.order_by("-id").values_list("id", flat=True).first() or 0

    def told(*, in_batches: bool) -> list[tuple[Any, ...]]:
        with transaction.atomic():
            if in_batches:
                monkeypatch.setattr(judging, "MOST_IN_ONE_TRANSACTION", chance.choice([2, 5, 100]))
                ensure_current(ids, now)
            else:
                for product_id in ids:  # made in this order: inputs first
                    judge_one_as_its_reader_would(product_id)
            found = written(started)
            transaction.set_rollback(True)
        return found

    def judge_one_as_its_reader_would(product_id: int) -> None:
        current = CurrentVerdict.objects.get(product_id=product_id)
        if not current.is_current(now):
            cause = "product or policy changed" if current.invalidated else "time passed"
            judge_product(product_id=product_id, now=now, cause=cause if current.verdict_row_id else "first judgement")

    one_by_one, batch = told(in_batches=False), told(in_batches=True)

    assert batch == one_by_one
    assert batch
    ensure_current(ids, now)
    for current in CurrentVerdict.objects.select_related("verdict_row").filter(product_id__in=ids):
        assert current.verdict_row is not None
        kept = load_facts(current.verdict_row.facts)
        assert dump_facts(facts_of(current.product_id, kept.known_at)) == current.verdict_row.facts.encode()


def a_net(chance: random.Random) -> list[int]:
    """Products in all states, each built from some of those before it."""
    ports = [make_ready_port() for _ in range(9)]
    for number, port in enumerate(ports):
        for upstream in chance.sample(ports[:number], k=min(number, chance.choice([0, 1, 1, 2, 3]))):
            InputPort.objects.create(product=port.product, upstream=upstream.product, required=chance.random() < 0.8)
    deeds: list[Callable[[OutputPort], object]] = [run_well, run_well, run_well, run_badly, str]
    for port in ports:
        chance.choice(deeds)(port)
    ensure_current([port.product_id for port in ports], NOW)
    for port in chance.sample(ports, k=3):
        describe(port.product_id, "")
    make_suite(chance.choice(ports))
    incident = {"title": "Wrong", "severity": Severity.CRITICAL, "actor": None, "now": NOW}
    open_incident(product=chance.choice(ports).product, **incident)  # type: ignore[arg-type]
    return [port.product_id for port in ports]


def written(after: int) -> list[tuple[Any, ...]]:
    """Verdicts after that one, recalls, and the current rows: everything but the ids that a sequence gave."""
    columns = ["facts", "outcome", "judged_at", "valid_until", "cause", "facts_sha256", "failing_gates", "effective_score"]
    rows = Verdict.objects.filter(id__gt=after).order_by("product_id", "judged_at", "id")
    shown = [field.name for field in CurrentVerdict._meta.fields if field.name not in {"verdict_row", "invalidated_at"}]
    return [
        *rows.values_list("product_id", *columns),
        *Recall.objects.order_by("product_id").values_list("product_id", "status", "changed_at", "fallen_at"),
        *((*row[:-1], str(row[-1])) for row in CurrentVerdict.objects.order_by("product_id").values_list(*shown)),
    ]


def test_the_number_of_statements_does_not_grow_with_the_batch() -> None:
    def cost(count: int) -> int:
        port = make_ready_port()
        run_well(port)
        fan = copies_of(port.product, count)
        connect([(product, port.product_id) for product in fan])
        describe(port.product_id, "")
        with CaptureQueriesContext(connection) as queries:
            ensure_current(fan, NOW + MINUTE)
        assert verdicts([port.product_id, *fan]) == {"not_production_grade"}
        return len(queries)

    assert cost(3) == cost(40)


def test_products_with_many_checks_come_a_few_at_a_time(light: OutputPort, monkeypatch: pytest.MonkeyPatch) -> None:
    fan = copies_of(light.product, 10)
    sizes = longest_transaction(monkeypatch)
    facts = CurrentVerdict.objects.select_related("verdict_row").get(product_id=fan[0]).verdict_row.facts  # type: ignore[union-attr]
    monkeypatch.setattr(judging, "_MOST_BYTES", 3 * len(facts.encode()) + 100)
    CurrentVerdict.objects.filter(product_id__in=fan).update(invalidated=True)

    ensure_current(fan, NOW + MINUTE)

    assert max(sizes) == 3
    assert sum(sizes) == 10


def test_the_backlog_is_left_when_the_time_is_over_and_taken_up_at_the_next_call(light: OutputPort) -> None:
    fan = copies_of(light.product, 5)
    CurrentVerdict.objects.filter(product_id__in=fan).update(invalidated=True)

    assert judge_stale(now=NOW + MINUTE, seconds=0) == 0
    assert verdicts(fan) == {"stale"}
    assert judge_stale(now=NOW + MINUTE) == 5


def test_what_is_stale_again_at_once_is_judged_once_per_call(light: OutputPort, monkeypatch: pytest.MonkeyPatch) -> None:
    fan = copies_of(light.product, 3)
    CurrentVerdict.objects.filter(product_id__in=fan).update(invalidated=True)
    write = JudgingContext.write

    def write_and_invalidate(bench: JudgingContext, found: Any) -> None:
        write(bench, found)
        CurrentVerdict.objects.filter(product_id__in=fan).update(invalidated=True)

    monkeypatch.setattr(JudgingContext, "write", write_and_invalidate)

    assert judge_stale(now=NOW + MINUTE, seconds=5) == 3
    assert verdicts(fan) == {"stale"}


def test_what_cannot_be_judged_holds_up_only_what_is_built_from_it(light: OutputPort) -> None:
    broken, below, other = copies_of(light.product, 3)
    connect([(below, broken)])
    make_suite(OutputPort.objects.get(product_id=broken), schedule="every full moon")
    CurrentVerdict.objects.filter(product_id=other).update(invalidated=True)

    assert judge_stale(now=NOW + MINUTE) == 1

    assert (verdicts([broken, below]), verdicts([other])) == ({"stale"}, {"production_grade"})
    with pytest.raises(ValueError, match="every full moon"):
        ensure_current([other, below], NOW + MINUTE)


def test_the_product_whose_score_limits_is_named_down_the_chain(light: OutputPort) -> None:
    first, second, third = copies_of(light.product, 3)
    connect([(second, first), (third, second)])
    run_well(OutputPort.objects.get(product_id=first), NOW + MINUTE, failed=1)
    ensure_current([third], NOW + MINUTE)

    outcome = outcome_of(third)

    assert (outcome.limited_by, outcome.limited_from) == ("origin-2", "origin-1")
    assert not outcome_of(second).limited_from
    assert outcome.effective_score == outcome_of(first).score


def test_what_was_known_of_a_deep_chain_is_asked_without_recursion(light: OutputPort) -> None:
    chain = copies_of(light.product, 300)
    connect([(product, upstream) for upstream, product in pairwise(chain)])
    ensure_current(chain, NOW)

    # At that moment all answers had run out, and nobody had asked.
    outcome = verdict_as_of("origin-300", NOW + timedelta(hours=40), now=NOW + timedelta(hours=41))

    assert outcome.verdict == "unknown"
    assert len(outcome.failing_path) == 1
    assert outcome.gate(GateName.UPSTREAM).code == "upstream_unknown"


def test_a_circle_from_before_it_was_refused_is_judged_in_one_round_and_never_green(light: OutputPort) -> None:
    ring = copies_of(light.product, 120)
    below, first, last = ring.pop(), ring[0], ring[-1]
    connect([(product, upstream) for upstream, product in pairwise(ring)] + [(below, last)])
    close_circle(DataProduct.objects.get(id=first), DataProduct.objects.get(id=last))

    assert judge_stale(now=NOW + MINUTE) == 120
    assert judge_stale(now=NOW + MINUTE) == 0

    assert verdicts([*ring, below]) == {"unknown"}
    assert {outcome_of(product).gate(GateName.UPSTREAM).code for product in ring} == {"upstream_cycle"}
    assert outcome_of(below).failing_path == ("origin-120", "origin-119", "origin-118")
    describe(first, "")
    ensure_current([below], NOW + 2 * MINUTE)
    assert outcome_of(first).verdict == "not_production_grade"


def test_the_database_refuses_a_circle_whoever_writes_it(light: OutputPort) -> None:
    first, second, third = copies_of(light.product, 3)
    connect([(second, first), (third, second)])

    for edges in ([(first, third)], [(first, second)]):
        with pytest.raises(IntegrityError, match="closes a circle"), transaction.atomic():
            connect(edges)
    with pytest.raises(IntegrityError, match="closes a circle"), transaction.atomic():
        InputPort.objects.filter(product_id=second).update(upstream_id=third)

    assert InputPort.objects.filter(product_id__in=[first, second, third]).count() == 2


def test_a_circle_within_one_statement_is_refused_too(light: OutputPort) -> None:
    first, second, third = copies_of(light.product, 3)

    with pytest.raises(IntegrityError, match="closes a circle"), transaction.atomic():
        connect([(second, first), (third, second), (first, third)])

    assert InputPort.objects.count() == 0
