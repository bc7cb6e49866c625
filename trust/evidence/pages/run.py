"""One run as its page shows it: every check with what was asked and found, worst first, with the redacted samples."""

import json
from dataclasses import dataclass

from trust.evidence.models.run import CheckResult, Run
from trust.evidence.pages.checks import CheckLine, check_line, severest_first
from trust.evidence.queries.facts import check_facts_of
from trust.evidence.queries.shown_results import shown_results
from trust.vocabulary import CheckStatus


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A check of a run. `samples` are values that do not hold, as text, redacted by the engine where the field demands it."""

    line: CheckLine
    arguments: str
    samples: tuple[str, ...]
    observed: str


@dataclass(frozen=True, slots=True)
class RunStory:
    lines: tuple[ResultLine, ...]
    counts: dict[str, int]


def run_story(run: Run) -> RunStory:
    """What the run found, but for what its port keeps by now; three queries at most."""
    rows = {str(row.pk): row for row in shown_results(run)}
    facts = severest_first(check_facts_of(row, run.port.name) for row in rows.values())
    lines = tuple(_line(check_line(check), rows[check.id]) for check in facts)
    return RunStory(lines, {status: sum(line.line.facts.status is status for line in lines) for status in CheckStatus})


def _line(line: CheckLine, row: CheckResult) -> ResultLine:
    return ResultLine(
        line=line,
        arguments=_text(row.kwargs),
        samples=tuple(_text(sample) for sample in row.samples),
        observed="" if row.observed_value is None else _text(row.observed_value),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
