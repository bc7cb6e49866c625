"""Whether a named person is still there, and whether they have said that they answer for something."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.rules.moments import shown
from trust.evidence.rules import formatting
from trust.use_cases.rules.readiness.context import ReadinessContext
from trust.use_cases.rules.readiness.facts import Presence
from trust.use_cases.rules.readiness.finding import ReadinessFinding, yes
from trust.use_cases.rules.readiness.outcome import Evidence
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer


@dataclass(frozen=True, slots=True)
class Post:
    """What a person is named for.

    title: as a sentence names it, such as `the business owner`. holder: the role with who holds it; replaced_by: who can name
    another.
    """

    title: str
    holder: Responsible
    replaced_by: Responsible


def presence(context: ReadinessContext, person: Presence | None, post: Post) -> ReadinessFinding:
    """No where nobody holds the post or its holder's account is inactive; unknown without a sign of life in time.

    An account that is active proves nobody: the person may have moved on long before somebody closes it.
    """
    title, interval = post.title, context.settings.presence_interval
    if person is None:
        evidence = Evidence("claim", title.removeprefix("the "), "no one named")
        message = f"{title} is not named"
        return ReadinessFinding(Answer.NO, evidence, "nobody_named", message, f"Name {title}", (post.replaced_by,))
    called = person.name or person.username
    if not person.is_active:
        evidence = Evidence("person", person.username, f"{title}, inactive")
        message = f"{title}, {called}, is no longer active"
        return ReadinessFinding(
            Answer.NO, evidence, "person_inactive", message, f"Name another as {title}", (post.replaced_by,)
        )
    seen_at = person.last_seen_at
    seen = shown(seen_at) if seen_at is not None and context.has_happened(seen_at) else ""
    until = context.fresh_until(seen_at, interval)
    if until is None:
        since = f"since {seen}" if seen else "yet"
        evidence = Evidence("person", person.username, f"{title}, not seen {since}")
        message = f"{title}, {called}, has not signed in {since}; sign-in is required every {formatting.span(interval)}"
        remedy = f"Let {called} log in, or name another as {title}"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "not_seen", message, remedy, (post.holder, post.replaced_by))
    return yes(Evidence("person", person.username, f"{title}, seen {seen}"), until)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who said when that they answer for `what`, a noun with its article; `changed_at`: when it last became something else."""

    what: str
    at: datetime | None
    by: str | None
    interval: timedelta
    changed_at: datetime | None = None


def acknowledgement(context: ReadinessContext, owner: Presence | None, said: Acknowledgement, post: Post) -> ReadinessFinding:
    """No where it was never acknowledged, not by the owner of today, or too long ago; unknown where it was before what is
    claimed changed, or where its owner has left since.
    """
    called = (owner.name or owner.username) if owner else "nobody"
    who = (post.holder,) if owner and owner.is_active else (post.replaced_by,)
    remedy = f"Let {called} read {said.what} and acknowledge it"
    if owner is None or not owner.is_active:
        remedy = f"Name an active owner of {said.what}, who acknowledges it"
    if said.at is None or not context.has_happened(said.at):
        evidence, message = Evidence("claim", "acknowledgement", f"{said.what}: never"), f"{said.what} was never acknowledged"
        return ReadinessFinding(Answer.NO, evidence, "never_acknowledged", message, remedy, who)
    when = shown(said.at)
    evidence = Evidence("claim", "acknowledgement", f"{said.what}: by {said.by or 'an unknown person'} at {when}")
    if owner is None or said.by != owner.username:
        message = f"{said.what} was acknowledged by {said.by or 'an unknown person'}, not by {post.title} of today"
        return ReadinessFinding(Answer.NO, evidence, "acknowledged_by_other", message, remedy, who)
    until = context.fresh_until(said.at, said.interval)
    if until is None:
        message = f"the acknowledgement of {said.what} from {when} was due again after {formatting.span(said.interval)}"
        return ReadinessFinding(Answer.NO, evidence, "acknowledgement_overdue", message, remedy, who)
    if not owner.is_active:
        message = f"{called}, who acknowledged {said.what}, is no longer active"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "owner_left", message, remedy, who, until)
    if said.changed_at is not None and said.at < said.changed_at:
        message = f"{said.what} has changed at {shown(said.changed_at)}, after it was acknowledged"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "changed_since", message, remedy, who, until)
    return yes(evidence, until)
