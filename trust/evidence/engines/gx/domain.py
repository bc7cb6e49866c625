"""Which rows an expectation looks at: those of its `row_condition`, less those that `ignore_row_if` passes over."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx.columns import Column, SqlExpression

IGNORE_RULES = {
    "neither": None,
    "never": None,
    "both_values_are_missing": "all",
    "all_values_are_missing": "all",
    "either_value_is_missing": "any",
    "any_value_is_missing": "any",
}


@dataclass(frozen=True)
class Domain:
    """Rows looked at. `key` tells two domains apart, so that equal questions are asked once."""

    key: str = ""
    where: SqlExpression | None = None

    def and_where(self, condition: SqlExpression, key: str) -> "Domain":
        where = condition if self.where is None else sa.and_(self.where, condition)
        return Domain(f"{self.key}&{key}", where)

    def count_where(self, condition: SqlExpression) -> SqlExpression:
        """How many rows of the domain satisfy `condition`."""
        whole = condition if self.where is None else sa.and_(self.where, condition)
        return sa.func.count().filter(whole)

    def count(self) -> SqlExpression:
        counted = sa.func.count()
        return counted if self.where is None else counted.filter(self.where)

    def aggregate(self, expression: sa.Function[Any]) -> SqlExpression:
        return expression if self.where is None else expression.filter(self.where)

    def select(self, *what: SqlExpression, table: sa.FromClause) -> sa.Select[Any]:
        statement = sa.select(*what).select_from(table)
        return statement if self.where is None else statement.where(self.where)


def without_ignored(domain: Domain, columns: Iterable[Column], rule: str | None) -> Domain:
    """`domain` less the rows that `ignore_row_if` names. Raises ValueError for a rule that Great Expectations has not."""
    if rule not in IGNORE_RULES:
        raise ValueError(f"ignore_row_if is {rule!r}; use one of {', '.join(sorted(IGNORE_RULES))}.")
    how = IGNORE_RULES[rule]
    if how is None:
        return domain
    columns = tuple(columns)
    present = [column.value.is_not(None) for column in columns]
    keep = sa.or_(*present) if how == "all" else sa.and_(*present)
    return domain.and_where(keep, f"{how}:{[column.name for column in columns]}")
