"""The questions of the gap `accountability`: who answers for the outputs, and does anybody see what comes of them?"""

from catalog.rules.moments import shown
from trust.evidence.rules import formatting
from trust.use_cases.rules.readiness.context import INSTANT, ReadinessContext, held_by
from trust.use_cases.rules.readiness.facts import ExceptionFacts, MeasureFacts, RecallFacts
from trust.use_cases.rules.readiness.finding import Answered, ReadinessFinding, conclude, nothing_named, yes
from trust.use_cases.rules.readiness.outcome import Evidence
from trust.use_cases.rules.readiness.persons import Post, presence
from trust.vocabulary import Answer, ReadinessQuestion, Role


def outputs_owner_active(context: ReadinessContext) -> Answered:
    """Whether somebody active answers for what the AI puts out."""
    owner = context.facts.outputs_owner
    post = Post("the owner of the outputs", held_by(Role.OUTPUTS_OWNER, owner), context.business_owner)
    passed = "The outputs have an active owner."
    return conclude(ReadinessQuestion.OUTPUTS_OWNER_ACTIVE, [presence(context, owner, post)], passed)


def exceptions_owner_active(context: ReadinessContext) -> Answered:
    """Whether somebody active handles exceptions, and by when is said."""
    owner, within = context.facts.exceptions_owner, context.facts.exceptions_within
    post = Post("the owner of exceptions", held_by(Role.EXCEPTIONS_OWNER, owner), context.business_owner)
    findings, passed = [presence(context, owner, post)], ""
    if within is None:
        message, remedy = "exceptions have no deadline", "Set a deadline for exceptions"
        evidence = Evidence("claim", "exceptions_within", "not said")
        findings.append(ReadinessFinding(Answer.NO, evidence, "no_time_limit", message, remedy, (context.business_owner,)))
    else:
        passed = f"Exceptions have an active owner and are handled within {formatting.span(within)}."
    return conclude(ReadinessQuestion.EXCEPTIONS_OWNER_ACTIVE, findings, passed)


def exceptions_closed_in_time(context: ReadinessContext) -> Answered:
    """No where an exception is overdue or was closed too late; unknown while nothing shows that any would be recorded."""
    facts = context.facts
    findings = [_exception(context, exception) for exception in facts.exceptions]
    in_time = sum(
        e.closed_at is not None and context.has_happened(e.closed_at) and e.closed_at <= e.due_at for e in facts.exceptions
    )
    if facts.uses > 0:
        findings.append(yes(Evidence("use", facts.slug, f"{formatting.count(facts.uses, 'use')} reported")))
    elif not in_time:
        evidence = Evidence("exception", facts.slug, "none closed, no use reported")
        message = "no exception was closed yet and no use was reported, so nothing shows that exceptions are dealt with"
        remedy = "Let the consumers report their uses, and record exceptions of outputs"
        who = context.askers
        findings.append(ReadinessFinding(Answer.UNKNOWN, evidence, "nothing_recorded", message, remedy, who))
    count = len(facts.exceptions)
    passed = (
        f"{formatting.count(count, 'exception')}, none of them late."
        if count
        else f"{formatting.count(facts.uses, 'use')} reported, no exception."
    )
    numbers = {"exceptions": count, "closed_in_time": in_time, "uses": facts.uses}
    return conclude(ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME, findings, passed, numbers)


def measures_reported(context: ReadinessContext) -> Answered:
    """No without measures, or where one has no value reported within its interval; a new one has a first interval for it."""
    findings = [_measure(context, measure) for measure in context.facts.measures]
    if not findings:
        evidence, remedy = Evidence("claim", "measures", "none"), "Name at least one measure with a target and an owner"
        message = "the use case names no measure, so its benefit is not visible"
        findings = [ReadinessFinding(Answer.NO, evidence, "no_measures", message, remedy, (context.business_owner,))]
    passed = "Every measure has a value that was reported within its interval."
    return conclude(ReadinessQuestion.MEASURES_REPORTED, findings, passed, {"measures": len(context.facts.measures)})


def recalls_acknowledged(context: ReadinessContext) -> Answered:
    """No where a recall was not acknowledged in time, unknown while there is time. Recalls are ours: none sent is a yes."""
    findings = nothing_named(context, consumers=True) + [_recall(context, recall) for recall in context.facts.recalls]
    if not findings:
        findings = [yes(Evidence("recall", context.facts.slug, "none sent"))]
    count = len(context.facts.recalls)
    passed = (
        f"{formatting.all_of(count, 'recall')} {'was' if count == 1 else 'were'} acknowledged."
        if count
        else "No product of the use case was recalled."
    )
    return conclude(ReadinessQuestion.RECALLS_ACKNOWLEDGED, findings, passed, {"recalls": count})


def _exception(context: ReadinessContext, exception: ExceptionFacts) -> ReadinessFinding:
    """Closed late counts by the window that ends when the facts were read: the passing of time forgives nothing."""
    name, due = f"exception {exception.id}", shown(exception.due_at)
    closed_at = exception.closed_at if context.has_happened(exception.closed_at) else None
    who = (
        held_by(Role.EXCEPTIONS_OWNER, context.facts.exceptions_owner),
        held_by(Role.OUTPUTS_OWNER, context.facts.outputs_owner),
    )
    if closed_at is None:
        evidence = Evidence("exception", str(exception.id), f"open, due {due}")
        if context.now > exception.due_at:
            message, remedy = f"{name} is open and was due at {due}", f"Close {name} and describe how"
            return ReadinessFinding(Answer.NO, evidence, "exception_overdue", message, remedy, who)
        return yes(evidence, exception.due_at + INSTANT)
    evidence = Evidence("exception", str(exception.id), f"closed {shown(closed_at)}, due {due}")
    if closed_at > exception.due_at and closed_at >= context.facts.known_at - context.settings.exception_window:
        message, remedy = f"{name} was closed at {shown(closed_at)}, due was {due}", "Close exceptions in time from now on"
        return ReadinessFinding(Answer.NO, evidence, "exception_closed_late", message, remedy, who)
    return yes(evidence)


def _measure(context: ReadinessContext, measure: MeasureFacts) -> ReadinessFinding:
    who = (held_by(Role.MEASURE_OWNER, measure.owner),)
    remedy, interval = f"Report a value of {measure.name}", formatting.span(measure.interval)
    if measure.value is None or not context.has_happened(measure.observed_at) or measure.observed_at is None:
        evidence = Evidence("outcome", measure.name, "no value")
        young_until = context.fresh_until(measure.created_at, measure.interval)
        if young_until is None:
            message = f"the measure {measure.name} has no value, though one is due each {interval}"
            return ReadinessFinding(Answer.NO, evidence, "never_reported", message, remedy, who)
        message = f"the measure {measure.name} has no value yet; the first is due by {shown(young_until - INSTANT)}"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "not_yet_reported", message, remedy, who, young_until)
    says = f"{measure.value:g}{f' {measure.unit}' if measure.unit else ''} at {shown(measure.observed_at)}"
    evidence = Evidence("outcome", measure.name, says)
    until = context.fresh_until(measure.observed_at, measure.interval)
    if until is None:
        message = f"the measure {measure.name} was last observed at {shown(measure.observed_at)}; one is due each {interval}"
        return ReadinessFinding(Answer.NO, evidence, "report_overdue", message, remedy, who)
    return yes(evidence, until)


def _recall(context: ReadinessContext, recall: RecallFacts) -> ReadinessFinding:
    name, sent = f"the recall of {recall.product} that {recall.consumer} was sent", shown(recall.sent_at)
    if context.has_happened(recall.acknowledged_at):
        return yes(Evidence("recall", str(recall.id), f"acknowledged by {recall.consumer}"))
    owner = context.owner_of_consumer(recall.consumer)
    within = context.settings.recall_acknowledged_within
    evidence = Evidence("recall", str(recall.id), f"not acknowledged by {recall.consumer}")
    ends_at, remedy = recall.sent_at + within + INSTANT, f"Let {recall.consumer} acknowledge the recall of {recall.product}"
    if ends_at <= context.now:
        message = f"{name} at {sent} was not acknowledged within {formatting.span(within)}"
        return ReadinessFinding(Answer.NO, evidence, "recall_not_acknowledged", message, remedy, (owner,))
    message = f"{name} at {sent} waits to be acknowledged"
    return ReadinessFinding(Answer.UNKNOWN, evidence, "recall_waits", message, remedy, (owner,), ends_at)
