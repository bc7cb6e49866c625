"""Products of every kind, mostly good ones with a few things wrong, so that every gate is met on both sides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from catalog.rules.vocabulary import Cadence, Dimension, Effect, Lifecycle, LogicalType, Sensitivity, Severity
from tests.trust.verdicts.rules.factories import (
    DAY,
    HOUR,
    INSTANT,
    NOW,
    OWNER,
    REQUIRED,
    failed_run,
    make_check,
    make_incident,
    make_policy,
    make_port,
    make_product,
    make_run,
    make_upstream,
    make_waiver,
)
from trust.evidence.rules.facts import CheckFacts, FieldFacts, PastRunFacts, PortFacts, RunFacts
from trust.verdicts.rules.facts import PersonFacts, ProductFacts, UpstreamFacts, WaiverFacts
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.rules.waivers import UNWAIVABLE_GATES
from trust.vocabulary import CheckStatus, EvidenceStatus, GateName, VerdictStatus

T = TypeVar("T")

dimensions = st.sampled_from(list(Dimension))
severities = st.sampled_from(list(Severity))
spans = st.sampled_from([timedelta(minutes=10), HOUR, 7 * HOUR, DAY, timedelta(days=1, microseconds=1), 30 * DAY])


def mostly(usual: T, other: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """`usual` nine times out of ten, so that a product with thirty settings is often good and seldom dull."""
    return st.integers(0, 9).flatmap(lambda n: other if n == 7 else st.just(usual))


def moments(earliest: timedelta, latest: timedelta) -> st.SearchStrategy[datetime]:
    """Times around `NOW`, round ones and those a microsecond beside."""
    minutes = st.integers(earliest // timedelta(minutes=1), latest // timedelta(minutes=1))
    beside = st.sampled_from([timedelta(0), INSTANT, -INSTANT])
    return st.builds(lambda n, off: NOW + timedelta(minutes=n) + off, minutes, beside)


past = moments(-400 * DAY, timedelta(0))
recent = moments(-4 * DAY, timedelta(minutes=10))
around = moments(-30 * DAY, 120 * DAY)


@st.composite
def check_results(draw: st.DrawFn, status: CheckStatus | None = None) -> CheckFacts:
    """A check of any dimension, severity and status."""
    dimension, severity = draw(dimensions), draw(severities)
    found = status or draw(st.just(CheckStatus.PASSED) | st.sampled_from(list(CheckStatus)))
    rows = draw(st.sampled_from([None, 0, 1, 3, 1000]))
    bad = None if rows is None else draw(st.integers(0, rows))
    missing = None if rows is None or bad is None else draw(st.sampled_from([None, 0, (rows - bad) // 2]))
    kwargs = dict(make_check(dimension).kwargs)
    if draw(st.integers(0, 4)) == 4:
        kwargs = (
            {"min_value": 0} if dimension is Dimension.VOLUME else kwargs | {"mostly": draw(st.sampled_from([0.5, 0.95, 1.0]))}
        )
    name = draw(st.integers(0, 10**6))
    return make_check(
        dimension,
        id=f"c{name}",
        key=f"key-{name}",
        severity=severity,
        status=found,
        kwargs=kwargs,
        element_count=rows,
        unexpected_count=bad if found is CheckStatus.FAILED else None if rows is None else 0,
        missing_count=missing,
    )


@st.composite
def runs(draw: st.DrawFn) -> RunFacts:
    """A finished run: mostly a good one, with checks dropped and others added."""
    if draw(st.integers(0, 9)) == 9:
        return failed_run(started_at=draw(recent))
    kept = draw(mostly(frozenset(REQUIRED), st.frozensets(st.sampled_from(REQUIRED))))
    base = [check for check in make_run().checks if check.dimension in kept]
    extra = draw(st.lists(check_results(), max_size=4, unique_by=lambda check: check.key))
    started_at = draw(mostly(NOW - HOUR, recent) | mostly(NOW - HOUR, recent) | recent)
    return make_run(
        started_at=started_at,
        finished_at=started_at + timedelta(minutes=1),
        rows=draw(mostly(1000, st.sampled_from([0, 0, 1, None]))),
        evidence_status=draw(mostly(EvidenceStatus.PASSED, st.sampled_from([*EvidenceStatus, None]))),
        data_time=draw(mostly(NOW - 2 * HOUR, st.none() | recent)),
        columns=draw(mostly(make_run().columns, st.just(()))),
        checks=(*base, *extra),
    )


past_run_lists = st.lists(
    st.builds(PastRunFacts, st.integers(0, 999).map(str), past, st.booleans()), max_size=25, unique_by=lambda run: run.id
).map(tuple)
field_lists = st.lists(
    st.builds(
        FieldFacts,
        st.sampled_from(["id", "size", "gone", "mail"]),
        st.sampled_from([None, LogicalType.STRING, LogicalType.INTEGER]),
        st.sampled_from([None, *Sensitivity]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda field: field.name,
).map(tuple)


@st.composite
def ports(draw: st.DrawFn, name: str) -> PortFacts:
    """A port with or without a run."""
    good = make_port(name)
    return make_port(
        name,
        cadence=draw(st.sampled_from(list(Cadence))),
        service_level=draw(mostly(good.service_level, st.none() | spans)),
        schedule_interval=draw(mostly(good.schedule_interval, st.none() | spans)),
        allows_empty=draw(st.booleans()),
        suite_digest=draw(mostly("suite", st.sampled_from([None, "other"]))),
        source_digest=draw(mostly("source", st.just("other"))),
        fields=draw(mostly(good.fields, field_lists)),
        latest_run=draw(mostly(good.latest_run, st.none() | runs()) | runs()),
        pending_run_id=draw(st.sampled_from([None, "run-9"])),
        past_runs=draw(mostly(good.past_runs, past_run_lists)),
    )


@st.composite
def upstreams(draw: st.DrawFn, slug: str) -> UpstreamFacts:
    """An input product in any state."""
    return make_upstream(
        slug,
        is_required=draw(st.booleans()),
        verdict=draw(mostly(VerdictStatus.PRODUCTION_GRADE, st.sampled_from([None, *VerdictStatus]))),
        effective_score=draw(st.sampled_from([None, 0.0, 42.5, 59.0, 80.0, 99.9])),
        valid_until=draw(mostly(NOW + DAY, st.none() | around)),
        failing_path=draw(st.sampled_from([(), (slug,), (slug, "deep"), (slug, "shop-orders")])),
        is_cycle=draw(mostly(False, st.just(True))),
    )


@st.composite
def waivers(draw: st.DrawFn, name: str, keys: list[str]) -> WaiverFacts:
    """A waiver of a gate or of a check, in force or not."""
    keyed = bool(keys) and draw(st.booleans())
    starts_at = draw(mostly(NOW - DAY, around))
    return make_waiver(
        None if keyed else draw(st.sampled_from(list(GateName))),
        draw(st.sampled_from(keys)) if keyed else None,
        id=name,
        starts_at=starts_at,
        expires_at=starts_at + draw(spans),
        owner=draw(mostly(OWNER, st.just(PersonFacts("gone", is_active=False)))),
    )


@st.composite
def products(draw: st.DrawFn) -> ProductFacts:
    """A product with up to three ports, two inputs, two waivers."""
    good = make_product()
    port_names = draw(mostly(["a"], st.sampled_from([["b", "a"], ["c", "a", "b"], []])) | st.just(["b", "a"]))
    found = tuple(draw(ports(name)) for name in port_names)
    keys = sorted({check.key for port in found if port.latest_run for check in port.latest_run.checks})
    return make_product(
        known_at=draw(mostly(NOW, moments(-2 * HOUR, timedelta(0)))),
        lifecycle=draw(mostly(Lifecycle.PUBLISHED, st.sampled_from(list(Lifecycle)))),
        deprecation_ends_at=draw(st.none() | around),
        sensitivity=draw(mostly(good.sensitivity, st.sampled_from([None, *Sensitivity]))),
        has_purpose=draw(mostly(True, st.booleans())),
        owner=draw(mostly(good.owner, st.sampled_from([None, PersonFacts("ana", is_active=False)]))),
        steward=draw(st.sampled_from([None, good.steward])),
        reviewed_at=draw(mostly(good.reviewed_at, st.none() | past)),
        acknowledged_at=draw(mostly(good.acknowledged_at, st.none() | past)),
        acknowledged_by=draw(mostly("ana", st.sampled_from([None, "bob"]))),
        ports=found,
        upstreams=tuple(draw(upstreams(slug)) for slug in draw(st.sampled_from([[], ["parts"], ["parts", "bolts"]]))),
        incidents=draw(mostly((), severities.map(lambda severity: (make_incident(severity),)))),
        waivers=tuple(draw(waivers(name, keys)) for name in draw(st.sampled_from([[], [], ["w1"], ["w2", "w1"]]))),
        policies=draw(
            st.just((make_policy(),))
            | st.builds(
                lambda expires_at, effect: (make_policy(expires_at=expires_at, effect=effect),),
                st.none() | around,
                st.sampled_from(list(Effect)),
            )
        ),
    )


@st.composite
def narrow_products(draw: st.DrawFn) -> ProductFacts:
    """A good product with one fresh run that lacks some dimensions and has a few other checks: where one check tells most."""
    kept = draw(st.frozensets(st.sampled_from(REQUIRED)))
    extra = draw(st.lists(check_results(), max_size=3, unique_by=lambda check: check.key))
    checks = (*(check for check in make_run().checks if check.dimension in kept), *extra)
    critical = draw(st.sampled_from([(), make_port().fields]))
    return make_product(ports=(make_port(fields=critical, latest_run=make_run(checks=checks)),), upstreams=())


@st.composite
def trust_policies(draw: st.DrawFn) -> TrustPolicy:
    """A trust policy: mostly the default, else with gates off and other numbers."""
    gates = draw(mostly(frozenset(GateName), st.frozensets(st.sampled_from(list(GateName))))) | {GateName.EVIDENCE}
    required = draw(mostly(None, st.dictionaries(dimensions, st.sampled_from([0.5, 1.0, 3.0]), max_size=5)))
    policy = TrustPolicy(
        gates=gates,
        critical_field_share=draw(mostly(1.0, st.sampled_from([0.0, 0.5]))),
        minimum_score=draw(mostly(75.0, st.sampled_from([0.0, 30.0, 99.0]))),
        ttl_factor=draw(st.sampled_from([1.0, 1.5])),
        reliability_window=draw(st.sampled_from([1, 20])),
    )
    return policy if required is None else replace(policy, required_dimensions=required)


def any_order(draw: Callable[[st.SearchStrategy[Any]], Any], facts: ProductFacts) -> ProductFacts:
    """The same facts with everything that has no order of its own shuffled."""

    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(draw(st.permutations(items)))

    def shuffled_port(port: PortFacts) -> PortFacts:
        run = port.latest_run
        if run is not None:
            run = replace(run, checks=shuffled(run.checks), columns=shuffled(run.columns))
        return replace(port, fields=shuffled(port.fields), past_runs=shuffled(port.past_runs), latest_run=run)

    return replace(
        facts,
        ports=shuffled(tuple(shuffled_port(port) for port in facts.ports)),
        upstreams=shuffled(facts.upstreams),
        waivers=shuffled(facts.waivers),
    )


WAIVABLE_GATES = sorted(set(GateName) - UNWAIVABLE_GATES)
