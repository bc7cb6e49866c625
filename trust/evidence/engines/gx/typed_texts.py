"""The type of a column whose values are text in the file: what the contract declares, where all of them spell it.

Without a declared type the values decide, as in pandas: boolean, whole number, number, else text. But a number that is spelled
as none would be (a leading zero, a plus, blanks around it) is a code, and its column stays text.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from catalog.rules.reading import FieldReading
from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.date_texts import ISO_DAY, TEMPORAL, temporal_value
from trust.evidence.engines.gx.quoting import quoted_name, quoted_text, quoted_tuple

_WHOLE = r"\A[+-]?[0-9]+\z"
_CODE = r"\A[+]|\A-?0[0-9]|\A\s|\s\z"
_PANDAS_BOOLEANS = ("True", "TRUE", "true", "False", "FALSE", "false")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_DOUBLE_DIGITS, _DECIMAL_DIGITS = 15, 38
"""How many digits a double holds whatever they are, and DuckDB's decimals at most."""
_STEP = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of texts. text: SQL of a value; present: SQL, whether it is one. Both over the same relation.

    has_numbers: a number is written as text too (CSV, Excel); in JSON a text is no number.
    """

    text: str
    present: str
    declared: LogicalType | None
    reading: FieldReading
    decimal_sign: str = "."
    has_numbers: bool = True
    is_excel: bool = False

    @property
    def moment(self) -> str:
        """SQL of the date or time that it spells, as it is declared; a date of Excel's own needs no format."""
        declared = self.declared or LogicalType.TIMESTAMP
        value = temporal_value(self.text, declared, self.reading)
        if not (self.is_excel and self.reading.format):
            return value
        return f"coalesce({value}, {temporal_value(self.text, declared, replace(self.reading, format=''))})"


@dataclass(frozen=True, slots=True)
class TypedText:
    """physical: DuckDB's type. value: SQL of it where the text is one. moments: SQL of what a text column spells, if any.

    is_spelled_out: the text says more than the value, so that it is kept beside it.
    """

    physical: str
    value: str
    moments: str = ""
    is_spelled_out: bool = False
    is_long_decimal: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    physical: str
    reads: str
    value: str


def typed_texts(connection: duckdb.DuckDBPyConnection, relation: str, cells: Sequence[Cell]) -> list[TypedText]:
    """The type of each column. All values are looked at; several columns in one pass."""
    found: list[TypedText] = []
    for start in range(0, len(cells), _STEP):
        part = cells[start : start + _STEP]
        candidates = [list(_candidates(cell)) for cell in part]
        wanted: list[str] = []
        for cell, options in zip(part, candidates, strict=True):
            wanted += [f"count(*) FILTER ({cell.present})", *_digits(cell), _iso_moments(cell)]
            wanted += [f"count(*) FILTER ({cell.present} AND {one.reads})" for one in options]
        row = list(connection.execute(f"SELECT {', '.join(wanted)} FROM {quoted_name(relation)}").fetchone() or ())
        for cell, options in zip(part, candidates, strict=True):
            present, whole, fraction, moments = row[:4]
            counts, row = row[4 : 4 + len(options)], row[4 + len(options) :]
            fits = [one for one, count in zip(options, counts, strict=True) if count == present]
            found.append(_chosen(cell, fits, (whole or 0, fraction or 0), is_moments=0 < present == moments))
    return found


def _chosen(cell: Cell, fits: Sequence[_Candidate], digits: tuple[int, int], *, is_moments: bool) -> TypedText:
    for one in fits[:1]:
        if one.physical != "DECIMAL":
            return TypedText(one.physical, one.value, is_spelled_out=cell.declared in TEMPORAL)
        whole, fraction = digits
        if whole + fraction > _DECIMAL_DIGITS:
            return TypedText("VARCHAR", cell.text, is_long_decimal=True)  # no type holds it exactly
        physical = "DOUBLE" if whole + fraction <= _DOUBLE_DIGITS else f"DECIMAL({whole + fraction},{fraction})"
        return TypedText(physical, one.value.replace("AS DECIMAL", f"AS {physical}"))
    moments = ""
    if cell.declared in {LogicalType.DATE, LogicalType.TIMESTAMP} or (cell.declared is None and is_moments):
        moments = cell.moment
    return TypedText("VARCHAR", cell.text, moments)


def _candidates(cell: Cell) -> Iterator[_Candidate]:
    """From the narrowest type to the widest; text is what remains."""
    declared = cell.declared
    if declared in TEMPORAL:
        value = cell.moment
        yield _Candidate(TEMPORAL[declared], f"({value}) IS NOT NULL", value)
    elif not cell.has_numbers or declared is LogicalType.STRING:
        return
    elif declared is LogicalType.BOOLEAN:
        word = f"lower(trim({cell.text}))"
        yield _Candidate("BOOLEAN", f"{word} IN {quoted_tuple(_TRUE + _FALSE)}", f"{word} IN {quoted_tuple(_TRUE)}")
    elif declared in {LogicalType.INTEGER, LogicalType.NUMBER}:
        yield from _numbers(cell, f"trim({cell.text})", "true")
    else:
        yield _Candidate("DOUBLE", "false", "CAST(NULL AS DOUBLE)")  # of no value at all
        yield _Candidate("BOOLEAN", f"{cell.text} IN {quoted_tuple(_PANDAS_BOOLEANS)}", f"lower({cell.text}) = 'true'")
        yield from _numbers(cell, cell.text, f"NOT regexp_matches({cell.text}, {quoted_text(_CODE)})")


def _numbers(cell: Cell, text: str, is_number: str) -> Iterator[_Candidate]:
    whole = f"{is_number} AND regexp_matches({text}, {quoted_text(_WHOLE)})"
    kinds = ("BIGINT", "UBIGINT") if cell.declared is None else ("BIGINT", "UBIGINT", "HUGEINT", "BIGNUM")
    for kind in kinds:
        fits = "true" if kind == "BIGNUM" else f"TRY_CAST({text} AS {kind}) IS NOT NULL"
        # BIGNUM takes no plus.
        spelled = f"ltrim({text}, '+')" if kind == "BIGNUM" else text
        yield _Candidate(kind, f"({whole} AND {fits})", f"CAST({spelled} AS {kind})")
    sign = cell.decimal_sign
    number = text if sign == "." else f"replace({text}, {quoted_text(sign)}, '.')"
    if cell.declared is None:
        yield _Candidate("VARCHAR", f"({whole})", text)  # whole numbers that no integer holds stay text, as in pandas
    else:
        plain = f"{is_number} AND regexp_matches({text}, {quoted_text(_plain(sign))})"
        yield _Candidate("DECIMAL", f"({plain})", f"CAST({number} AS DECIMAL)")
    pattern = _any_number(sign) + (r"|\A[nN][aA][nN]\z" if cell.declared is LogicalType.NUMBER else "")
    numbers = f"{is_number} AND regexp_matches({text}, {quoted_text(pattern)})"
    yield _Candidate("DOUBLE", f"({numbers})", f"CAST({number} AS DOUBLE)")


def _plain(sign: str) -> str:
    point = f"[{sign}]"
    return rf"\A[+-]?([0-9]+{point}?[0-9]*|{point}[0-9]+)\z"


def _any_number(sign: str) -> str:
    point = f"[{sign}]"
    infinity = "[iI][nN][fF]([iI][nN][iI][tT][yY])?"
    return rf"\A[+-]?([0-9]+{point}?[0-9]*([eE][+-]?[0-9]+)?|{point}[0-9]+([eE][+-]?[0-9]+)?|{infinity})\z"


def _digits(cell: Cell) -> tuple[str, str]:
    """The most digits before the decimal sign, and behind it."""
    if not cell.has_numbers or cell.declared not in {LogicalType.INTEGER, LogicalType.NUMBER}:
        return "0", "0"
    before, behind = r"\A\s*[+-]?0*([0-9]*)", rf"[{cell.decimal_sign}]([0-9]+)"
    return tuple(  # type: ignore[return-value]
        f"max(length(regexp_extract({cell.text}, {quoted_text(pattern)}, 1))) FILTER ({cell.present})"
        for pattern in (before, behind)
    )


def _iso_moments(cell: Cell) -> str:
    """How many values spell an ISO date or timestamp, where nobody declared what they are."""
    if cell.declared is not None:
        return "0"
    value = cell.moment
    return f"count(*) FILTER ({cell.present} AND regexp_matches({cell.text}, {quoted_text(ISO_DAY)}) AND ({value}) IS NOT NULL)"


def find_decimal_sign(
    connection: duckdb.DuckDBPyConnection, relation: str, cells: Sequence[Cell], is_number: Callable[[Cell], bool]
) -> str:
    """The sign that a file of numbers must be using: a comma where some value needs it and none needs the point.

    `1,234` alone is one thousand or one and a bit: where no value settles it, the comma is not believed.
    """
    looked_at = [cell for cell in cells if is_number(cell)]
    comma = point = 0
    for start in range(0, len(looked_at), _STEP):
        wanted: list[str] = []
        for cell in looked_at[start : start + _STEP]:
            text = f"trim({cell.text})"

            def count(pattern: str, text: str = text, present: str = cell.present) -> str:
                return f"count(*) FILTER ({present} AND regexp_matches({text}, {quoted_text(pattern)}))"

            wanted += [f"count(*) FILTER ({cell.present})", count(_any_number(",")), count(_any_number("."))]
            wanted += [count(r"\A[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?\z"), count(r"\A[+-]?[1-9][0-9]{0,2},[0-9]{3}\z")]
            wanted += [count(r"\A[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?\z")]
        row = connection.execute(f"SELECT {', '.join(wanted)} FROM {quoted_name(relation)}").fetchone() or ()
        for present, commas, points, with_comma, doubtful, with_point in (row[i : i + 6] for i in range(0, len(row), 6)):
            comma += present == commas and with_comma > doubtful
            point += present == points and with_point > 0
    return "," if comma and not point else "."
