"""Names and texts in DuckDB's SQL, for the statements that open a file: there a parameter cannot stand everywhere."""

import re

from trust.evidence.engines.gx.columns import Column


def quoted_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def literal_path(path: str) -> str:
    """`path` as DuckDB's readers take it for that one file: they expand `*`, `?` and `[`, and would open another's."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def quoted_path(path: str) -> str:
    return quoted_text(literal_path(path))


def quoted_list(values: list[str]) -> str:
    return "[" + ", ".join(map(quoted_text, values)) + "]"


def quoted_tuple(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(map(quoted_text, values)) + ")"


def quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_names(columns: dict[str, Column]) -> str:
    return ", ".join(quoted_name(column.sql_name) for column in columns.values())
