"""Where two JSON values differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """path: JSON Pointer (RFC 6901). then, now: the values there; None where there is nothing, or a null."""

    path: str
    then: Any
    now: Any


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
