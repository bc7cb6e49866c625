"""Nets of many products: copies of one judged product, made in a few statements, and the input ports between them.

Every table has its rows (port, fields, policy, suite, run, check results, verdict), so that judging a copy costs what judging
its original costs. Triggers are off while the copies are made, and nothing else is.
"""

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from catalog.models import DataProduct

# Table -> the column that names its parent, and the table of that parent. Parents come first.
_TABLES = {
    "catalog_outputport": {"product_id": "catalog_dataproduct"},
    "catalog_accesspolicy": {"product_id": "catalog_dataproduct"},
    "catalog_field": {"port_id": "catalog_outputport"},
    "trust_suite": {"port_id": "catalog_outputport"},
    "trust_run": {"port_id": "catalog_outputport", "suite_id": "trust_suite"},
    "trust_checkresult": {"run_id": "trust_run"},
    "trust_verdict": {"product_id": "catalog_dataproduct", "run_id": "trust_run"},
    "trust_currentverdict": {"product_id": "catalog_dataproduct", "verdict_row_id": "trust_verdict"},
}
_NAMED = {"facts", "outcome", "body"}
"""Columns whose text names the product."""


@transaction.atomic
def copies_of(product: DataProduct, count: int) -> list[int]:
    """Ids of `count` copies of `product`, named `<slug>-1`, `<slug>-2` and so on, each with the verdict that stands for it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("catalog_dataproduct", *_TABLES):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "CREATE TEMP TABLE copied (name text, old text, n int, new text, PRIMARY KEY (name, old, n)) ON COMMIT DROP"
        )
        columns = _columns("catalog_dataproduct", leaving=("id", "slug"))
        cursor.execute(
            f"WITH made AS (INSERT INTO catalog_dataproduct (slug, {columns}) SELECT slug || '-' || n, {columns} "
            "FROM catalog_dataproduct, generate_series(1, %s) n WHERE id = %s ORDER BY n RETURNING id, slug) "
            "INSERT INTO copied SELECT 'catalog_dataproduct', %s::text, substring(slug from '[0-9]+$')::int, id::text "
            "FROM made",
            [count, product.pk, product.pk],
        )
        for table, parents in _TABLES.items():
            _copy(table, parents, product.slug)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("catalog_dataproduct", *_TABLES):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SELECT new::bigint FROM copied WHERE name = 'catalog_dataproduct' ORDER BY n")
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE copied")
        _analyze("catalog_dataproduct", *_TABLES)
    return ids


def _analyze(*tables: str) -> None:
    """What autovacuum does for what is committed: else every plan is one for empty tables."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def _copy(table: str, parents: dict[str, str], slug: str) -> None:
    """Copy the rows of `table` whose parents were copied, and note which new row stands for which old one."""
    own_key = table != "trust_currentverdict"
    kept = _columns(table, leaving=(*parents, "id", *_NAMED))
    named = sorted(_NAMED & set(_columns(table).split(", ")))
    key = "gen_random_uuid()" if table == "trust_run" else f"nextval(pg_get_serial_sequence('{table}', 'id'))"
    joins = "".join(
        f" {'LEFT ' if position else ''}JOIN copied m{position} ON m{position}.name = '{parent}' "
        f"AND m{position}.old = t.{column}::text" + (f" AND m{position}.n = m0.n" if position else "")
        for position, (column, parent) in enumerate(parents.items())
    )
    kind = {"trust_run": "uuid"}
    values = [f"m{position}.new::{kind.get(parent, 'bigint')}" for position, parent in enumerate(parents.values())]
    values += [f"replace(t.{column}, '\"{slug}\"', '\"{slug}-' || m0.n || '\"')" for column in named]
    target = ", ".join([*(["id"] if own_key else []), *parents, *named, kept])
    source = ", ".join([*(["made.key"] if own_key else []), *values, *(f"t.{column}" for column in kept.split(", "))])
    with connection.cursor() as cursor:
        if own_key:
            first = next(iter(parents))
            cursor.execute(
                f"INSERT INTO copied SELECT '{table}', t.id::text, m0.n, {key}::text FROM {table} t "
                f"JOIN copied m0 ON m0.name = '{parents[first]}' AND m0.old = t.{first}::text"
            )
            made = f"JOIN (SELECT old, n, new::{kind.get(table, 'bigint')} AS key FROM copied WHERE name = '{table}') made "
            joins += f" {made} ON made.old = t.id::text AND made.n = m0.n"
        cursor.execute(f"INSERT INTO {table} ({target}) SELECT {source} FROM {table} t{joins}")


def _columns(table: str, leaving: Iterable[str] = ()) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' AND column_name <> ALL (%s)",
            [table, list(leaving)],
        )
        return str(cursor.fetchone()[0])


def connect(pairs: Sequence[tuple[int, int]], *, required: bool = True) -> None:
    """Input ports, as (product, upstream). Everything that is built from them is marked to be judged again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_inputport (product_id, upstream_id, required) "
            "SELECT p, u, %s FROM unnest(%s::bigint[], %s::bigint[]) AS pair(p, u)",
            [required, [product for product, _ in pairs], [upstream for _, upstream in pairs]],
        )
    _analyze("catalog_inputport")


@transaction.atomic
def close_circle(product: DataProduct, upstream: DataProduct) -> None:
    """An input port that closes a circle, written past the trigger that refuses it: as if from before there was one."""
    trigger = "TRIGGER input_port_closes_no_circle_insert"
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE catalog_inputport DISABLE {trigger}")
        connect([(product.pk, upstream.pk)])
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE catalog_inputport ENABLE {trigger}")
