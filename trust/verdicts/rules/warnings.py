"""What looks wrong in data that passed its checks: a jump since earlier runs, values that stand for nothing, a lone newest day.

A warning lowers the score a little and closes no gate, unless the trust policy says so: what is unusual need not be wrong.

With more than 6 earlier runs a figure may lie 3.5 robust deviations from their median (1.4826 times the median absolute
deviation; Iglewicz and Hoaglin, 1993), and always within a tolerance: figures that never changed have no deviation. With fewer
runs only coarse jumps count; without any, nothing is compared. Tolerances and factors are our choice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from catalog.rules.moments import shown
from trust.evidence.rules import formatting
from trust.evidence.rules.facts import PortFacts, RunFacts
from trust.evidence.rules.figures import ColumnFigures, RunFigures
from trust.verdicts.rules.evidence_status import AssessedEvidence
from trust.verdicts.rules.outcome import DataWarning

_FEW_RUNS = 6
_DEVIATIONS = 3.5 * 1.4826
_DOUBTFUL_SHARE = 0.01
_NEWEST_DAY_SHARE = 0.05
_LEAST_DAILY_ROWS = 10
_DAY_SECONDS = 86_400
_KEY_LIKE = 0.5
_FORM_CHECKS = {"expect_column_values_to_match_regex", "expect_column_values_to_match_regex_list"}


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure that may jump.

    tolerance: how far from the median of earlier runs it may lie whatever the deviation, from that median and the distance
        between the lowest and the highest value. is_coarse_jump: of the median and the new figure, where earlier runs are few.
    """

    name: str
    code: str
    noun: str
    tolerance: Callable[[float, float], float]
    is_coarse_jump: Callable[[float, float], bool]
    write: Callable[[float], str]


def _changes_by(factor: float, least: float) -> Callable[[float, float], bool]:
    """Whether a figure that is not negative grew or shrank by `factor`, and by `least`."""
    return lambda was, now: (now >= factor * was or factor * now <= was) and abs(now - was) >= least


def _decimal(number: float) -> str:
    return f"{number:,.6g}"


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _share(number: float) -> str:
    return f"{100 * number:.1f}".removesuffix(".0") + "%"


_ROWS = _Figure("rows", "row_count_jumped", "the number of rows", lambda was, _: 0.1 * was, _changes_by(2, least=10), _whole)
_DISTINCT = _Figure(
    "distinct",
    "distinct_count_jumped",
    "the number of distinct values",
    # Wider than others, since it is estimated.
    lambda was, _: max(0.2 * was, 2),
    _changes_by(5, least=4),
    _whole,
)
_MEAN = _Figure(
    "mean",
    "mean_jumped",
    "the mean",
    lambda was, span: 0.1 * max(abs(was), span),
    lambda was, now: was * now > 0 and _changes_by(10, least=0)(abs(was), abs(now)),
    _decimal,
)
_FIGURES = (
    _Figure(
        "missing",
        "missing_share_jumped",
        "the share of missing values",
        lambda *_: 0.05,
        lambda was, now: abs(now - was) > 0.2 - 1e-6,
        _share,
    ),
    _DISTINCT,
    _MEAN,
    # One extreme value moves a lot from run to run.
    _Figure(
        "lowest", "minimum_jumped", "the minimum", lambda was, span: max(0.1 * abs(was), 0.5 * span), lambda *_: False, _decimal
    ),
    _Figure(
        "highest",
        "maximum_jumped",
        "the maximum",
        lambda was, span: max(0.1 * abs(was), 0.5 * span),
        lambda *_: False,
        _decimal,
    ),
)


def warnings_of(items: Iterable[AssessedEvidence]) -> tuple[DataWarning, ...]:
    """The warnings of all ports, sorted by port, field and code. A port that no run speaks for has none."""
    found = [warning for item in items if item.run is not None for warning in _of_port(item, item.run)]
    return tuple(sorted(found, key=lambda warning: (warning.port, warning.field, warning.code)))


def _of_port(assessed: AssessedEvidence, run: RunFacts) -> Iterator[DataWarning]:
    figures, port = run.figures, assessed.port
    if not figures or not figures.rows:
        return
    yield from _jumps(port.name, figures, [one.figures for one in port.past_figures or () if one.figures.rows])
    yield from _doubtful_values(assessed, run, figures)
    yield from _lone_newest_day(port, run, figures)


def _jumps(port: str, now: RunFigures, past: Sequence[RunFigures]) -> Iterator[DataWarning]:
    if not past:
        return
    rows = [float(table.rows) for table in past]
    yield from _jump(_ROWS, port, "", now.rows, rows, 0)
    is_resized = _jumped(_ROWS, now.rows, rows, 0)
    history: dict[str, list[ColumnFigures]] = {}
    for table in past:
        for column in table.columns:
            history.setdefault(column.name, []).append(column)
    for column in now.columns:
        before = history.get(column.name, [])
        spans = [one.highest - one.lowest for one in before if one.highest is not None and one.lowest is not None]
        for figure in _FIGURES:
            new, old = getattr(column, figure.name), _numbers(before, figure.name)
            if new is None or not old:
                continue
            is_key_like = new > _KEY_LIKE * now.rows and median(old) > _KEY_LIKE * median(rows)
            if figure is _DISTINCT and (is_resized or is_key_like):
                continue  # it follows the number of rows
            if figure is _MEAN and _has_moved_on(column, before):
                continue
            yield from _jump(figure, port, column.name, new, old, median(spans) if spans else 0)


def _numbers(columns: Iterable[ColumnFigures], name: str) -> list[float]:
    return [float(value) for column in columns if (value := getattr(column, name)) is not None]


def _has_moved_on(column: ColumnFigures, past: Iterable[ColumnFigures]) -> bool:
    """Whether all values lie above those of earlier runs, as those of a sequence do."""
    highest = _numbers(past, "highest")
    return column.lowest is not None and bool(highest) and column.lowest > max(highest)


def _jumped(figure: _Figure, now: float, past: Sequence[float], span: float) -> bool:
    was = median(past)
    if len(past) <= _FEW_RUNS:
        return figure.is_coarse_jump(was, now)
    deviation = median(abs(one - was) for one in past)
    return abs(now - was) > max(_DEVIATIONS * deviation, figure.tolerance(was, span)) + 1e-9


def _jump(figure: _Figure, port: str, field: str, now: float, past: Sequence[float], span: float) -> Iterator[DataWarning]:
    if not _jumped(figure, now, past, span):
        return
    of_field = f" of {formatting.shorten(field)}" if field else ""
    runs = "the run before" if len(past) == 1 else f"median of {len(past)} runs before"
    was = figure.write(median(past))
    message = f"port {formatting.shorten(port)}: {figure.noun}{of_field} was {was} ({runs}) and is {figure.write(now)}"
    yield DataWarning(port, field, figure.code, f"{message}.")


def _doubtful_values(assessed: AssessedEvidence, run: RunFacts, figures: RunFigures) -> Iterator[DataWarning]:
    """Fields that the contract requires and that hold words, numbers or dates which stand for no value.

    Not where a passed check lists the values that are allowed: then the contract knows them. `NA` alone is in order where a
    passed check demands a form that it has: it is a code too.
    """
    passed = [check for check in run.checks if assessed.passed(check)]

    def passed_on(types: set[str]) -> set[object]:
        return {check.kwargs.get("column") for check in passed if check.type in types}

    required = {field.name for field in assessed.port.fields if field.is_critical}
    required |= {str(name) for name in passed_on({"expect_column_values_to_not_be_null"})}
    listed, formed = passed_on({"expect_column_values_to_be_in_set"}), passed_on(_FORM_CHECKS)
    for column in figures.columns:
        if column.name not in required or column.name in listed:
            continue
        doubtful = column.doubtful - (column.not_available if column.name in formed else 0)
        values = round(figures.rows * (1 - column.missing))
        if doubtful and doubtful >= _DOUBTFUL_SHARE * values:
            name, port = formatting.shorten(column.name), formatting.shorten(assessed.port.name)
            message = (
                f"port {port}: {name} is required, and {doubtful:,} of {formatting.count(values, 'value')} "
                f"({formatting.percent(doubtful, values)}) stand for no value, such as N/A, blank text, -999, infinity, "
                "9999-12-31 or text with \N{REPLACEMENT CHARACTER}."
            )
            yield DataWarning(assessed.port.name, column.name, "doubtful_values", message)


def _lone_newest_day(port: PortFacts, run: RunFacts, figures: RunFigures) -> Iterator[DataWarning]:
    """Whether hardly any row is as new as the newest: one fresh row makes old data look fresh.

    Of a day that is not over when the run begins, only the rows for its past part are expected.
    """
    newest, usual, time = figures.newest_day_rows, figures.median_day_rows, run.data_time
    if newest is None or usual is None or usual < _LEAST_DAILY_ROWS or time is None:
        return
    is_today = time.date() == run.started_at.date()
    began = run.started_at.replace(hour=0, minute=0, second=0, microsecond=0)
    elapsed = (run.started_at - began).total_seconds() / _DAY_SECONDS if is_today else 1.0
    if newest < _NEWEST_DAY_SHARE * usual * elapsed:
        rows = formatting.count(newest, "row")
        message = (
            f"port {formatting.shorten(port.name)}: the newest time stands alone: {rows} on the day of {shown(time)}, "
            f"and {usual:,.6g} on the median day."
        )
        yield DataWarning(port.name, "", "newest_day_alone", message)
