"""What is known of all rows of a column, also where the look was at a sample."""

from dataclasses import dataclass

from catalog.rules.vocabulary import LogicalType
from trust.evidence.rules.profiling.columns import Column


@dataclass(frozen=True, slots=True)
class WholeFigures:
    """present: rows with a value. lowest, highest: of numbers. shortest, longest: of texts, in characters. others: rows whose
    text is not among those of the sample, of a category."""

    present: int
    distinct: int | None = None
    lowest: float | None = None
    highest: float | None = None
    shortest: int | None = None
    longest: int | None = None
    others: int = 0


def words_for_nothing(column: Column) -> tuple[str, ...]:
    """The words that are no value of the column: all of them in one of numbers or dates, the usual ones in one of texts."""
    return column.null_texts if column.contract_type is LogicalType.STRING else tuple(column.placeholders)


def figures_of(column: Column) -> WholeFigures:
    """The figures where the sample holds all rows."""
    lengths = [len(text) for text in column.counts] if column.type is LogicalType.STRING else []
    numbers = column.numbers
    present = column.rows - len(column.blank) - sum(column.placeholders[word] for word in words_for_nothing(column))
    return WholeFigures(
        present=present,
        distinct=len(column.counts),
        lowest=min(numbers, default=None),
        highest=max(numbers, default=None),
        shortest=min(lengths, default=None),
        longest=max(lengths, default=None),
    )
