"""What commands about checks show while they look, and of what they found."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from trust.evidence.rules.evidence import CheckEvidence
from trust.vocabulary import CheckStatus

_SYMBOLS = {
    CheckStatus.PASSED: "✓ passed",
    CheckStatus.FAILED: "✗ failed",
    CheckStatus.ERROR: "! error",
    CheckStatus.SKIPPED: "- skipped",
}


@contextmanager
def progress(sentence: str) -> Iterator[None]:
    """Says on standard error that something is going on, at once to a person and after two seconds to a log."""
    finished = threading.Event()

    def tell() -> None:
        if not finished.wait(0 if sys.stderr.isatty() else 2):
            sys.stderr.write(sentence + os.linesep)
            sys.stderr.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        finished.set()
        teller.join()


def check_table(results: Sequence[CheckEvidence]) -> list[str]:
    """The results as lines of a table, each with what its check found below it; nothing for no results."""
    if not results:
        return []
    table: list[tuple[str, ...]] = [("RESULT", "SEVERITY", "DIMENSION", "CHECK", "ROWS", "UNEXPECTED")]
    table += [_row(result) for result in results]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(table[0], widths, strict=True)).rstrip()]
    for row, result in zip(table[1:], results, strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines += [f"{' ' * (widths[0] + 2)}{line}" for line in _remarks(result)]
    return [*lines, ""]


def counted(results: Sequence[CheckEvidence]) -> str:
    """How many checks there are of each status, in words."""
    counts = {status: sum(result.status is status for result in results) for status in CheckStatus}
    return ", ".join(f"{count} {status.value}" for status, count in counts.items() if count) or "no checks were run"


def _row(result: CheckEvidence) -> tuple[str, ...]:
    expectation = result.expectation
    columns = [expectation.kwargs.get(key) for key in ("column", "column_A", "column_B", "column_list")]
    named = ", ".join(shown(column) for column in columns if column)
    dimension = expectation.dimension.value if expectation.dimension else ""
    counts = tuple("" if count is None else f"{count:,}" for count in (result.element_count, result.unexpected_count))
    check = f"{expectation.type}({named})" if named else expectation.type
    return (_SYMBOLS[result.status], expectation.severity.value, dimension, check, *counts)


def shown(value: Any) -> str:
    """A value on one line, without what a terminal would obey."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(char if char.isprintable() else "?" for char in text)


def _remarks(result: CheckEvidence) -> list[str]:
    remarks = [shown(result.message)] if result.message else []
    if result.samples:
        examples = ", ".join(shown(repr(sample)) for sample in result.samples[:5])
        remarks.append(f"for example {examples}")
    return remarks
