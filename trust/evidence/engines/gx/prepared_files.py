"""Files that DuckDB cannot read as they are, written anew into the folder of the run: other encodings than UTF-8, Excel."""

import codecs
import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.rules.reading import codec_of
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx.excel_files import write_sheet
from trust.evidence.engines.gx.file_problems import malformed, too_large_on_disk, wrong_encoding
from trust.evidence.engines.gx.parquet_files import long_decimals
from trust.evidence.rules.evidence import Source, SourceProblemError
from trust.evidence.sources.files import check_file

_CHUNK_BYTES = 1024 * 1024
_AS_THEY_ARE = {"utf-8", "ascii"}
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """paths: what to read, in order. wide: beside each Parquet file its long decimals, if any. reading: how it was read."""

    paths: tuple[str, ...]
    wide: tuple[str | None, ...] = ()
    reading: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_paths(self) -> list[str]:
        return [*self.paths, *(path for path in self.wide if path)]


def demand_files(source: Source) -> None:
    """Raise SourceProblemError unless all files are regular ones that can be read."""
    for path in source.paths:
        check_file(path, f"{source.location} ({Path(path).name})" if source.files else source.location)


def prepared_files(source: Source, folder: Path, name: str, most_bytes: int) -> Prepared:
    """The files of a source as DuckDB can read them. Raises SourceProblemError where one cannot be."""
    demand_files(source)
    if source.kind is SourceKind.PARQUET:
        return Prepared(source.paths, long_decimals(source, folder, name))
    found, reading = list[str](), dict[str, str]()
    for index, path in enumerate(source.paths):
        if source.kind is SourceKind.EXCEL:
            target = folder / f"{name}-{index}.csv"
            reading["sheet"] = write_sheet(source, path, target, most_bytes)
            most_bytes -= target.stat().st_size
            found.append(str(target))
            continue
        encoding = _encoding(path, source)
        if encoding in _AS_THEY_ARE:
            found.append(path)
            continue
        if not source.reading.encoding:
            reading["encoding"] = encoding
        target = folder / f"{name}-{index}{'.tsv' if '.tsv' in path.lower() else '.txt'}"
        _write(path, encoding, target, most_bytes, source)
        most_bytes -= target.stat().st_size
        found.append(str(target))
    return Prepared(tuple(found), reading=reading)


def _encoding(path: str, source: Source) -> str:
    """As declared; else UTF-8, unless the file begins with the mark of UTF-16."""
    if source.reading.encoding:
        return codec_of(source.reading.encoding)
    for chunk in _chunks(path, source):
        return _MARKS.get(chunk[:2], "utf-8")
    return "utf-8"


def _write(path: str, encoding: str, target: Path, most_bytes: int, source: Source) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    written = 0
    with target.open("wb") as file:
        try:
            for chunk in _chunks(path, source):
                text = decoder.decode(chunk).encode()
                written += file.write(text.removeprefix(codecs.BOM_UTF8) if not written else text)
                if written > most_bytes:
                    raise too_large_on_disk(source.location)
            file.write(decoder.decode(b"", final=True).encode())
        except UnicodeError as error:
            raise wrong_encoding(source.location, None, encoding) from error


def _chunks(path: str, source: Source) -> Iterator[bytes]:
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except SourceProblemError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise malformed(source.location, f"it cannot be unpacked ({error})") from error
