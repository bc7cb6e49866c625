"""Where a file of a port may lie, what it is, and how CSV files write "no value". No setting is read here.

A path is checked when a port is registered and again by the engine just before it opens the file, and the engine lets DuckDB
open that one path only. Between the last check and the opening a writer of the same folder could still swap the file for
a link; whoever may write into an allowed root is trusted that far.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from catalog.rules.vocabulary import SourceKind
from trust.evidence.rules.evidence import SourceProblemError

# What pandas.read_csv takes for a missing value (its STR_NA_VALUES).
NULL_TEXTS: tuple[str, ...] = (
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
)

_LONGEST_PATH, _LONGEST_PART = 3_000, 255
"""Bytes: what Linux takes is 4,096, less some for the data root before it."""

_KINDS = {
    ".parquet": SourceKind.PARQUET,
    ".pq": SourceKind.PARQUET,
    ".csv": SourceKind.CSV,
    ".tsv": SourceKind.CSV,
    ".jsonl": SourceKind.JSON_LINES,
    ".ndjson": SourceKind.JSON_LINES,
    ".xlsx": SourceKind.EXCEL,
}


def file_kind(location: str) -> SourceKind:
    """The kind of a file by its name; `.gz` may follow for text. Raises SourceProblemError for a name that tells nothing."""
    suffixes = [suffix.lower() for suffix in Path(location).suffixes]
    packed = bool(suffixes) and suffixes[-1] == ".gz"
    if packed:
        suffixes.pop()
    kind = _KINDS.get(suffixes[-1]) if suffixes else None
    if kind is None or (packed and kind in {SourceKind.PARQUET, SourceKind.EXCEL}):
        raise SourceProblemError(
            "source_format_unknown",
            f"The file format of {location!r} is not supported.",
            "Use .parquet, .csv, .tsv, .jsonl, .ndjson or .xlsx; .gz may follow the text formats.",
        )
    return kind


def resolve_file(location: str, roots: Iterable[str | Path]) -> str:
    """The absolute path, free of links, of a regular file that can be read and lies under one of `roots`.

    A relative location is looked for under each root in turn. Whether a file outside the roots exists is never shown.
    Raises SourceProblemError: `source_location_refused`, `source_missing`, `source_is_directory`, `source_not_a_file`,
    `source_unreadable`, `source_empty`.
    """
    path = resolve_below(location, location, roots)
    if not _exists(path):
        raise _missing(location)
    check_file(str(path), location)
    return str(path)


def resolve_below(wanted: str, location: str, roots: Iterable[str | Path]) -> Path:
    """Where `wanted` leads, free of links, below one of the roots; under the first root where there is none.

    location: what messages name. Raises SourceProblemError `source_location_refused`.
    """
    allowed = [Path(root).resolve() for root in roots]
    if not allowed:
        raise location_refused(location, "no data root is configured")
    if "\0" in location or not location.strip():
        raise location_refused(location, "it is empty or holds a NUL")
    if "://" in location:
        raise location_refused(location, "it is a web address, and only local files can be read")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in location):
        raise location_refused(location.encode(errors="replace").decode(), "it holds half of a surrogate pair")
    if len(location.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_PART for part in Path(location).parts):
        raise location_refused(
            location[:80] + "…", f"it, or a part of it, is longer than a path can be ({_LONGEST_PART} bytes a part)"
        )
    if ".." in Path(location).parts:
        raise location_refused(location, "it climbs out of its folder with '..'")
    candidates = [Path(wanted)] if Path(wanted).is_absolute() else [root / wanted for root in allowed]
    found = []
    for candidate in candidates:
        path = _resolved(candidate, location)
        if not any(path.is_relative_to(root) for root in allowed):
            raise location_refused(location, "it lies outside the allowed data roots, or a link leads out of them")
        if _exists(path):
            return path
        found.append(path)
    return found[0]


def check_file(path: str, location: str = "") -> None:
    """Raises SourceProblemError unless `path` is a regular file, not empty, that this process may read.

    location: the path as its owner wrote it, which is what messages name; where the data roots lie is for nobody to read.
    """
    shown = location or path
    try:
        # Non-blocking, because opening a FIFO would otherwise wait for a writer; links were resolved before.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _missing(shown) from None
    except PermissionError:
        raise SourceProblemError(
            "source_unreadable",
            f"The file {shown!r} exists but may not be read.",
            "Give the worker's account permission to read it.",
        ) from None
    except OSError as error:
        raise SourceProblemError(
            "source_unreadable", f"The file {shown!r} cannot be opened: {error.strerror}.", "Check the file and its disk."
        ) from error
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise SourceProblemError(
            "source_is_directory", f"{shown!r} is a directory, not a file.", "End the location with / to read all files in it."
        )
    if not stat.S_ISREG(status.st_mode):
        raise SourceProblemError(
            "source_not_a_file", f"{shown!r} is a device, pipe or socket, not a file.", "Name a regular file."
        )
    if status.st_size == 0:
        raise SourceProblemError(
            "source_empty",
            f"The file {shown!r} is empty.",
            "Write the file again; even an empty table has a header.",
        )


def _resolved(path: Path, location: str) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links: an error of its own in Python 3.11 and 3.12
        raise location_refused(location, "its links run in a circle, or it is no path of this system") from None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # such as a path that is too long only below its root
        return False


def _missing(location: str) -> SourceProblemError:
    return SourceProblemError("source_missing", f"There is no file {location!r}.", "Check the location, or put the file there.")


def without_roots(text: str, roots: Iterable[str | Path]) -> str:
    """A message without the folders that the data roots lie in: files are named by their path inside."""
    forms = {form for root in roots for form in (str(root), str(Path(root).resolve()))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(f"{form.rstrip('/')}/", "")
    return text


def location_refused(location: str, why: str) -> SourceProblemError:
    return SourceProblemError(
        "source_location_refused",
        f"The location {location!r} is refused: {why}.",
        "Put the file under one of the configured data roots and give its path there.",
    )
