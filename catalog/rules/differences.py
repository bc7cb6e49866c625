"""What changed between two claims, one line a value: `sensitivity: internal -> restricted`."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from catalog.rules.texts import cut

_LONGEST = 80


def differences(old: Any, new: Any, *, prefix: str = "", skip: Collection[str] = ()) -> list[str]:
    """`field: old -> new` for each field of two dataclasses of one type that differs, in the order of the fields."""
    return [
        f"{prefix}{field.name}: {shown(getattr(old, field.name))} -> {shown(getattr(new, field.name))}"
        for field in fields(new)
        if field.name not in skip and getattr(old, field.name) != getattr(new, field.name)
    ]


def named_differences(old: Mapping[str, Any], new: Mapping[str, Any], *, kind: str, skip: Collection[str] = ()) -> list[str]:
    """The same for claims that have names: `kind name: added`, `kind name: removed`, `kind name.field: old -> new`."""
    lines = [f"{kind} {name}: removed" for name in old if name not in new]
    for name, claims in new.items():
        if name not in old:
            lines.append(f"{kind} {name}: added")
        else:
            lines += differences(old[name], claims, prefix=f"{kind} {name}.", skip=(*skip, "name"))
    return lines


def shown(value: object) -> str:
    """A value in one line of at most 80 characters: `none`, `empty`, `yes`, `a, b`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        text = ", ".join(json.dumps(one, sort_keys=True) if isinstance(one, Mapping) else str(one) for one in value)
    elif isinstance(value, datetime):
        text = value.isoformat()
    elif isinstance(value, timedelta):
        text = str(value)
    else:
        text = " ".join(str(value).split())
    if not text:
        return "empty"
    return cut(text, _LONGEST)
