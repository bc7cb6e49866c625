"""A `row_condition` as SQL, built from its parts: never from its text.

Two languages are read: Great Expectations' own (`col("origin") == "JFK"`, and its condition objects as JSON), and the part of
pandas' query language that only compares (`origin == 'JFK' and hour > 5`). Anything else is refused, never ignored.
A comparison with a missing value is false, and with `!=` or `not in` true, as in pandas.
"""

import ast
import io
import keyword
import tokenize
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from great_expectations.expectations import row_conditions as gx

from trust.evidence.engines.gx.arguments import comparable, literal, members, moment_of
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.domain import Domain

Find = Callable[[str], Column]
_TRUE_WHEN_MISSING = {"!=", "not in"}
_GX_OPERATORS = {"IN": "in", "NOT_IN": "not in"}
_AST_OPERATORS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_HELP = (
    'Write a comparison such as col("origin") == "JFK" with condition_parser "great_expectations", or '
    "origin == 'JFK' and hour > 5 with condition_parser \"pandas\"."
)


def row_filter(condition: Any, parser: str | None, find: Find) -> Domain:
    """The rows that `condition` keeps. `find` gives the column of a name, or raises LookupError.

    Raises ValueError or TypeError for a condition that cannot be read or compares what does not compare.
    """
    if condition is None:
        return Domain()
    if isinstance(condition, gx.PassThroughCondition):
        if parser not in {None, "pandas"}:
            raise ValueError(f"condition_parser {parser!r} is not supported here. {_HELP}")
        text = condition.pass_through_filter
        return Domain(f"pandas:{text}", _Query(find).read(text))
    if isinstance(condition, gx.Condition):
        return Domain(repr(condition), _from_object(condition, find))
    raise ValueError(f"row_condition {condition!r} cannot be read. {_HELP}")


def _from_object(condition: gx.Condition, find: Find) -> SqlExpression:
    if isinstance(condition, gx.AndCondition):
        return sa.and_(sa.true(), *(_from_object(part, find) for part in condition.conditions))
    if isinstance(condition, gx.OrCondition):
        return sa.or_(sa.false(), *(_from_object(part, find) for part in condition.conditions))
    if isinstance(condition, gx.NullityCondition):
        value = find(condition.column.name).value
        return value.is_(None) if condition.is_null else value.is_not(None)
    if isinstance(condition, gx.ComparisonCondition):
        operator = str(getattr(condition.operator, "value", condition.operator))
        return compare(find(condition.column.name), _GX_OPERATORS.get(operator, operator), condition.parameter)
    raise ValueError(f"row_condition {condition!r} cannot be read. {_HELP}")


def compare(column: Column, operator: str, operand: Any) -> SqlExpression:
    """Whether a row's value compares so with a constant, a list of constants or another column."""
    if isinstance(operand, (list, tuple, set)) and operator in {"==", "!=", "in", "not in"}:
        found = members(column, operand)
        inside: SqlExpression = column.number.in_([literal(member) for member in found]) if found else sa.false()
        known = sa.func.coalesce(inside, sa.false())
        return sa.not_(known) if operator in _TRUE_WHEN_MISSING else known
    left = column.number
    if isinstance(operand, Column):
        right: SqlExpression = operand.number
        if (operand.kind is Kind.TEXT) != (column.kind is Kind.TEXT):
            raise TypeError(
                f"Columns {column.name!r} and {operand.name!r} hold different kinds of values and cannot be compared."
            )
    elif operator in {"==", "!="}:
        found = members(column, [operand])
        if not found:
            return sa.true() if operator == "!=" else sa.false()
        right = literal(found[0])
    elif column.is_moment_in_text:
        left = sa.column(sa.sql.quoted_name(column.moments, quote=True))
        right = literal(moment_of(operand, column.zone))
    else:
        right = literal(comparable(column, operand))
        left = sa.collate(left, "C") if column.kind is Kind.TEXT else left
    outcomes: dict[str, Callable[[], SqlExpression]] = {
        "==": lambda: left == right,
        "!=": lambda: left != right,
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
    }
    if operator not in outcomes:
        raise ValueError(f"row_condition compares with {operator!r}, which is not supported. {_HELP}")
    return sa.func.coalesce(outcomes[operator](), sa.literal(operator in _TRUE_WHEN_MISSING, sa.Boolean))


class _Query:
    """Reads the comparing part of pandas' query language with Python's own parser."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._quoted: dict[str, str] = {}

    def read(self, text: str) -> SqlExpression:
        try:
            tree = ast.parse(self._as_python(text), mode="eval")
        except (SyntaxError, tokenize.TokenError, ValueError, RecursionError, MemoryError) as error:
            raise ValueError(f"row_condition {text!r} cannot be read: {error}. {_HELP}") from error
        return self._truth(tree.body)

    def _as_python(self, text: str) -> str:
        """`&` and `|` bind as `and` and `or` in pandas, and backquotes hold names that Python cannot write."""
        pieces = text.split("`")
        if len(pieces) % 2 == 0:
            raise ValueError("a backquote is not closed")
        for index in range(1, len(pieces), 2):
            stand_in = f"quoted_name_{index}"
            self._quoted[stand_in] = pieces[index]
            pieces[index] = f" {stand_in} "
        words = {"&": "and", "|": "or"}
        tokens = tokenize.generate_tokens(io.StringIO("".join(pieces).strip()).readline)
        return " ".join(words.get(t.string, t.string) for t in tokens if t.type not in {tokenize.NEWLINE, tokenize.NL})

    def _truth(self, node: ast.expr) -> SqlExpression:
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return sa.and_(*(self._truth(part) for part in parts))
            case ast.BoolOp(op=ast.Or(), values=parts):
                return sa.or_(*(self._truth(part) for part in parts))
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=part):
                return sa.not_(self._truth(part))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call(func=ast.Attribute(value=ast.Name() as name, attr=method), args=arguments, keywords=[]):
                return self._method(self._column(name), method, arguments)
            case ast.Name():
                column = self._column(node)
                if column.kind is not Kind.BOOLEAN:
                    raise ValueError(
                        f"row_condition uses column {column.name!r} as a condition, but it is not boolean. {_HELP}"
                    )
                return sa.func.coalesce(column.value, sa.false())
        raise ValueError(f"row_condition uses {ast.unparse(node)!r}, which is not supported. {_HELP}")

    def _method(self, column: Column, method: str, arguments: list[ast.expr]) -> SqlExpression:
        if method in {"isnull", "isna"} and not arguments:
            return column.value.is_(None)
        if method in {"notnull", "notna"} and not arguments:
            return column.value.is_not(None)
        if method == "isin" and len(arguments) == 1:
            return compare(column, "in", self._constant(arguments[0]))
        raise ValueError(f"row_condition calls {method!r}, which is not supported. {_HELP}")

    def _comparison(self, node: ast.Compare) -> SqlExpression:
        sides = [node.left, *node.comparators]
        parts = []
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            word = _AST_OPERATORS.get(type(operator))
            if word is None:
                raise ValueError(f"row_condition uses {ast.unparse(node)!r}, which is not supported. {_HELP}")
            if isinstance(left, ast.Name):
                operand = self._column(right) if isinstance(right, ast.Name) else self._constant(right)
                parts.append(compare(self._column(left), word, operand))
            elif isinstance(right, ast.Name) and word in _MIRRORED:
                parts.append(compare(self._column(right), _MIRRORED[word], self._constant(left)))
            else:
                raise ValueError(f"row_condition compares {ast.unparse(node)!r}, which names no column. {_HELP}")
        return sa.and_(*parts)

    def _column(self, name: ast.Name) -> Column:
        written = self._quoted.get(name.id, name.id)
        if keyword.iskeyword(written):
            raise ValueError(f"row_condition uses {written!r}, which is not supported. {_HELP}")
        return self._find(written)

    def _constant(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError) as error:
            raise ValueError(f"row_condition uses {ast.unparse(node)!r} where a constant is required. {_HELP}") from error
