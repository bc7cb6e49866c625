"""The decision log's monthly partitions: made a year ahead, by a database function that has its owner's rights."""

import logging

import psycopg
from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

MONTHS_AHEAD = 12
WARNING = (
    "%d decisions lie in the default partition, for their month had none when they came. Nothing is lost and nothing needs to "
    "be moved; that month stays there. Look why the task trust.make_partitions did not run: is beat running?"
)


def make_partitions() -> int:
    """Make the partitions of this month and the twelve after it, where they are missing. Returns how many were made.

    None while somebody else is at work in the log for longer than half a second, such as a backup: answers would wait with us.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT trust_make_decision_partitions(%s)", [MONTHS_AHEAD])
            row: tuple[int] = cursor.fetchone()
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
        logger.warning("The decision log is in use, so its next partitions are not made now; beat tries again within the hour.")
        return 0
    return row[0]


def rows_without_partition() -> int:
    """How many decisions lie in the default partition, which should stay empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trust_decision_default")
        row: tuple[int] = cursor.fetchone()
    return row[0]
