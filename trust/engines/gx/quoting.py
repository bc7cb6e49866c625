"""Names and texts in DuckDB's SQL, for the statements that open a file: there a parameter cannot stand everywhere."""

from trust.engines.gx.columns import Column


def quoted_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def quoted_list(values: list[str]) -> str:
    return "[" + ", ".join(map(quoted_text, values)) + "]"


def quoted_tuple(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(map(quoted_text, values)) + ")"


def quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_names(columns: dict[str, Column]) -> str:
    return ", ".join(quoted_name(column.sql_name) for column in columns.values())
