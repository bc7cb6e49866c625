"""By which key the present request acts. The API's authentication says so, once for each request; what is written keeps it.

A person answers for what a machine does (`actor`); the machine did it (`caller`). Nothing here says what either may do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """An API key and its consumer. key: the prefix, which may be shown. is_person: the consumer is a person, who acts in it."""

    key_id: int
    key: str
    consumer_id: int
    consumer: str
    is_person: bool


@dataclass(slots=True)
class _Origin:
    request_id: str
    caller: Caller | None = None


_origin: ContextVar[_Origin | None] = ContextVar("_origin", default=None)


@contextmanager
def request_origin(request_id: str) -> Iterator[None]:
    """Around one request, before anybody knows who sent it."""
    token = _origin.set(_Origin(request_id))
    try:
        yield
    finally:
        _origin.reset(token)


def set_caller(caller: Caller) -> None:
    """The key that the present request was sent with. Outside of a request there is none."""
    origin = _origin.get()
    if origin is not None:
        origin.caller = caller


@contextmanager
def by_system() -> Iterator[None]:
    """Around what the system does by itself in a request: whoever sent that has no part in it."""
    origin = _origin.get()
    token = _origin.set(origin and _Origin(origin.request_id))
    try:
        yield
    finally:
        _origin.reset(token)


def machine() -> Caller | None:
    """The caller of the present request, where it is a machine: no person with a session or a key of their own."""
    origin = _origin.get()
    caller = origin.caller if origin else None
    return None if caller is None or caller.is_person else caller


def machine_key() -> int | None:
    """The id of the machine's key: what a row keeps beside the person who answers for it."""
    caller = machine()
    return caller.key_id if caller else None


def said_of_caller() -> dict[str, str]:
    """What the history keeps of the present request: its id, and the consumer and key that sent it."""
    origin = _origin.get()
    if origin is None:
        return {}
    said = {"request_id": origin.request_id} if origin.request_id else {}
    return said | ({"caller": origin.caller.consumer, "key": origin.caller.key} if origin.caller else {})
