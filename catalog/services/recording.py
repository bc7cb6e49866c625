"""One service call, one transaction, one entry in the history that says who did it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from django.db import transaction

from catalog.callers import by_system, said_of_caller
from catalog.history import act_context
from catalog.models import Person

_is_recording: ContextVar[bool] = ContextVar("_is_recording", default=False)


@contextmanager
def recorded(action: str, actor: Person | None, reason: str = "") -> Iterator[None]:
    """A transaction whose changes the history keeps under `action`, `actor` and, where somebody gave one, `reason`: why.

    In a request of the API with `request_id`, and with the `caller` and `key` that sent it.

    A service called by another one joins the outer entry: the history names what was asked for, not its steps.
    """
    with nullcontext() if actor else by_system():
        if _is_recording.get():
            with transaction.atomic():
                yield
            return
        token = _is_recording.set(True)
        said = {"action": action, "actor": "system" if actor is None else actor.username, **said_of_caller()}
        if reason.strip():
            said["reason"] = reason.strip()
        try:
            with act_context(**said), transaction.atomic():
                yield
        finally:
            _is_recording.reset(token)
