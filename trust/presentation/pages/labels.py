"""How judgement is put to people: every state has a word, a symbol and a tone, so that no meaning hangs on a colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from trust.vocabulary import (
    Answer,
    CheckStatus,
    EvidenceStatus,
    Gap,
    GateName,
    GateStatus,
    Part,
    ReadinessLevel,
    ReadinessQuestion,
    Role,
    RunStatus,
    VerdictStatus,
)

NOTHING = "\u2013"


@dataclass(frozen=True, slots=True)
class Badge:
    """`symbol` names a drawing of `parts/symbol.html`; `tone` a colour of the style sheet: good, bad, unsure, quiet."""

    word: str
    symbol: str
    tone: str


VERDICTS: Mapping[str, Badge] = {
    VerdictStatus.PRODUCTION_GRADE: Badge("Production-grade", "yes", "good"),
    VerdictStatus.NOT_PRODUCTION_GRADE: Badge("Not production-grade", "no", "bad"),
    VerdictStatus.UNKNOWN: Badge("Unknown", "ask", "unsure"),
}
STATES: Mapping[str, Badge] = {
    GateStatus.PASSED: Badge("Passed", "yes", "good"),
    GateStatus.FAILED: Badge("Failed", "no", "bad"),
    GateStatus.UNKNOWN: Badge("Unknown", "ask", "unsure"),
    GateStatus.OFF: Badge("Off", "off", "quiet"),
    CheckStatus.ERROR: Badge("Error", "ask", "unsure"),
    CheckStatus.SKIPPED: Badge("Skipped", "off", "unsure"),
    RunStatus.QUEUED: Badge("Queued", "off", "quiet"),
    RunStatus.RUNNING: Badge("Running", "off", "quiet"),
    RunStatus.COMPLETED: Badge("Completed", "yes", "good"),
}
RUNS: Mapping[str, Badge] = {
    **{status: STATES[status] for status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.COMPLETED)},
    RunStatus.FAILED: Badge("Run failed", "ask", "unsure"),
}
EVIDENCE: Mapping[str, Badge] = {
    EvidenceStatus.PASSED: Badge("All checks passed", "yes", "good"),
    EvidenceStatus.FAILED: Badge("Checks failed", "no", "bad"),
    EvidenceStatus.ERROR: Badge("Checks in error", "ask", "unsure"),
}
GAPS: Mapping[Gap, str] = {
    Gap.TRUST: "Data trust",
    Gap.GOVERNANCE: "Governance",
    Gap.OWNERSHIP: "Ownership",
    Gap.WORKFLOW: "Workflow",
    Gap.ACCOUNTABILITY: "Accountability",
}
LEVELS: Mapping[str, Badge] = {
    ReadinessLevel.READY: Badge("Ready", "yes", "good"),
    ReadinessLevel.UNKNOWN: Badge("Unknown", "ask", "unsure"),
    ReadinessLevel.NOT_READY: Badge("Not ready", "no", "bad"),
}
ANSWERS: Mapping[str, Badge] = {
    Answer.YES: Badge("Yes", "yes", "good"),
    Answer.NO: Badge("No", "no", "bad"),
    Answer.UNKNOWN: Badge("Unknown", "ask", "unsure"),
}
GAP_QUESTIONS: Mapping[Gap, str] = {
    Gap.TRUST: "Is it built on production data?",
    Gap.GOVERNANCE: "Is it allowed, and within its terms?",
    Gap.OWNERSHIP: "Does it have accountable owners?",
    Gap.WORKFLOW: "Does it act where the decision is made?",
    Gap.ACCOUNTABILITY: "Is there an owner for its outcomes?",
}
QUESTIONS: Mapping[str, str] = {
    ReadinessQuestion.PRODUCTION_GRADE_NOW: "Is all its data fit for production today?",
    ReadinessQuestion.PRODUCTION_GRADE_SHARE: "Was its data fit nearly all of the time?",
    ReadinessQuestion.NO_PILOT_EXTRACT: "Does it use production data, not a pilot extract?",
    ReadinessQuestion.VALIDATION_RUNS: "Is the data checked automatically and in time?",
    ReadinessQuestion.PURPOSE_PERMITTED: "May the AI use this data for this purpose?",
    ReadinessQuestion.AGREEMENTS_ACTIVE: "Are the required agreements in force?",
    ReadinessQuestion.SENSITIVITY_CLEARED: "Is the AI cleared for data this sensitive?",
    ReadinessQuestion.OBLIGATIONS_CONFIRMED: "Are the conditions of use confirmed as met?",
    ReadinessQuestion.EXPLAINABILITY_DOCUMENTED: "Can its outputs be explained where they must be?",
    ReadinessQuestion.BUSINESS_OWNER_ACTIVE: "Does the decision have an active owner?",
    ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED: "Has that owner acknowledged these claims?",
    ReadinessQuestion.PRODUCT_OWNERS_ACTIVE: "Does all of the data have an active owner?",
    ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED: "Have these owners acknowledged their data?",
    ReadinessQuestion.STEP_NAMED: "Is it clear at which step of the work it acts?",
    ReadinessQuestion.ASKED_FROM_THERE: "Are decisions requested from that step?",
    ReadinessQuestion.ANSWERED_BEFORE_USE: "Did every use have a yes first?",
    ReadinessQuestion.FALLBACK_DECLARED: "Is it clear what happens when data is not fit?",
    ReadinessQuestion.FALLBACK_FOLLOWED: "Was that done whenever the answer was no?",
    ReadinessQuestion.OUTPUTS_OWNER_ACTIVE: "Do the outputs have an active owner?",
    ReadinessQuestion.EXCEPTIONS_OWNER_ACTIVE: "Are exceptions handled by an owner, by a deadline?",
    ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME: "Were exceptions closed in time?",
    ReadinessQuestion.MEASURES_REPORTED: "Is its benefit measured?",
    ReadinessQuestion.RECALLS_ACKNOWLEDGED: "Were warnings about the data acknowledged?",
}
ROLES: Mapping[str, str] = {
    Role.OWNER: "owner of the data",
    Role.STEWARD: "steward of the data",
    Role.GOVERNANCE: "governance",
    Role.BUSINESS_OWNER: "business owner",
    Role.CONSUMER_OWNER: "owner of the AI consumer",
    Role.OUTPUTS_OWNER: "owner of the outputs",
    Role.EXCEPTIONS_OWNER: "owner of exceptions",
    Role.MEASURE_OWNER: "owner of the measure",
}
GATES: Mapping[str, str] = {
    GateName.LIFECYCLE: "Published",
    GateName.EVIDENCE: "Fresh evidence",
    GateName.CRITICAL_CHECKS: "Critical checks",
    GateName.COVERAGE: "Coverage",
    GateName.FRESHNESS: "Freshness of the data",
    GateName.SCORE: "Minimum score",
    GateName.SCHEMA: "Schema matches contract",
    GateName.INCIDENTS: "No open incident",
    GateName.UPSTREAM: "Input products",
    GateName.SENSITIVITY: "Sensitivity classified",
    GateName.POLICY: "Access policy",
    GateName.EXPLAINABILITY: "Purpose written down",
    GateName.REVIEW: "Governance review",
    GateName.OWNER: "Active owner",
    GateName.ACKNOWLEDGEMENT: "Owner's acknowledgement",
}
PARTS: Mapping[Part, tuple[str, str]] = {
    Part.QUALITY: ("Quality", "what the checks found, by dimension"),
    Part.RELIABILITY: ("Reliability", "how often recent runs went well"),
    Part.FRESHNESS: ("Freshness", "how young evidence and data are"),
    Part.COVERAGE: ("Coverage", "how much of what matters is checked"),
    Part.GOVERNANCE: ("Governance", "review, policies, owner, documentation"),
}


def state(status: str) -> Badge:
    """The badge of a gate, a check or a run; a word that is not known shows as itself, in no colour."""
    return STATES.get(status, Badge(status.replace("_", " ").capitalize(), "off", "quiet"))


def _amount(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, length in (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60)):
        # Days up to two months and hours up to two days: "36 hours" says more than "1 day".
        if (number := seconds // length) >= {"day": 1, "hour": 1, "minute": 1}.get(unit, 2) and not (
            unit == "day" and number < 2
        ):
            return f"{number} {unit}{'s' if number != 1 else ''}"
    return "less than a minute"


def ago(moment: datetime, now: datetime) -> str:
    """`3 hours ago`, rounded down; `just now` below a minute and for what lies ahead by the clocks' difference."""
    amount = _amount(now - moment)
    return "just now" if amount == "less than a minute" else f"{amount} ago"


def ahead(moment: datetime, now: datetime) -> str:
    """`in 3 hours`, rounded down; `now` once it has passed."""
    return f"in {_amount(moment - now)}" if moment > now else "now"


def number(value: float | None) -> str:
    """At most one decimal and thin groups of three: `83.4`, `59`, `336,776`; a dash where there is none."""
    if value is None:
        return NOTHING
    rounded = round(value, 1)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,.1f}"


def share(value: float | None) -> str:
    """A percentage (0 to 100) that never rounds to a lie: what is above 0 is never `0%`, below 100 never `100%`."""
    if value is None:
        return NOTHING
    if 0 < value < 0.01:
        return "<0.01%"
    if 99.99 < value < 100:
        return ">99.99%"
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"
