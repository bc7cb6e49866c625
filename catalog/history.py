"""Makes pghistory's contexts (who did what) work with parameters bound on the server.

pghistory 3.9 puts `SELECT set_config(...);` in front of every write and sends both as one statement, which PostgreSQL refuses
to prepare ("cannot insert multiple commands into a prepared statement"). Here the two go one after the other, in one
transaction. `install` is called once, when the apps are ready.

And pghistory gives one context to all that one request does, so that a second act in it would rewrite what the first said of
itself. `act_context` gives each act its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pghistory
from django.db import transaction
from pghistory import config, runtime

_SET_CONTEXT = "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)"


def install() -> None:
    """Replace pghistory's execute wrapper. Safe to call twice."""
    vars(runtime)["_inject_history_context"] = _set_context_first  # no public seam, see the module's docstring


_can_carry_context: Callable[[Any, str], bool] = vars(runtime)["_can_inject_variable"]


def _set_context_first(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,
    context: Mapping[str, Any],
) -> Any:
    cursor = context["cursor"]
    if not _can_carry_context(cursor, sql):
        return execute(sql, params, many, context)
    tracked = runtime._tracker.value  # noqa: SLF001
    metadata = json.dumps(tracked.metadata, cls=config.json_encoder())
    # The setting lasts as long as the transaction: outside of one, this statement gets one of its own.
    with transaction.atomic(using=context["connection"].alias, savepoint=False):
        cursor.cursor.execute(_SET_CONTEXT, (str(tracked.id), metadata))
        return execute(sql, params, many, context)


@contextmanager
def act_context(**said: Any) -> Iterator[None]:
    """A context for one act, which says `said` and what is known of the request around it."""
    tracker = runtime._tracker  # noqa: SLF001
    around = getattr(tracker, "value", None)
    if around is None:
        with pghistory.context(**said):
            yield
        return
    tracker.value = runtime.Context(id=uuid4(), metadata={**around.metadata, **said})
    try:
        yield
    finally:
        tracker.value = around
