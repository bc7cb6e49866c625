"""How far governance was notified of changes of accounts."""

from django.db import models
from django.db.models import Q


class AccountNoticesCursor(models.Model):
    """The one row: every change that a transaction before `transaction` made was read, and its notices were given.

    transaction: number of a transaction of PostgreSQL (xid8). Changes are dated by the beginning of their transaction, so one
    that is committed late has an old date, but not an old number.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    transaction = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="account_notices_cursor_is_one")]

    def __str__(self) -> str:
        return f"all before transaction {self.transaction}"
