"""Foreign keys of a contract as our own expectation: every value exists in a column of another port.

`to` may be `table.column` or `schema/<id>/properties/<id>` of the same contract, and either of them after `<file>#` for another
one: the name of the file without its endings is then the slug of a registered data product.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from open_data_contract_standard.model import Relationship

from catalog.contracts.findings import Findings
from catalog.contracts.objects import ObjectPlace, find_object
from catalog.contracts.thresholds import UnmappableError
from catalog.rules.expectation import Expectation, Json
from catalog.rules.vocabulary import Dimension

EXPECTATION_TYPE = "expect_column_values_to_exist_in_reference"
_QUALIFIED = re.compile(r"/?schema/([^/]+)/properties/([^/]+)")
_SHORT = re.compile(r"([^./#]+)\.([^./#]+)")
_ENDINGS = re.compile(r"(\.odcs)?\.ya?ml$|\.json$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Target:
    """`product` empty: the same contract."""

    product: str
    table: str
    column: str


def read_relationships(
    place: ObjectPlace, places: Mapping[str, ObjectPlace], slug: str, findings: Findings
) -> Iterator[Expectation]:
    """The foreign keys of an object and of its columns; what cannot be one goes to `findings`."""
    found: list[tuple[str, Relationship, str | None]] = [
        (f"{path}.relationships[{position}]", relationship, column)
        for path, one, column in place.columns()
        for position, relationship in enumerate(one.relationships or ())
    ]
    found += [
        (f"{place.path}.relationships[{position}]", relationship, None)
        for position, relationship in enumerate(place.schema.relationships or ())
    ]
    for path, relationship, column in found:
        try:
            yield _foreign_key(relationship, path, column, place, places, slug)
        except UnmappableError as error:
            findings.cannot_execute(path, f"relationship to {relationship.to}", f"not checked, because {error}")


def _foreign_key(
    relationship: Relationship,
    path: str,
    column: str | None,
    place: ObjectPlace,
    places: Mapping[str, ObjectPlace],
    slug: str,
) -> Expectation:
    if (relationship.type or "foreignKey") != "foreignKey":
        raise UnmappableError(f"its type '{relationship.type}' is not foreignKey")
    columns = [column] if column is not None else [_own_column(one, place) for one in _listed(relationship.from_, "from")]
    targets = [_target(one) for one in _listed(relationship.to, "to")]
    if len(columns) != len(targets):
        raise UnmappableError(f"it has {len(columns)} columns on one side and {len(targets)} on the other")
    if len({(target.product, target.table) for target in targets}) != 1:
        raise UnmappableError("it leads to more than one dataset")
    reference, there = _resolved(targets, places, slug)
    if reference == f"{slug}/{place.port}" and there == columns:
        raise UnmappableError("it leads to itself, so that any data meets it")
    kwargs: dict[str, Json]
    if len(columns) == 1:
        kwargs = {"column": columns[0], "reference": reference, "reference_column": there[0]}
    else:
        ours: list[Json] = list(columns)
        theirs: list[Json] = list(there)
        kwargs = {"column_list": ours, "reference": reference, "reference_column_list": theirs}
    meta: dict[str, Json] = {"path": path}
    return Expectation(EXPECTATION_TYPE, kwargs, dimension=Dimension.CONSISTENCY, meta=meta)


def _resolved(targets: list[_Target], places: Mapping[str, ObjectPlace], slug: str) -> tuple[str, list[str]]:
    """(`<product slug>/<port>`, columns there). Another product's columns are looked up when the contract is registered."""
    product, table = targets[0].product, targets[0].table
    if product and product != slug:
        return f"{product}/{table}", [target.column for target in targets]
    there = find_object(places, table)
    if there is None:
        raise UnmappableError(
            f"there is no object '{table}' in this contract; name another one as <file>.odcs.yaml#{table}.<property>"
        )
    return f"{slug}/{there.port}", there.columns_of([target.column for target in targets])


def _target(text: str) -> _Target:
    file, mark, inner = text.rpartition("#")
    product = _ENDINGS.sub("", file.rpartition("/")[2]) if mark else ""
    if mark and not product:
        raise UnmappableError(f"'{text}' names no file before its #")
    match = _QUALIFIED.fullmatch(inner) or _SHORT.fullmatch(inner)
    if match is None:
        raise UnmappableError(f"'{text}' is neither table.column nor schema/<object>/properties/<property>")
    return _Target(product, match[1], match[2])


def _own_column(text: str, place: ObjectPlace) -> str:
    target = _target(text)
    if target.product or target.table not in {place.schema.name, place.schema.physicalName, place.schema.id}:
        raise UnmappableError(f"'{text}' in its from is no property of '{place.port}'")
    return place.columns_of([target.column])[0]


def _listed(value: str | list[str] | None, name: str) -> list[str]:
    listed = [value] if isinstance(value, str) else list(value or ())
    if not listed:
        raise UnmappableError(f"it has no {name}")
    return listed
