"""Our engine against hand-written SQL and against Great Expectations on pandas, on the same generated file.

    python -m benchmarks.engine [--rows 10000000] [--json] [--only ours,sql,pandas]

Each contestant runs in a process of its own and tells its wall time, without imports, and its peak of resident memory. The
suite has 32 expectations; Great Expectations answers in its default result format; the SQL asks for the same counts and
aggregates in as few statements as a careful person would write. What counts are the two ratios: ours / SQL (1 would be perfect)
and pandas / ours (how many times faster we are).
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from trust.evidence.rules.evidence import Source

REGIONS = ["north", "south", "east", "west", "centre"]
STATUSES = ["new", "paid", "sent", "returned"]
ENGINE_MEMORY_MB = 512  # the default of TOUCHSTONE_ENGINE_MEMORY_MB
EMAIL = r"^[a-z0-9.]+@[a-z0-9]+\.[a-z]{2,}$"


def _e(kind: str, **kwargs: Any) -> Expectation:
    return Expectation(f"expect_{kind}", kwargs)


SUITE = SuiteSpec(
    "benchmark",
    (
        _e("table_row_count_to_be_between", min_value=1),
        _e("table_column_count_to_equal", value=9),
        _e("column_to_exist", column="id"),
        _e("column_values_to_not_be_null", column="id"),
        _e("column_values_to_be_unique", column="id"),
        _e("column_values_to_not_be_null", column="customer"),
        _e("column_values_to_be_between", column="customer", min_value=0, max_value=1_000_000),
        _e("column_unique_value_count_to_be_between", column="customer", min_value=1_000),
        _e("column_values_to_not_be_null", column="region"),
        _e("column_values_to_be_in_set", column="region", value_set=REGIONS),
        _e("column_distinct_values_to_be_in_set", column="region", value_set=REGIONS),
        _e("column_values_to_be_in_set", column="status", value_set=STATUSES),
        _e("column_value_lengths_to_be_between", column="status", min_value=3, max_value=8),
        _e("column_values_to_not_be_null", column="email", mostly=0.98),
        _e("column_values_to_match_regex", column="email", regex=EMAIL),
        _e("column_value_lengths_to_be_between", column="email", min_value=8, max_value=40),
        _e("column_values_to_not_be_null", column="amount"),
        _e("column_values_to_be_between", column="amount", min_value=0, max_value=1_000, mostly=0.9),
        _e("column_mean_to_be_between", column="amount", min_value=400, max_value=600),
        _e("column_min_to_be_between", column="amount", min_value=0),
        _e("column_max_to_be_between", column="amount", max_value=2_000),
        _e("column_stdev_to_be_between", column="amount", min_value=1, max_value=1_000),
        _e("column_median_to_be_between", column="amount", min_value=400, max_value=600),
        _e(
            "column_quantile_values_to_be_between",
            column="amount",
            quantile_ranges={"quantiles": [0.05, 0.5, 0.95], "value_ranges": [[0, 200], [400, 600], [800, 1_100]]},
        ),
        _e("column_values_to_be_between", column="quantity", min_value=1, max_value=9),
        _e("column_sum_to_be_between", column="quantity", min_value=1),
        _e("column_proportion_of_non_null_values_to_be_between", column="discount", min_value=0.8),
        _e("column_values_to_be_between", column="discount", min_value=0, max_value=0.5),
        _e("column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="discount", or_equal=True),
        _e("compound_columns_to_be_unique", column_list=["customer", "at"]),
        _e(
            "column_values_to_be_between",
            column="amount",
            min_value=0,
            row_condition='status == "paid"',
            condition_parser="pandas",
        ),
        _e("column_values_to_not_be_null", column="at"),
    ),
)


def generate(path: str, rows: int) -> None:
    """Orders with flaws: wrong statuses and regions, missing and malformed addresses, amounts out of range, repeated keys."""
    import duckdb  # noqa: PLC0415  # only this contestant needs it

    regions, statuses = (", ".join(f"'{word}'" for word in words) for words in (REGIONS, STATUSES))
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(f"""COPY (SELECT
        i AS id,
        (hash(i) % 900000)::BIGINT AS customer,
        CASE WHEN i % 100003 = 0 THEN 'nowhere' ELSE ([{regions}])[1 + i % 5] END AS region,
        CASE WHEN i % 5001 = 0 THEN 'lost' ELSE ([{statuses}])[1 + (i // 7) % 4] END AS status,
        CASE WHEN i % 100 = 0 THEN NULL WHEN i % 9973 = 0 THEN 'nobody' ELSE 'person' || i || '@mail.example' END AS email,
        (hash(i + 1) % 100000)::DOUBLE / 100 + CASE WHEN i % 50021 = 0 THEN 1500 ELSE 0 END AS amount,
        (1 + hash(i + 2) % 9)::BIGINT AS quantity,
        CASE WHEN i % 10 = 0 THEN NULL ELSE (hash(i + 3) % 50)::DOUBLE / 100 END AS discount,
        TIMESTAMP '2026-01-01' + INTERVAL 1 MINUTE * (i // 3) AS "at"
        FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)""")


def run_ours(path: str) -> float:
    from trust.evidence.engines.gx import GxEngine  # noqa: PLC0415

    engine = GxEngine()
    started = time.perf_counter()
    evidence = engine.run(SUITE, Source(SourceKind.PARQUET, path))
    seconds = time.perf_counter() - started
    assert evidence.failure is None, evidence.failure
    assert not [r for r in evidence.results if r.status in {"error", "skipped"}], evidence.results
    return seconds


def run_sql(path: str) -> float:
    import duckdb  # noqa: PLC0415

    connection = duckdb.connect(config={"threads": 2, "memory_limit": f"{ENGINE_MEMORY_MB}MB"})
    regions, statuses = (", ".join(f"'{word}'" for word in words) for words in (REGIONS, STATUSES))
    started = time.perf_counter()
    connection.execute(f"CREATE VIEW d AS SELECT * FROM read_parquet('{path}')")
    connection.execute(f"""SELECT count(*), count(id), count(customer), count(region), count(email), count(amount), count("at"),
        count(discount), count(*) FILTER (WHERE NOT customer BETWEEN 0 AND 1000000),
        count(*) FILTER (WHERE region NOT IN ({regions})), count(*) FILTER (WHERE status NOT IN ({statuses})),
        count(*) FILTER (WHERE NOT length(status) BETWEEN 3 AND 8),
        count(*) FILTER (WHERE NOT regexp_matches(email, '{EMAIL}')),
        count(*) FILTER (WHERE NOT length(email) BETWEEN 8 AND 40), count(*) FILTER (WHERE NOT amount BETWEEN 0 AND 1000),
        avg(amount), min(amount), max(amount), stddev_samp(amount), count(*) FILTER (WHERE NOT quantity BETWEEN 1 AND 9),
        sum(quantity), count(*) FILTER (WHERE NOT discount BETWEEN 0 AND 0.5), count(*) FILTER (WHERE NOT amount >= discount),
        count(*) FILTER (WHERE status = 'paid' AND NOT amount >= 0) FROM d""").fetchall()
    connection.execute("SELECT quantile_disc(amount, [0.05, 0.5, 0.95]) FROM d").fetchall()
    for keys in ("id", "customer", 'customer, "at"', "region"):
        connection.execute(
            f"SELECT count(*), sum(n) FILTER (n > 1) FROM (SELECT count(*) AS n FROM d GROUP BY {keys})"
        ).fetchall()
    return time.perf_counter() - started


def run_pandas(path: str) -> float:
    import warnings  # noqa: PLC0415

    warnings.simplefilter("ignore")
    import pandas as pd  # noqa: PLC0415

    from trust.evidence.engines.gx import quiet  # noqa: F401, PLC0415  # isort: skip
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.expectations.registry import get_expectation_impl  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    made = [get_expectation_impl(e.type)(**cast("dict[str, Any]", e.kwargs)) for e in SUITE.expectations]
    suite = gx.ExpectationSuite(name="benchmark", expectations=made)
    started = time.perf_counter()
    batch = context.data_sources.pandas_default.read_dataframe(pd.read_parquet(path))
    answer = batch.validate(suite)
    seconds = time.perf_counter() - started
    assert len(answer.results) == len(SUITE.expectations)
    return seconds


def measure(name: str, path: str) -> dict[str, float]:
    """Seconds and peak megabytes of one contestant, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine", "--contestant", name, "--path", path]
    done = subprocess.run(  # noqa: S603  # ourselves
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."}
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def spilled(rows: int) -> dict[str, float]:
    """Whether a key of `rows` distinct values is unique, asked of our engine: seconds and peak megabytes."""
    with tempfile.TemporaryDirectory(prefix="touchstone-benchmark-") as folder:
        path = str(Path(folder) / "keys.parquet")
        import duckdb  # noqa: PLC0415  only this contestant needs it

        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT hash(i) AS key FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)")
        return measure("spill", path)


def run_spill(path: str) -> float:
    from trust.evidence.engines.gx import GxEngine  # noqa: PLC0415

    engine, suite = GxEngine(), SuiteSpec("spill", (_e("column_values_to_be_unique", column="key"),))
    started = time.perf_counter()
    evidence = engine.run(suite, Source(SourceKind.PARQUET, path))
    assert [result.status for result in evidence.results] == ["passed"], evidence
    return time.perf_counter() - started


CONTESTANTS: dict[str, Callable[[str], float]] = {"ours": run_ours, "sql": run_sql, "pandas": run_pandas, "spill": run_spill}
SPILL_ROWS = 100_000_000


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only", default="ours,sql,pandas", help="contestants, separated by commas")
    parser.add_argument("--spill", action="store_true", help=f"also a key of {SPILL_ROWS:,} distinct values, beyond the memory")
    parser.add_argument("--repetitions", type=int, default=1, help="medians of that many turns")
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> dict[str, float]:
    """Print the table and return its ratios."""
    with tempfile.TemporaryDirectory(prefix="touchstone-benchmark-") as folder:
        path = str(Path(folder) / "orders.parquet")
        print(f"Generating {options.rows:,} rows ...", file=sys.stderr, flush=True)
        generate(path, options.rows)
        turns = []
        for _ in range(options.repetitions):
            turn = {}
            for name in options.only.split(","):
                print(f"Running {name} ...", file=sys.stderr, flush=True)
                turn[name] = measure(name, path)
            turns.append(turn)
    found = {
        name: {key: statistics.median(turn[name][key] for turn in turns) for key in ("seconds", "peak_mb")} for name in turns[0]
    }
    ratios = report(options.rows, found, as_json=options.json)
    if options.spill:
        key = spilled(SPILL_ROWS)
        print(f"  a key of {SPILL_ROWS:,} distinct values: {key['seconds']:.0f} s, {key['peak_mb']:.0f} MB, the rest on disk")
        ratios["memory of the large key / memory limit"] = key["peak_mb"] / ENGINE_MEMORY_MB
    return ratios


def report(rows: int, found: dict[str, dict[str, float]], *, as_json: bool) -> dict[str, float]:
    ours = found.get("ours", {}).get("seconds")
    ratios = {}
    if ours and "sql" in found:
        ratios["ours / SQL"] = ours / found["sql"]["seconds"]
    if ours and "pandas" in found:
        ratios["pandas / ours"] = found["pandas"]["seconds"] / ours
        ratios["pandas / ours, memory"] = found["pandas"]["peak_mb"] / found["ours"]["peak_mb"]
    if as_json:
        print(
            json.dumps({"rows": rows, "expectations": len(SUITE.expectations), "measured": found, "ratios": ratios}, indent=2)
        )
        return ratios
    print(
        f"{rows:,} rows, keys of {rows:,}, {min(rows, 900_000):,} and {rows:,} distinct values, {len(SUITE.expectations)} "
        f"expectations, {os.cpu_count()} cores; ours and SQL with {ENGINE_MEMORY_MB} MB, the rest spills to disk"
    )
    for name, measured in found.items():
        print(f"  {name:8} {measured['seconds']:8.2f} s  {measured['peak_mb']:8.0f} MB at most")
    for name, ratio in ratios.items():
        print(f"  {name:22} {ratio:6.2f}", flush=True)
    return ratios


def main() -> None:
    options = parse()
    if options.contestant:
        seconds = CONTESTANTS[options.contestant](options.path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak}))
    else:
        run(options)


if __name__ == "__main__":
    main()
