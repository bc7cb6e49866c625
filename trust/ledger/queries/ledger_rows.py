"""The rows that the ledger seals, and their leaves, worked out in the database.

A leaf is the SHA-256 of a zero byte and the leaf input: the name of the table, a colon, and the row as PostgreSQL writes it as
jsonb, with the columns that its segment names. The history's rows also hold who did it: the metadata of their context.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pghistory.models
from django.apps import apps
from django.db import connection

CONTEXT = "pgh_context.metadata"  # no column can have a dot in its name here, so that it is none of the table's own
IS_NULL = " IS NULL"  # behind a column's name: whether it is NULL, which jsonb writes as it writes a JSON null
SMALLEST_ID = -(2**63)

# What the text of a value depends on. Set for one transaction, whatever the server or the role has as default.
_FORMS = """
SELECT set_config('TimeZone', 'UTC', true), set_config('extra_float_digits', '1', true),
       set_config('IntervalStyle', 'postgres', true), set_config('bytea_output', 'hex', true)
"""


@dataclass(frozen=True)
class Source:
    """A sealed table: it only grows, and its ids only rise. moment: the column that says when a row was written."""

    table: str
    id_column: str
    moment: str


@dataclass(frozen=True)
class Leaves:
    """The leaves of some rows in the order of their ids: 32 bytes each, one after the other."""

    ids: list[int]
    hashes: bytes


def sources() -> list[Source]:
    """Every sealed table: decisions, verdicts, public keys, what is known of use cases, what was erased, and each table of the
    history, found by its model."""
    events = {
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event) and model._meta.managed and not model._meta.proxy
    }
    return [
        Source("trust_decision", "id", "asked_at"),
        Source("trust_verdict", "id", "judged_at"),
        Source("trust_signingkey", "id", "created_at"),
        Source("trust_readiness", "id", "assessed_at"),
        Source("trust_outcomereport", "id", "reported_at"),
        Source("trust_decisionuse", "id", "reported_at"),
        Source("trust_erasure", "id", "at"),
        *(Source(table, "pgh_id", "pgh_created_at") for table in sorted(events)),
    ]


def columns_of(source: Source) -> list[str]:
    """What a leaf of this table covers today: all its columns by name, which of those that hold JSON are NULL, and for history
    the metadata of the context."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, atttypid IN ('json'::regtype, 'jsonb'::regtype) AND NOT attnotnull FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attname",
            [source.table],
        )
        columns = cursor.fetchall()
    names = [name for name, _ in columns] + [f"{name}{IS_NULL}" for name, may_be_either in columns if may_be_either]
    return [*names, CONTEXT] if "pgh_context_id" in names else names


def pin_forms() -> None:
    """Fix how values become text until the end of the transaction; call it before the functions below."""
    with connection.cursor() as cursor:
        cursor.execute(_FORMS)


def leaves_between(source: Source, columns: Sequence[str], after: int, to: int, *, limit: int | None = None) -> Leaves:
    """The leaves of the rows with `after < id <= to`, at most `limit` of them, lowest ids first. One statement."""
    statement = f"""
        SELECT coalesce(array_agg(i ORDER BY i), '{{}}'), coalesce(string_agg(h, ''::bytea ORDER BY i), ''::bytea)
        FROM (SELECT i, sha256('\\x00'::bytea || convert_to(t, 'UTF8')) AS h FROM ({_inputs(source, columns)}) AS input) AS leaf
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [after, to, limit])
        ids, hashes = cursor.fetchone()
    return Leaves(ids, bytes(hashes))


def leaves_of(source: Source, columns: Sequence[str], ids: Sequence[int]) -> dict[int, str]:
    """The leaves, in hex, of these rows, by id. One statement."""
    condition = f"r.{_name(source.id_column)} = ANY(%s::bigint[])"
    statement = f"""
        SELECT i, encode(sha256('\\x00'::bytea || convert_to(t, 'UTF8')), 'hex')
        FROM ({_inputs(source, columns, condition)}) AS input
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ids), None])
        return dict(cursor.fetchall())


def leaf_input(source: Source, columns: Sequence[str], row_id: int) -> str | None:
    """What the leaf of this row is the hash of; None where the row is gone."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t FROM ({_inputs(source, columns)}) AS input", [row_id - 1, row_id, 1])
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def last_settled_id(source: Source, after: int, to: int, quiet: timedelta) -> int:
    """`to`, or the id before the first history row whose context was written to within the last `quiet`.

    A context belongs to one request or command and may still get more metadata while that runs.
    """
    if source.id_column == "id" or after >= to:
        return to
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(r.pgh_id) FROM {_name(source.table)} AS r JOIN pghistory_context AS c ON c.id = r.pgh_context_id"
            " WHERE r.pgh_id > %s AND r.pgh_id <= %s AND c.updated_at > clock_timestamp() - make_interval(secs => %s)",
            [after, to, quiet.total_seconds()],
        )
        first = cursor.fetchone()[0]
    return to if first is None else first - 1


def unsealed(source: Source, after: int, older_than: timedelta = timedelta()) -> tuple[int, int | None]:
    """How many rows after this id are older than that, and the first of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), min({_name(source.id_column)}) FROM {_name(source.table)}"
            f" WHERE {_name(source.id_column)} > %s AND {_name(source.moment)} < clock_timestamp() - make_interval(secs => %s)",
            [after, older_than.total_seconds()],
        )
        count, first = cursor.fetchone()
    return count, first


def _inputs(source: Source, columns: Sequence[str], condition: str = "") -> str:
    """The statement that gives id `i` and leaf input `t`; its parameters are those of `condition`, or `after` and `to`, and the
    limit (None: all).
    """
    named = [_column(column) for column in columns if column != CONTEXT]
    joined = ""
    if CONTEXT in columns:
        named.append(f"c.metadata AS {_name(CONTEXT)}")
        joined = "LEFT JOIN pghistory_context AS c ON c.id = r.pgh_context_id"
    row_id = f"r.{_name(source.id_column)}"
    return f"""
        SELECT {_name(source.id_column)} AS i, '{source.table}:' || to_jsonb(leaf_row)::text AS t
        FROM (
            SELECT {", ".join(named)} FROM {_name(source.table)} AS r {joined}
            WHERE {condition or f"{row_id} > %s AND {row_id} <= %s"} ORDER BY {row_id} LIMIT %s
        ) AS leaf_row
    """


def _column(column: str) -> str:
    if column.endswith(IS_NULL):
        return f"r.{_name(column.removesuffix(IS_NULL))} IS NULL AS {_name(column)}"
    return f"r.{_name(column)}"


def _name(identifier: str) -> str:
    return connection.ops.quote_name(identifier.replace('"', '""'))
