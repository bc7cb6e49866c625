"""Walks all measurements of a run in step and answers each round with as few scans as it can."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx.backend import Backend
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.requests import GroupCounts, Groups, Measurement, OrderStatistics, Request, Rows, Scalars, Visit

# One SELECT takes so many aggregates; more would make its plan slow to build. Our choice.
SCALARS_PER_SCAN = 200
CHUNK = 20_000


@dataclass
class Table:
    """The source as SQL sees it, how it was read, and what was already asked of it."""

    backend: Backend
    selectable: sa.FromClause
    columns: Mapping[str, Column]
    answers: dict[Hashable, Any] = field(default_factory=dict)
    reading: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Failed:
    """The answer to a question that the database refused."""

    error: Exception


def run_measurements(table: Table, measurements: Mapping[Hashable, Measurement]) -> dict[Hashable, Any]:
    """The value of each measurement, or the exception that it ended with. One that fails leaves the others alone."""
    outcomes: dict[Hashable, Any] = {}
    waiting: dict[Hashable, tuple[Measurement, Request]] = {}
    for key, measurement in measurements.items():
        _step(key, measurement, None, waiting, outcomes)
    while waiting:
        current, waiting = waiting, {}
        _ask_scalars(table, [request for _, request in current.values() if isinstance(request, Scalars)])
        _ask_order_statistics(table, [request for _, request in current.values() if isinstance(request, OrderStatistics)])
        for key, (measurement, request) in current.items():
            _step(key, measurement, _answer(table, request), waiting, outcomes)
    return outcomes


def _step(
    key: Hashable,
    measurement: Measurement,
    answer: Any,
    waiting: dict[Hashable, tuple[Measurement, Request]],
    outcomes: dict[Hashable, Any],
) -> None:
    try:
        request = measurement.throw(answer.error) if isinstance(answer, _Failed) else measurement.send(answer)
        waiting[key] = (measurement, request)
    except StopIteration as done:
        outcomes[key] = done.value
    except Exception as error:  # whatever goes wrong becomes the evidence `error` of this one check
        outcomes[key] = error


def _answer(table: Table, request: Request) -> Any:
    match request:
        case Scalars():
            answers = {key: table.answers[key] for key in request.expressions}
            failed = next((answer for answer in answers.values() if isinstance(answer, _Failed)), None)
            return failed or answers
        case Groups():
            return _remembered(table, request.key, request, _count_groups)
        case OrderStatistics():
            key = _order_key(request)
            known = table.answers[key]
            return known if isinstance(known, _Failed) else [known[position] for position in request.positions]
        case Rows(key=None):
            return _tried(table, request, _fetch)
        case Rows():
            return _remembered(table, request.key, request, _fetch)
        case Visit():
            return _tried(table, request, _visit)


def _remembered(table: Table, key: Hashable, request: Any, ask: Any) -> Any:
    if key not in table.answers:
        table.answers[key] = _tried(table, request, ask)
    return table.answers[key]


def _tried(table: Table, request: Any, ask: Any) -> Any:
    """The answer, or `_Failed`. A refused statement must not spoil the transaction for the checks that follow."""
    transaction = table.backend.connection.begin_nested() if table.backend.name == "postgres" else None
    try:
        answer = ask(table, request)
    except Exception as error:  # handed to the measurement that asked
        if transaction is not None:
            transaction.rollback()
        return _Failed(error)
    if transaction is not None:
        transaction.commit()
    return answer


def _fetch(table: Table, request: Rows) -> list[Any]:
    return list(table.backend.connection.execute(request.statement).fetchall())


def _visit(table: Table, request: Visit) -> None:
    for rows in table.backend.stream(request.statement, CHUNK):
        request.visitor(rows)


def _ask_scalars(table: Table, requests: list[Scalars]) -> None:
    wanted = {key: expression for request in requests for key, expression in request.expressions.items()}
    missing = [(key, expression) for key, expression in wanted.items() if key not in table.answers]
    for start in range(0, len(missing), SCALARS_PER_SCAN):
        _scan(table, missing[start : start + SCALARS_PER_SCAN])


def _scan(table: Table, questions: list[tuple[Hashable, Any]]) -> None:
    """One scan for all questions. Where the database refuses, halves are tried, down to the one that it cannot answer."""
    labelled = [expression.label(f"s{index}") for index, (_, expression) in enumerate(questions)]
    statement = sa.select(*labelled).select_from(table.selectable)
    row = _tried(table, statement, lambda t, s: t.backend.connection.execute(s).fetchone())
    if not isinstance(row, _Failed):
        table.answers.update(zip((key for key, _ in questions), row, strict=True))
    elif len(questions) == 1:
        table.answers[questions[0][0]] = row
    else:
        middle = len(questions) // 2
        _scan(table, questions[:middle])
        _scan(table, questions[middle:])


def _count_groups(table: Table, request: Groups) -> GroupCounts:
    size = sa.func.count().label("size")
    keys = [table.backend.grouping(column) for column in request.columns]
    labelled = [key.label(f"v{index}") for index, key in enumerate(keys)]
    groups = request.domain.select(size, *labelled, table=table.selectable).group_by(*keys).subquery("sizes")
    repeated = sa.func.sum(groups.c.size).filter(groups.c.size > 1)
    most = table.backend.most_repeated(groups.c.size, [groups.c[f"v{index}"] for index in range(len(keys))])
    wanted = [sa.func.count(), repeated] if most is None else [sa.func.count(), repeated, most.filter(groups.c.size > 1)]
    row = table.backend.connection.execute(sa.select(*wanted).select_from(groups)).one()
    samples = None if most is None else [[found] if len(keys) == 1 else list(found) for found in row[2] or []]
    return GroupCounts(distinct=int(row[0]), repeated_rows=int(row[1] or 0), most_repeated=samples)


def _order_key(request: OrderStatistics) -> Hashable:
    return ("order", request.column.name, request.domain.key)


def _ask_order_statistics(table: Table, requests: list[OrderStatistics]) -> None:
    """One pass for each column and domain, however many quantiles of it are wanted."""
    together: dict[Hashable, list[OrderStatistics]] = {}
    for request in requests:
        together.setdefault(_order_key(request), []).append(request)
    for key, same in together.items():
        known = table.answers.get(key, {})
        wanted = {position for request in same for position in request.positions}
        if isinstance(known, _Failed) or wanted <= known.keys():
            continue
        answer = _tried(table, (same[0], sorted(wanted)), _sorted_values)
        table.answers[key] = answer if isinstance(answer, _Failed) else {**known, **answer}


def _sorted_values(table: Table, asked: tuple[OrderStatistics, list[int]]) -> dict[int, Any]:
    request, positions = asked
    # (i + 1/2) / n lies in the middle of the i-th step of the distribution, so no rounding can pick a neighbour.
    fractions = [(position + 0.5) / request.count for position in positions]
    expression = table.backend.order_statistics(request.column, fractions)
    where = request.column.value.is_not(None)
    statement = request.domain.select(expression, table=table.selectable).where(where)
    values = table.backend.connection.execute(statement).scalar_one()
    return dict(zip(positions, values, strict=True))
