"""The decision log's monthly partitions: made a year ahead, by a database function that has its owner's rights."""

from django.db import connection

MONTHS_AHEAD = 12
WARNING = (
    "%d decisions lie in the default partition, for their month had none when they came. Nothing is lost and nothing needs to "
    "be moved; that month stays there. Look why the task trust.make_partitions did not run: is beat running?"
)


def make_partitions() -> int:
    """Make the partitions of this month and the twelve after it, where they are missing. Returns how many were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT trust_make_decision_partitions(%s)", [MONTHS_AHEAD])
        row: tuple[int] = cursor.fetchone()
    return row[0]


def rows_without_partition() -> int:
    """How many decisions lie in the default partition, which should stay empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trust_decision_default")
        row: tuple[int] = cursor.fetchone()
    return row[0]
