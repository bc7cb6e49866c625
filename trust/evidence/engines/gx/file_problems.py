"""What can be wrong with a file, in our words: DuckDB's own complaint may quote the data, so it is read and not passed on."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from catalog.rules.texts import cut
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx.limits import MAX_COLUMNS, MAX_LINE_BYTES
from trust.evidence.rules.evidence import Source, SourceProblemError

_ROW_OF_OTHER_LENGTH = "Expected Number of Columns"
_MOST_NAMED = 5
_SEPARATORS = "Separate all values by the same sign, put those that contain it in double quotes, and run again."


def file_problem(source: Source, error: duckdb.Error) -> SourceProblemError:
    """DuckDB's complaint in our words. Its own text is not passed on: it may quote the data."""
    text = str(error)
    line = re.search(r"(?:Line|line):? (\d+)", text)
    number = int(line.group(1)) if line else 0
    if source.kind is SourceKind.JSON_LINES:
        number -= 1  # DuckDB counts them from 2
    where = f" (line {number})" if number > 0 else ""
    path = source.location
    if "unicode" in text.lower() or "utf-8" in text.lower() or "utf8" in text.lower():
        return wrong_encoding(path, number if number > 0 else None)
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException):
        return _too_large(path, error)
    if source.kind is SourceKind.PARQUET:
        return _of_parquet(source, error)
    if _ROW_OF_OTHER_LENGTH in text:
        return malformed(path, f"a row has another number of values than the header{where}", _SEPARATORS)
    for sign, why in (
        ("unterminated quote", "a quoted value is not closed"),
        ("Maximum line size", f"a line is longer than {MAX_LINE_BYTES:,} bytes"),
        ("maximum_object_size", f"an object is larger than {MAX_LINE_BYTES:,} bytes"),
        ("invalid state", "its line endings are mixed, or a quote is in the wrong place"),
        ("Malformed JSON", "a line is not JSON"),
    ):
        if sign.lower() in text.lower():
            return malformed(path, why + where)
    return malformed(path, f"it cannot be read as {source.kind.value}{where}")


def _too_large(path: str, error: duckdb.Error) -> SourceProblemError:
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceProblemError(
            "engine_out_of_memory",
            f"Reading {path!r} needs more memory or temporary files than the engine may use.",
            "Raise TOUCHSTONE_ENGINE_MEMORY_MB or TOUCHSTONE_ENGINE_TEMP_MB, or split the file.",
        )
    return too_large_on_disk(path)


def too_large_on_disk(path: str) -> SourceProblemError:
    return SourceProblemError(
        "engine_out_of_disk",
        f"Reading {path!r} needs more room on disk than the engine may use.",
        "Raise TOUCHSTONE_ENGINE_TEMP_MB, or split the file. A packed file may be much larger than it looks.",
    )


def _of_parquet(source: Source, error: duckdb.Error) -> SourceProblemError:
    for path in source.paths if source.files else ():
        with Path(path).open("rb") as file:
            starts = file.read(4)
            file.seek(-min(4, Path(path).stat().st_size), io.SEEK_END)
            if starts != b"PAR1" or file.read(4) != b"PAR1":
                return parquet_problem(f"{source.location} ({Path(path).name})", path)
    if source.files and isinstance(error, duckdb.ConversionException | duckdb.BinderException):
        return malformed(source.location, "its files have a column of the same name and of different types")
    return parquet_problem(source.location, source.paths[0])


def parquet_problem(path: str, file_path: str) -> SourceProblemError:
    """path: as messages name it. file_path: of the file that cannot be read, or the first of several."""
    with Path(file_path).open("rb") as file:
        starts = file.read(4) == b"PAR1"
        file.seek(-min(4, Path(file_path).stat().st_size), io.SEEK_END)
        ends = file.read(4) == b"PAR1"
    if starts and not ends:
        return SourceProblemError(
            "source_truncated",
            f"The Parquet file {path!r} ends too early.",
            "Write it again; the copy was probably cut off.",
        )
    why = "is damaged inside" if starts else "is not a Parquet file, whatever its name says"
    return SourceProblemError("source_malformed", f"{path!r} {why}.", "Write the file again, or correct the kind of the port.")


def damaged_columns(path: str, names: Sequence[str]) -> SourceProblemError:
    """Every column is read, also where no check looks: a consumer reads them all."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    shown = ", ".join(repr(cut(name, 100)) for name in names[:_MOST_NAMED])
    which = "column" if len(names) == 1 else "columns"
    return SourceProblemError(
        "source_malformed",
        f"{path!r} is damaged inside: {which} {shown}{more} cannot be read to the end.",
        "Write the file again; text in it must be UTF-8.",
    )


def malformed(path: str, why: str, remedy: str = "Correct the file and run again.") -> SourceProblemError:
    return SourceProblemError("source_malformed", f"{path!r} cannot be read: {why}.", remedy)


def wrong_encoding(path: str, line: int | None, encoding: str = "") -> SourceProblemError:
    """encoding: the declared one; UTF-8 where none is."""
    where = f" (line {line})" if line else ""
    return SourceProblemError(
        "source_encoding",
        f"{path!r} is not written in {encoding or 'UTF-8'}{where}.",
        "Declare its encoding in the contract (touchstone.encoding), or convert it, for example with `iconv -t utf-8`.",
    )


def check_width(width: int, source: Source) -> None:
    if width > MAX_COLUMNS:
        raise SourceProblemError(
            "source_too_wide",
            f"{source.location!r} has {width:,} columns; at most {MAX_COLUMNS:,} are read.",
            "Split the dataset into several, or turn columns into rows.",
        )
