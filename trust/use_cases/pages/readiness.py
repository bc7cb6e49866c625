"""The readiness of one use case for people: the gaps as badges, the questions in words, what blocks, and who must act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.rules.vocabulary import UseCaseStage
from trust.presentation.pages.labels import ANSWERS, GAP_QUESTIONS, GAPS, LEVELS, QUESTIONS, ROLES, Badge
from trust.use_cases.rules.readiness.finding import sentences
from trust.use_cases.rules.readiness.outcome import Assessment, Evidence, GapResult, QuestionResult
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion, Role


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who can do something. username None: the role as a group, or a role that nobody holds."""

    role: Role
    title: str
    username: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One question with its answer, in words."""

    question: ReadinessQuestion
    title: str
    answer: Answer
    code: str
    message: str
    remedy: str
    responsible: tuple[Who, ...]
    steps: tuple[tuple[Who, str], ...]
    needed_for: UseCaseStage
    evidence: tuple[Evidence, ...]
    numbers: Mapping[str, int | float]

    @property
    def badge(self) -> Badge:
        return ANSWERS[self.answer]


@dataclass(frozen=True, slots=True)
class GapLine:
    """One gap: how many of its questions have a yes, and all of them."""

    gap: Gap
    title: str
    asks: str
    level: ReadinessLevel
    yes: int
    no: int
    unknown: int
    questions: tuple[Line, ...]

    @property
    def badge(self) -> Badge:
        return LEVELS[self.level]

    @property
    def total(self) -> int:
        return self.yes + self.no + self.unknown

    @property
    def open(self) -> tuple[Line, ...]:
        return tuple(line for line in self.questions if line.answer is not Answer.YES)

    @property
    def closed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.questions if line.answer is Answer.YES)


@dataclass(frozen=True, slots=True)
class Task:
    question: ReadinessQuestion
    answer: Answer
    remedy: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who must act, with all that they can do. titles: their roles in words."""

    username: str | None
    name: str
    titles: tuple[str, ...]
    tasks: tuple[Task, ...]

    @property
    def remedies(self) -> tuple[str, ...]:
        """What they can do, each once."""
        return tuple(dict.fromkeys(task.remedy for task in self.tasks))


@dataclass(frozen=True, slots=True)
class Panel:
    """The readiness of one use case in short, for a card. next_stage None: there is none that needs to be reached."""

    assessment: Assessment
    gaps: tuple[GapLine, ...]
    summary: str
    next_stage: UseCaseStage | None
    blocks: tuple[Line, ...]

    @property
    def badge(self) -> Badge:
        return LEVELS[self.assessment.level]

    @property
    def weakest(self) -> str:
        return GAPS[self.assessment.weakest]


def panel_of(assessment: Assessment, names: Mapping[str, str] | None = None) -> Panel:
    """The card of an assessment. names: how people are called, by username."""
    gaps = gap_lines(assessment, names or {})
    stage = next_stage(assessment.stage)
    missing = {result.question for result in assessment.missing_for(stage)} if stage else set()
    blocks = tuple(line for gap in gaps for line in gap.questions if line.question in missing)
    return Panel(assessment, gaps, summary_of(assessment), stage, blocks)


def next_stage(stage: UseCaseStage) -> UseCaseStage | None:
    """The next stage that needs readiness; the present one where it is the last; None for a retired use case."""
    if stage is UseCaseStage.RETIRED:
        return None
    return UseCaseStage.PRODUCTION if stage.rank >= UseCaseStage.APPROVED.rank else UseCaseStage.APPROVED


def gap_lines(assessment: Assessment, names: Mapping[str, str]) -> tuple[GapLine, ...]:
    """The gaps in their order, each with its questions in words."""
    by_gap: dict[Gap, list[Line]] = {gap: [] for gap in Gap}
    for result in assessment.questions:
        by_gap[result.gap].append(_line(result, names))
    return tuple(_gap(gap, by_gap[gap.gap]) for gap in assessment.gaps)


def actors_of(gaps: Sequence[GapLine]) -> tuple[Actor, ...]:
    """Who can put right what is open: each once, in the order of what they can do; who has most to do does not come first."""
    found: dict[tuple[str | None, str], tuple[list[str], dict[ReadinessQuestion, Task]]] = {}
    for gap in gaps:
        for line in gap.open:
            for who in line.responsible:
                titles, tasks = found.setdefault((who.username, who.name), ([], {}))
                if who.title not in titles:
                    titles.append(who.title)
                own = [remedy for other, remedy in line.steps if (other.username, other.name) == (who.username, who.name)]
                tasks[line.question] = Task(line.question, line.answer, sentences(own) if own else line.remedy)
    return tuple(
        Actor(username, name, tuple(titles), tuple(tasks.values())) for (username, name), (titles, tasks) in found.items()
    )


def summary_of(assessment: Assessment) -> str:
    """Where the use case stands, in two sentences."""
    yes, total = sum(gap.yes for gap in assessment.gaps), len(assessment.questions)
    no, unknown = sum(gap.no for gap in assessment.gaps), sum(gap.unknown for gap in assessment.gaps)
    if assessment.level is ReadinessLevel.READY:
        return f"All five gaps are closed: every one of the {total} questions has a yes that evidence bears out."
    said = [f"{no} {'has' if no == 1 else 'have'} a no"] * bool(no)
    said += [f"{unknown} cannot be answered, which never counts as good"] * bool(unknown)
    open_gaps = sum(gap.level is not ReadinessLevel.READY for gap in assessment.gaps)
    weakest = GAPS[assessment.weakest].lower()
    return (
        f"{open_gaps} of 5 gaps {'is' if open_gaps == 1 else 'are'} open; the weakest, {weakest}, decides. "
        f"Of {total} questions {yes} {'has' if yes == 1 else 'have'} a yes; {' and '.join(said)}."
    )


def _gap(result: GapResult, lines: Sequence[Line]) -> GapLine:
    return GapLine(
        gap=result.gap,
        title=GAPS[result.gap],
        asks=GAP_QUESTIONS[result.gap],
        level=result.level,
        yes=result.yes,
        no=result.no,
        unknown=result.unknown,
        questions=tuple(lines),
    )


def _line(result: QuestionResult, names: Mapping[str, str]) -> Line:
    return Line(
        question=result.question,
        title=QUESTIONS[result.question],
        answer=result.answer,
        code=result.code,
        message=result.message,
        remedy=result.remedy,
        responsible=tuple(_who(who, names) for who in result.responsible),
        steps=tuple((_who(step.responsible, names), step.remedy) for step in result.steps),
        needed_for=result.needed_for,
        evidence=result.evidence,
        numbers=result.numbers,
    )


def _who(who: Responsible, names: Mapping[str, str]) -> Who:
    title = ROLES[who.role]
    if who.username is None:
        name = title.capitalize() if who.role is Role.GOVERNANCE else f"No one yet: {title}"
        return Who(who.role, title, None, name)
    return Who(who.role, title, who.username, names.get(who.username) or who.username)
