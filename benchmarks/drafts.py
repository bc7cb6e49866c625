"""How many defects drafts of contracts name, and how many false alarms they raise: twenty tables, eight defects, many seeds.

Run it with `python -m benchmarks.drafts [ROWS] [SEEDS]`: 2,000 rows and 4 seeds take some minutes. It needs no database.
"""

import sys
import time

from tests.honest.measuring import as_table, measure


def main() -> None:
    rows, seeds = ([int(text) for text in sys.argv[1:]] + [2_000, 4][len(sys.argv) - 1 :])[:2]
    started = time.monotonic()
    figures = measure(range(seeds), rows)
    print("\n".join(figures.remarks))
    print(as_table(figures))
    print(f"{rows:,} rows, {seeds} seeds, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
