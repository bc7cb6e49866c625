"""What a query of a contract may contain: one SELECT over the port's own table, with functions that only calculate.

DuckDB's own parser takes the text apart; nothing is run here. Whatever is not known is refused by name: tables, table
functions, functions, types and kinds of statement. So neither files nor settings nor another table can be reached, on files and
databases alike.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import duckdb

_FUNCTIONS = frozenset(
    """
    count count_star sum min max avg mean median mode stddev stddev_samp stddev_pop variance var_samp var_pop bool_and bool_or
    count_if countif any_value quantile_cont quantile_disc percentile_cont percentile_disc corr
    abs ceil ceiling floor round trunc sign sqrt power pow ln log exp mod greatest least coalesce nullif ifnull isnan isfinite
    isinf length len char_length character_length octet_length lower upper trim btrim ltrim rtrim substring substr left right
    replace concat concat_ws strpos position split_part starts_with reverse contains prefix suffix row
    like_escape ilike_escape not_like_escape not_ilike_escape regexp_matches regexp_full_match
    date_part date_trunc date_diff datediff date_add extract year month day hour minute second dayofweek dow isodow week quarter
    to_days to_months to_years to_hours to_minutes to_seconds to_weeks now today current_date current_timestamp
    get_current_timestamp age epoch make_date
    row_number rank dense_rank ntile lag lead first_value last_value first last
    """.split()  # noqa: SIM905  # a hundred lines otherwise
)
_TYPES = frozenset(
    """
    varchar text char bpchar string tinyint smallint integer int bigint hugeint int2 int4 int8 float real double float4 float8
    decimal numeric boolean bool date time timestamp timestamptz interval
    """.split()  # noqa: SIM905
)
_TYPES |= {"timestamp with time zone", "double precision", "character varying"}
_RELATIONS = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST"}
_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"}
_EXPRESSIONS = {
    *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "DEFAULT", "FUNCTION"),
    *("OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"),
}


class Query:
    """A query that may be run. names: of tables that it defines itself; reads_all: it asks for every column."""

    def __init__(self, text: str, tables: Collection[tuple[str, ...]]) -> None:
        """tables: the port's own, as paths in lower case. Raises ValueError with a sentence for whatever else is in `text`."""
        for mark in ("--", "/*", "$$", ";"):
            if mark in text.strip().removesuffix(";"):
                raise ValueError(f"The query contains {mark!r}. Write it as one statement without comments.")
        self.text = text.strip().removesuffix(";").strip()
        self._nodes = list(_walk(_parsed(self.text)))
        self.names = {
            str(entry["key"]).lower() for node in self._nodes for entry in _map_of(node) if isinstance(entry.get("key"), str)
        }
        self.reads_all = any(node.get("class") == "STAR" for node in self._nodes)
        own = {tuple(part.lower() for part in path) for path in tables}
        read = [self._check(node, own) for node in self._nodes]
        if not any(read):
            raise ValueError("The query does not read the port's own table, so it checks nothing. Write FROM {object}.")

    def _check(self, node: Mapping[str, Any], own: Collection[tuple[str, ...]]) -> bool:
        """Whether the node is the port's own table. Raises ValueError for what may not be there."""
        kind, part = str(node.get("type") or ""), node.get("class")
        if part is not None:
            _demand_expression(str(part), kind, node)
        elif "alias" in node and "query_location" in node:
            if kind not in _RELATIONS:
                raise ValueError(f"The query has a part ({kind.lower()}) that is not run. Read the port's own table alone.")
            if kind == "BASE_TABLE":
                return self._is_own(node, own)
        elif "cte_map" in node and kind not in _NODES:
            raise ValueError(f"The query has a part ({kind.lower()}) that is not run. Write it as a plain SELECT.")
        return False

    def _is_own(self, node: Mapping[str, Any], own: Collection[tuple[str, ...]]) -> bool:
        path = tuple(str(name).lower() for name in node["qualified_name"]["path"])
        if path in own:
            return True
        if len(path) == 1 and path[0] in self.names:
            return False
        raise ValueError(f"The query reads {'.'.join(path)!r}, which is not the port's own table. Write FROM {{object}}.")


def _demand_expression(part: str, kind: str, node: Mapping[str, Any]) -> None:
    if part not in _EXPRESSIONS:
        raise ValueError(f"The query has a part ({part.lower()}) that is not run. Write it as a plain SELECT.")
    if part in {"FUNCTION", "WINDOW"} and not node.get("is_operator"):
        path = [
            str(name).lower() for name in (node.get("qualified_name") or {}).get("path") or [node.get("function_name") or kind]
        ]
        if len(path) != 1 or path[0].removeprefix("window_") not in _FUNCTIONS:
            raise ValueError(f"The query calls {'.'.join(path)!r}, which is not one of the functions that are run.")
    if part == "TYPE" and str(node.get("type_name") or "").lower() not in _TYPES:
        raise ValueError(f"The query casts to {node.get('type_name')!r}, which is not one of the types that are known.")


def _parsed(text: str) -> dict[str, Any]:
    with duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    ) as parser:
        parser.execute("SET enable_external_access=false")
        parser.execute("SET lock_configuration=true")
        row = parser.execute("SELECT json_serialize_sql(?)", [text]).fetchone()
    found: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if found.get("error"):
        reason = " ".join(str(found.get("error_message") or "").split())[:200]
        raise ValueError(f"The query is not one SELECT that can be read ({reason}). Only SELECT is run.")
    if len(found["statements"]) != 1:
        raise ValueError("The query has several statements. Write one SELECT.")
    return found


def _walk(value: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _map_of(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = node.get("cte_map")
    entries = found.get("map") if isinstance(found, dict) else None
    return [entry for entry in entries or [] if isinstance(entry, dict)]
