"""Which stage of life may follow which. Draft → published → deprecated → retired, and three decisions of ours.

A deprecation can be taken back, because that only gives consumers something. A draft can be retired, because nobody builds on
it. A published product cannot be retired at once, because its consumers must be warned first. Retired is final: a slug that
comes back with other data behind it would be believed for its past.
"""

from collections.abc import Mapping

from catalog.rules.vocabulary import Lifecycle

TRANSITIONS: Mapping[Lifecycle, frozenset[Lifecycle]] = {
    Lifecycle.DRAFT: frozenset({Lifecycle.PUBLISHED, Lifecycle.RETIRED}),
    Lifecycle.PUBLISHED: frozenset({Lifecycle.DEPRECATED}),
    Lifecycle.DEPRECATED: frozenset({Lifecycle.PUBLISHED, Lifecycle.RETIRED}),
    Lifecycle.RETIRED: frozenset(),
}


class LifecycleTransitionError(ValueError):
    """A step that the lifecycle does not allow. The message says what is allowed instead."""


def can_move(current: Lifecycle, target: Lifecycle) -> bool:
    """Whether `target` may follow `current`; staying where one is always may, so that registering twice changes nothing."""
    return target is current or target in TRANSITIONS[current]


def demand_move(current: Lifecycle, target: Lifecycle) -> None:
    """Raise `LifecycleTransitionError` unless `target` may follow `current`."""
    if can_move(current, target):
        return
    allowed = " or ".join(sorted(TRANSITIONS[current]))
    rest = f"from {current} it can only become {allowed}" if allowed else "retired is final; register a new product instead"
    raise LifecycleTransitionError(f"A {current} data product cannot become {target}: {rest}.")
