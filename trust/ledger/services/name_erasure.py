"""Erases the name of a person who left, on a lawful request: a pseudonym takes its place in rows and history alike.

What is replaced: usernames, e-mail addresses and full names that the person ever had, wherever they stand as words of their own
in text or JSON. What is kept as it is, because others rely on its bytes: contracts, suites and policies. They are counted.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.models import Consumer, DataProduct, Person, UseCase
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Lifecycle
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.queries import ledger_rows
from trust.ledger.queries.ledger_rows import Source
from trust.ledger.rules.erasures import ErasedRow, Erasures
from trust.ledger.services.erasures import demand_superuser, record, unprotected
from trust.vocabulary import ErasureKind

CONTEXTS = "pghistory_context"
BYTES_COUNT = frozenset(
    {"catalog_accesspolicy", "catalog_accesspolicyevent", "catalog_contract", "trust_suite", "trust_trustpolicyversion"}
)
"""Others rely on their digests, or on the text as it was published."""
_NEVER = frozenset({"catalog_person", "django_migrations", "trust_erasure", "trust_ledgerbatch", "trust_signingkey"})
_AS_TEXT = ("text", "character varying", "json", "jsonb", "text[]", "character varying[]")
# A word of its own: no part of a longer name or address.
_BEFORE, _AFTER = r"(?<![\w@+-])(?<!\w\.)", r"(?![\w@+-])(?!\.\w)"
_ACCOUNT_HISTORY = str(Person.pgh_event_models["insert"]._meta.db_table)  # type: ignore[attr-defined]  # set by pghistory

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class NameErasure:
    """What was erased: rows by table, those of them that the ledger had sealed, and rows that still hold the name, by table."""

    pseudonym: str
    rows: Mapping[str, int]
    sealed: int
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    id_column: str
    id_type: str
    columns: Mapping[str, str]  # those that can hold a name: to their types


def erase_person(*, person: Person, reason: str, actor: Person, now: datetime) -> NameErasure:
    """Put a pseudonym in the place of the person's name. Takes the rights of the tables' owner, and cannot be undone.

    Raises `ForbiddenError` for all but superusers, and `ConflictError` while the account is open or answers for something, and
    for a name that something else has too.
    """
    demand_superuser(actor, f"erase the name of {person.username}")
    reason = demand_reason(reason, "Erasing a name")
    names = _names_of(person)
    _demand_gone(person, names)
    pseudonym = f"erased-{person.pk}"
    # In JSON, with and without escapes for what is not ASCII.
    written = names | {json.dumps(name, ensure_ascii=is_ascii)[1:-1] for name in names for is_ascii in (True, False)}
    pattern = _BEFORE + "(?:" + "|".join(re.escape(name) for name in sorted(written, key=len, reverse=True)) + ")" + _AFTER
    said = _without(reason, pattern, pseudonym)
    with recorded("erase_person", actor, said):
        tables = _tables()
        found = {table: ids for table, one in tables.items() if (ids := _holding(one, pattern, person))}
        with unprotected([*found]):
            sealed = _sealed_leaves(found)
            for table, ids in found.items():
                _replace(tables[table], ids, pattern, pseudonym)
            _clear_account(person, pseudonym)
            erased = _erased_rows(sealed)
            record(kind=ErasureKind.NAME, erasures=Erasures(erased=erased), reason=said, by=actor, now=now)
        left = _left(pattern)
    return NameErasure(pseudonym, {table: len(ids) for table, ids in found.items()}, len(erased), left)


def _names_of(person: Person) -> frozenset[str]:
    events = Person.pgh_event_models["insert"].objects.filter(pgh_obj_id=person.pk)  # type: ignore[attr-defined]
    rows = [*events.values_list("username", "first_name", "last_name", "email", "email_to_confirm")]
    rows.append((person.username, person.first_name, person.last_name, person.email, person.email_to_confirm))
    words = {
        word.strip()
        for username, first, last, *addresses in rows
        for word in (username, f"{first} {last}", *addresses, *map(str.lower, addresses))
    }
    return frozenset(word for word in words if word and word != f"erased-{person.pk}")


def _demand_gone(person: Person, names: frozenset[str]) -> None:
    if person.is_active:
        raise ConflictError(
            f"The account of {person.username} is open.",
            remedy=f"Close it first: `bin/manage close_account {person.username}`.",
        )
    owned = DataProduct.objects.filter(owner=person).exclude(lifecycle=Lifecycle.RETIRED).exists()
    consumers = Consumer.objects.filter(owner=person).exclude(kind=ConsumerKind.PERSON)
    if (
        owned
        or consumers.exclude(status=ConsumerStatus.RETIRED).exists()
        or UseCase.objects.filter(business_owner=person).exists()
    ):
        raise ConflictError(
            f"{person.username} still answers for something.",
            remedy=f"Hand it over first: `bin/manage hand_over {person.username} --to USERNAME`.",
        )
    slugs = (
        Consumer.objects.exclude(kind=ConsumerKind.PERSON, owner=person).filter(slug__in=names).values_list("slug", flat=True)
    )
    taken = [*DataProduct.objects.filter(slug__in=names).values_list("slug", flat=True), *slugs]
    taken += UseCase.objects.filter(slug__in=names).values_list("slug", flat=True)
    if taken:
        raise ConflictError(
            f"{taken[0]} is also the name of a product, consumer or use case, whose rows cannot be told from the person's.",
            remedy="Such a name cannot be erased by this command.",
        )


def _tables() -> dict[str, _Table]:
    """Every table with columns that can hold a name, and one column as its key."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, k.attname, format_type(k.atttypid, NULL), json_object_agg(a.attname, t.word)
            FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            CROSS JOIN LATERAL (SELECT regexp_replace(format_type(a.atttypid, a.atttypmod), '\\(\\d+\\)', '') AS word) t
            JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
            JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY(i.indkey) AND (i.indnkeyatts = 1 OR k.attname = 'id')
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND t.word = ANY(%s)
            GROUP BY 1, 2, 3 ORDER BY 1
            """,
            [list(_AS_TEXT)],
        )
        rows = cursor.fetchall()
    return {row[0]: _Table(*row) for row in rows if row[0] not in BYTES_COUNT | _NEVER}


def _holding(table: _Table, pattern: str, person: Person) -> list[Any]:
    """Keys of the rows that hold a name."""
    conditions = [f"{_name(column)}::text ~ %s" for column in table.columns]
    values: list[Any] = [pattern] * len(conditions)
    if table.name == _ACCOUNT_HISTORY:
        conditions.append("pgh_obj_id = %s")
        values.append(person.pk)
    key = _name(table.id_column)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {_name(table.name)} WHERE {' OR '.join(conditions)} ORDER BY {key}", values)
        return [row[0] for row in cursor.fetchall()]


def _sealed_leaves(found: Mapping[str, Sequence[Any]]) -> dict[tuple[Source, tuple[str, ...]], dict[int, str]]:
    """The leaves of the sealed rows that will change, by their table and the columns that their batch covers."""
    changed = {}
    for source in ledger_rows.sources():
        ids = set(found.get(source.table, ()))
        if CONTEXTS in found and source.id_column == "pgh_id":
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT pgh_id FROM {_name(source.table)} WHERE pgh_context_id = ANY(%s::uuid[])", [list(found[CONTEXTS])]
                )
                ids |= {row[0] for row in cursor.fetchall()}
        changed[source.table] = (source, ids)
    ledger_rows.pin_forms()
    leaves: dict[tuple[Source, tuple[str, ...]], dict[int, str]] = {}
    for segments in LedgerBatch.objects.order_by("number").values_list("segments", flat=True):
        for segment in segments:
            if not segment["count"] or segment["source"] not in changed:
                continue
            source, ids = changed[segment["source"]]
            if inside := [pk for pk in ids if segment["after"] < pk <= segment["to"]]:
                columns = tuple(segment["columns"])
                leaves.setdefault((source, columns), {}).update(ledger_rows.leaves_of(source, columns, inside))
    return leaves


def _erased_rows(before: Mapping[tuple[Source, tuple[str, ...]], Mapping[int, str]]) -> tuple[ErasedRow, ...]:
    rows = []
    for (source, columns), leaves in before.items():
        after = ledger_rows.leaves_of(source, columns, list(leaves))
        rows += [ErasedRow(source.table, pk, leaf, after[pk]) for pk, leaf in leaves.items() if after[pk] != leaf]
    return tuple(sorted(rows, key=lambda one: (one.source, one.row)))


def _replace(table: _Table, ids: Sequence[Any], pattern: str, pseudonym: str) -> None:
    changes = [
        f"{_name(column)} = regexp_replace({_name(column)}::text, %s, %s, 'g')::{kind}"
        for column, kind in table.columns.items()
    ]
    if table.name == _ACCOUNT_HISTORY:
        changes = [one for one in changes if not one.startswith(('"first_name"', '"last_name"'))]
    values: list[Any] = [value for _ in changes for value in (pattern, pseudonym)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_name(table.name)} SET {', '.join(changes)} WHERE {_name(table.id_column)} = ANY(%s::{table.id_type}[])",
            [*values, list(ids)],
        )


def _clear_account(person: Person, pseudonym: str) -> None:
    """First and last name stand in columns of their own there, where they are no full name."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {_ACCOUNT_HISTORY} SET first_name = '', last_name = '' WHERE pgh_obj_id = %s", [person.pk])
    person.username, person.first_name, person.last_name, person.email, person.email_to_confirm = pseudonym, "", "", "", ""
    person.set_unusable_password()
    person.save()


def _left(pattern: str) -> dict[str, int]:
    left = {}
    with connection.cursor() as cursor:
        for table in sorted(BYTES_COUNT):
            cursor.execute(f"SELECT count(*) FROM {_name(table)} AS r WHERE to_jsonb(r)::text ~ %s", [pattern])
            left[table] = cursor.fetchone()[0]
    return {table: count for table, count in left.items() if count}


def _without(text: str, pattern: str, pseudonym: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT regexp_replace(%s, %s, %s, 'g')", [text, pattern, pseudonym])
        return str(cursor.fetchone()[0])


def _name(identifier: str) -> str:
    return connection.ops.quote_name(identifier)
