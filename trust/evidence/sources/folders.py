"""Locations of several files that are one table: a folder (`orders/`) or a pattern (`orders/*.csv`, `orders/**/part-*.csv`).

Every file that is found keeps the rules of a single file: below a data root, no link out of it, readable, not empty. Names that
begin with a dot or an underline are passed over, as Spark means them. `key=value` folders are columns (hive partitions).
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from catalog.rules.vocabulary import SourceKind
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.sources.files import check_file, file_kind, location_refused, resolve_below, resolve_file

MOST_FILES, MOST_ENTRIES, _DEEPEST = 10_000, 200_000, 20
_MOST_ANY_DEPTHS = 3
_SIGNS = "*?["
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"

Partition = tuple[tuple[str, str | None], ...]
"""(key, value) of each partition that a file lies in, from the outermost; None is no value."""


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files of one location, sorted by name. names: relative to the folder that all of them lie in."""

    paths: tuple[str, ...]
    names: tuple[str, ...]
    partitions: tuple[Partition, ...]

    def fingerprint(self) -> str:
        """SHA-256, as hex, of names, sizes and times of change of all files: another one is another state of the data."""
        states = []
        for path, name in zip(self.paths, self.names, strict=True):
            status = os.stat(path)  # noqa: PTH116
            states.append(f"{name}\0{status.st_size}\0{status.st_mtime_ns}")
        return sha256("\n".join(states).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Pattern:
    """base: the folder before the first sign of a pattern. parts: of the pattern below it; `**` is any depth."""

    base: str
    parts: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether a file of this absolute path would be found."""
        prefix = self.base.rstrip("/") + "/"
        return path.startswith(prefix) and _matches(path[len(prefix) :].split("/"), self.parts)


def names_several(location: str) -> bool:
    """Whether the location is a folder or a pattern by its form."""
    return location.endswith("/") or any(sign in location for sign in _SIGNS)


def is_several(location: str, roots: Iterable[str | Path]) -> bool:
    """Whether several files are meant: a folder, or a pattern that is not the name of one file."""
    if location.endswith("/") or not names_several(location):
        return location.endswith("/")
    try:
        resolve_file(location, roots)
    except SourceProblemError:
        return True
    return False


def pattern_of(location: str) -> Pattern:
    """The pattern of a location; its base as written. A folder is everything below it."""
    parts = Path(location).parts
    first = next((place for place, part in enumerate(parts) if any(sign in part for sign in _SIGNS)), len(parts))
    wanted = tuple(
        part for place, part in enumerate(parts[first:]) if not (part == "**" and parts[first:][place - 1 : place] == ("**",))
    )
    return Pattern(str(Path(*parts[:first])) if first else ".", wanted or ("**",))


def resolve_files(location: str, kind: SourceKind, roots: Iterable[str | Path]) -> FoundFiles:
    """The files that a location names, under the first root that has its folder.

    Raises SourceProblemError as `resolve_file` does, and `source_too_many_files`.
    """
    roots = list(roots)
    pattern = pattern_of(location)
    base = resolve_below(pattern.base, location, roots)
    if pattern.parts.count("**") > _MOST_ANY_DEPTHS:
        raise location_refused(location, f"it holds ** more than {_MOST_ANY_DEPTHS} times")
    if not base.is_dir():
        raise _missing(location)
    names: list[str] = []
    for name in _walk(base, location):
        if _matches(name.split("/"), pattern.parts) and _is_of(name, kind, is_folder=pattern.parts == ("**",)):
            names.append(name)
            if len(names) > MOST_FILES:
                raise _too_many(location, f"more than {MOST_FILES:,} files")
    if not names:
        raise _missing(location)
    names.sort()
    paths = []
    for name in names:
        path = resolve_file(str(base / name), roots)
        check_file(path, f"{location} ({name})")
        paths.append(path)
    partitions = tuple(_partition(name) for name in names)
    if len({tuple(key for key, _ in one) for one in partitions}) > 1:
        raise SourceProblemError(
            "source_malformed",
            f"The files of {location!r} lie in different partitions: not all of them have the same keys in their path.",
            "Move the files so that all have the same key=value folders, or name fewer of them.",
        )
    return FoundFiles(tuple(paths), tuple(names), partitions)


def newest_of(found: FoundFiles, key: str) -> tuple[FoundFiles, str]:
    """The files of the newest value of a partition, and that value. Raises SourceProblemError where none is the newest.

    Whole numbers go by size; other values by their letters, which is the order of dates in ISO 8601 only.
    """
    values = [dict(one).get(key) for one in found.partitions]
    present = {value for value in values if value is not None}
    if not present:
        raise SourceProblemError(
            "source_malformed",
            f"No file has a value of the partition {key!r}.",
            "Correct the path, or the name of the partition.",
        )
    if all(value.isascii() and value.isdigit() for value in present):
        newest = max(present, key=int)
    elif all(value[:4].isdigit() and value[4:5] == "-" and len(value) == len(next(iter(present))) for value in present):
        newest = max(present)
    else:
        raise SourceProblemError(
            "source_malformed",
            f"The values of the partition {key!r} are neither whole numbers nor dates as YYYY-MM-DD, so none is the newest.",
            "Name a partition of dates or numbers, or read all (touchstone.slice: all).",
        )
    kept = [place for place, value in enumerate(values) if value == newest]

    def only(all_: Sequence[str]) -> tuple[str, ...]:
        return tuple(all_[place] for place in kept)

    return FoundFiles(only(found.paths), only(found.names), tuple(found.partitions[place] for place in kept)), newest


def _walk(base: Path, location: str) -> Iterator[str]:
    """Names of everything that is no folder, relative to `base`."""
    waiting, seen = [("", 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(base / folder), key=lambda entry: entry.name)
        except PermissionError:
            raise SourceProblemError(
                "source_unreadable",
                f"A folder of {location!r} may not be read.",
                "Give the worker's account permission to read it.",
            ) from None
        for entry in entries:
            seen += 1
            if seen > MOST_ENTRIES or depth > _DEEPEST:
                raise _too_many(location, f"more than {MOST_ENTRIES:,} entries, or folders more than {_DEEPEST} deep")
            if entry.name.startswith((".", "_")):
                continue
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append((name, depth + 1))
            elif entry.is_symlink() and entry.is_dir():
                raise location_refused(location, f"{name!r} in it is a link to a folder")
            else:
                yield name


def _matches(names: Sequence[str], parts: Sequence[str]) -> bool:
    """A folder's `**` alone is any file at any depth; in a pattern it is any number of folders."""
    if not parts:
        return not names
    if parts[0] == "**":
        return parts == ("**",) or len(parts) == 1 or any(_matches(names[skip:], parts[1:]) for skip in range(len(names)))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _matches(names[1:], parts[1:])


def _is_of(name: str, kind: SourceKind, *, is_folder: bool) -> bool:
    """In a folder, files of other endings are something else; a pattern means every file that it names."""
    if not is_folder:
        return True
    try:
        return file_kind(name) is kind
    except SourceProblemError:
        return False


def _partition(name: str) -> Partition:
    found: dict[str, str | None] = {}
    for part in name.split("/")[:-1]:
        key, sign, value = part.partition("=")
        if sign and key:
            found[unquote(key)] = None if value == _NO_VALUE else unquote(value)
    return tuple(found.items())


def _missing(location: str) -> SourceProblemError:
    return SourceProblemError("source_missing", f"There is no file at {location!r}.", "Check the location, or put files there.")


def _too_many(location: str, what: str) -> SourceProblemError:
    return SourceProblemError(
        "source_too_many_files", f"{location!r} holds {what}.", "Name a smaller part of them by a pattern."
    )
