"""What changed from one row of the history to the next, in words: field by field, without secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Field, ForeignKey, Model

from catalog.models import ApiKey, Consumer, DataProduct, Domain, OutputPort, Person, UseCase
from catalog.rules.texts import cut
from catalog.services.notifications import shown_target

_LONGEST = 80
_HIDDEN = frozenset({"id", "created_at", "updated_at", "search", "reviewed_claims"})
_SECRET = ("digest", "hash", "sha256", "secret", "token", "password")
"""Parts of the names of fields that are never shown, whatever they hold."""
NAMED: Mapping[type[Model], str] = {
    Person: "username",
    DataProduct: "slug",
    Consumer: "slug",
    UseCase: "slug",
    OutputPort: "name",
    ApiKey: "prefix",
    Domain: "slug",
    Group: "name",
    Permission: "codename",
}
Names = Mapping[type[Model], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changed. old, new: as they are shown."""

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"


def differences(
    model: type[Model], before: Any, event: Any, names: Names, *, hidden: frozenset[str] = frozenset()
) -> list[FieldChange]:
    """The fields in which two rows of the history differ; `before` None: those that hold anything at all.

    hidden: columns that are left out besides those that always are.
    """
    changes = []
    for field in model._meta.concrete_fields:
        if field.attname in _HIDDEN | hidden or any(part in field.attname for part in _SECRET):
            continue
        old, new = (getattr(row, field.attname, None) for row in (before, event))
        if old != new and not (before is None and new in (None, "", [], {}, False)):
            changes.append(FieldChange(str(field.verbose_name), shown(field, old, names), shown(field, new, names)))
    return changes


def shown(field: "Field[Any, Any]", value: Any, names: Names) -> str:
    """A value in a line: people and things by their names, and of an address only what cannot hold a secret."""
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(field, ForeignKey):
        related: Any = field.related_model
        return names.get(related, {}).get(value, str(value))
    if field.name == "webhook_url":
        return shown_target("webhook", str(value))
    text = f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)
    return cut(text, _LONGEST)


def names_in(rows: Iterable[tuple[type[Model], Any]], people: Iterable[int] = ()) -> Names:
    """Names of whom and what these rows of the history name by key: a query for each of the kinds that are named."""
    keys: dict[type[Model], set[int]] = {model: set() for model in NAMED}
    keys[Person].update(people)
    for model, row in rows:
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model in NAMED and (key := getattr(row, field.attname, None)):
                keys[field.related_model].add(key)
    return {
        model: dict(model._default_manager.filter(pk__in=found).values_list("pk", NAMED[model])) if found else {}  # noqa: SLF001
        for model, found in keys.items()
    }


def who(said: Mapping[str, Any], names: Names) -> str:
    """Who acted: a username, `system`, or empty where nobody said. Where a machine did, that machine and who answers for it."""
    user = said.get("user")
    person = str(said.get("actor") or names[Person].get(user if isinstance(user, int) else 0, ""))
    caller = said.get("caller")
    return person if caller in (None, person) else f"{caller} (key {said.get('key', '')}) for {person}"


def action_of(said: Mapping[str, Any]) -> str:
    """What was asked for, in words."""
    return str(said.get("action", "")).replace("_", " ")
