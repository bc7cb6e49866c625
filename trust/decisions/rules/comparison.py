"""Where two JSON values differ, and what is left of an answer without its texts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WORDING_VERSION = 2
"""Of the texts in answers. Raise it when a text changes, with a migration that sets `invalidated` on every current verdict: the
answers that are stored there hold the old texts."""

_TEXTS = frozenset({"message", "remedy", "reason_user", "cause", "note"})
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """path: JSON Pointer (RFC 6901). then, now: the values there; None where there is nothing, or a null."""

    path: str
    then: Any
    now: Any


def without_texts(value: Any) -> Any:
    """The same JSON value without the members that hold text for people."""
    if isinstance(value, Mapping):
        return {name: without_texts(item) for name, item in value.items() if name not in _TEXTS}
    return [without_texts(item) for item in value] if isinstance(value, list | tuple) else value


def answers_without_texts(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Any, Any]:
    """Two answers about the same product without their texts.

    A short answer shows as many gates and waivers as fit beside their texts: both keep as many as the shorter one shows. The
    column `reason_codes` names every gate.
    """
    if "context" in then and "context" in now:
        contexts = answers_without_texts(then["context"], now["context"])
        old, new = ({**answer, "context": context} for answer, context in zip((then, now), contexts, strict=True))
        return old, new
    both = [without_texts(answer) for answer in (then, now)]
    if "gate_results" not in then:
        gates = min(sum("gate" in reason for reason in answer.get("reasons", ())) for answer in both)
        waivers = min(len(answer.get("waivers", ())) for answer in both)
        for answer in both:
            others = [reason for reason in answer["reasons"] if "gate" not in reason]
            answer["reasons"] = [reason for reason in answer["reasons"] if "gate" in reason][:gates] + others
            answer["waivers"] = answer.get("waivers", [])[:waivers]
            answer.pop("more_reasons", None)
            answer.pop("more_waivers", None)
    return both[0], both[1]


def differences(then: Any, now: Any, path: str = "") -> Iterator[ReplayDifference]:
    """Every place where plain JSON values differ, as deep as they can be told apart; lists of another length as a whole."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for name in [*then, *(name for name in now if name not in then)]:
            step = f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from differences(then.get(name, _ABSENT), now.get(name, _ABSENT), step)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for position, (old, new) in enumerate(zip(then, now, strict=True)):
            yield from differences(old, new, f"{path}/{position}")
    elif isinstance(then, bool) != isinstance(now, bool) or then != now:
        yield ReplayDifference(path, None if then is _ABSENT else then, None if now is _ABSENT else now)
