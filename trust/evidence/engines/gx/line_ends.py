"""The end of a text file. DuckDB drops a last line that is longer than its buffer without a word, so it is looked at before."""

import gzip
import io
import zlib
from pathlib import Path

from trust.evidence.engines.gx.file_problems import malformed
from trust.evidence.engines.gx.limits import MAX_LINE_BYTES

_CHUNK_BYTES = 1024 * 1024


def demand_ending(path: str) -> None:
    """Raise SourceProblemError where the last line is longer than a line may be. Only the end of a plain file is read."""
    if _last_line_bytes(path) > MAX_LINE_BYTES:
        raise malformed(path, f"its last line is longer than {MAX_LINE_BYTES:,} bytes")


def _last_line_bytes(path: str) -> int:
    """How long the last line is, counted no further than a line may be."""
    if path.lower().endswith(".gz"):
        return _last_packed_line_bytes(path)
    with Path(path).open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - MAX_LINE_BYTES - _CHUNK_BYTES, 0))
        end = file.read().rstrip(b"\r\n")
    return len(end) - _after_break(end)


def _last_packed_line_bytes(path: str) -> int:
    """Of a packed file, which cannot be read from its end: the longest line, since no other may be longer either."""
    longest = current = 0
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                first = next((place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0), len(chunk))
                longest = max(longest, current + first)
                current = len(chunk) - _after_break(chunk) + (current if first == len(chunk) else 0)
    except (OSError, EOFError, zlib.error) as error:
        raise malformed(path, f"it cannot be unpacked ({error})") from error
    return longest


def _after_break(text: bytes) -> int:
    """Where the last line of `text` begins; 0 where it has no line break."""
    return max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
