"""One row of a table of cases: facts, and what one question says to them."""

from dataclasses import dataclass

import pytest

from tests.trust.use_cases.rules.factories import answer_to, make_case
from trust.use_cases.rules.readiness.facts import UseCaseFacts
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, ReadinessQuestion, Role


@dataclass(frozen=True)
class Row:
    """The whole of what a reader is told. says, remedy: how the sentences read. who: `role:username`, `role` for a group."""

    name: str
    facts: UseCaseFacts
    answer: Answer
    code: str
    says: str
    remedy: str = ""
    who: tuple[str, ...] = ()


def ok(name: str, facts: UseCaseFacts, says: str) -> Row:
    return Row(name, facts, Answer.YES, "ok", says)


def no(name: str, facts: UseCaseFacts, code: str, says: str, remedy: str, *who: str) -> Row:
    return Row(name, facts, Answer.NO, code, says, remedy, who)


def unknown(name: str, facts: UseCaseFacts, code: str, says: str, remedy: str, *who: str) -> Row:
    return Row(name, facts, Answer.UNKNOWN, code, says, remedy, who)


def no_products(question_takes_consumers: bool = False) -> list[Row]:
    """What every question about products says where none is named; with consumers also where nobody acts."""
    remedy, who = "Name the data products that the use case consumes.", "business_owner:bea"
    rows = [unknown("no product", make_case(products=()), "no_products", "The use case names no product.", remedy, who)]
    if question_takes_consumers:
        remedy = "Name the consumers that act in the use case."
        facts = make_case(consumers=())
        rows.append(unknown("no consumer", facts, "no_consumers", "The use case names no consumer.", remedy, who))
    return rows


def table(rows: dict[ReadinessQuestion, list[Row]]) -> pytest.MarkDecorator:
    """The rows as parameters `question` and `row` of a test."""
    cases = [
        pytest.param(question, row, id=f"{question.value}: {row.answer.value}, {row.name}")
        for question, listed in rows.items()
        for row in listed
    ]
    return pytest.mark.parametrize(("question", "row"), cases)


def assert_row(question: ReadinessQuestion, row: Row) -> None:
    """The question says exactly what the row says."""
    result = answer_to(question, row.facts)
    told = (result.answer, result.code, result.message, result.remedy, tuple(_shown(who) for who in result.responsible))
    assert told == (row.answer, row.code, row.says, row.remedy, row.who)
    assert result.evidence
    assert result.gap is question.gap
    assert result.numbers[row.answer.value] >= 1


def _shown(who: Responsible) -> str:
    return f"{Role(who.role).value}:{who.username}" if who.username else Role(who.role).value
