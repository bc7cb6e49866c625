"""One schema object of a contract, with the names that its properties go by: `name`, `physicalName`, `id`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from open_data_contract_standard.model import SchemaObject, SchemaProperty

from catalog.contracts.thresholds import UnmappableError


@dataclass(frozen=True)
class ObjectPlace:
    """A schema object at its path. Its name is the port's name; its columns are the properties' physical names."""

    path: str
    schema: SchemaObject

    @property
    def port(self) -> str:
        return self.schema.name or ""

    @property
    def table(self) -> str:
        """The name of the dataset in its source."""
        return self.schema.physicalName or self.port

    def columns(self) -> list[tuple[str, SchemaProperty, str]]:
        """(path, property, column) of every property that is a column, each once; measures of a semantic model are none."""
        return self._columns

    def repeated_columns(self) -> list[tuple[str, str]]:
        """(path, column) of every property whose column another one before it has: it is not read."""
        read = {path for path, _, _ in self._columns}
        return [(path, column) for path, _, column in self._written_columns() if path not in read]

    @cached_property
    def _columns(self) -> list[tuple[str, SchemaProperty, str]]:
        first: dict[str, tuple[str, SchemaProperty, str]] = {}
        for path, one, column in self._written_columns():
            first.setdefault(column, (path, one, column))
        return list(first.values())

    def _written_columns(self) -> list[tuple[str, SchemaProperty, str]]:
        return [
            (f"{self.path}.properties[{position}]", one, column_of(one))
            for position, one in enumerate(self.schema.properties or ())
            if (one.semanticType or "column") != "measure"
        ]

    def find_column(self, name: str) -> str | None:
        """The column that goes by `name`: a property's name first, then its physical name, then its id."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for attribute in ("name", "physicalName", "id"):
            for _, one, column in self.columns():
                found.setdefault(getattr(one, attribute) or "", column)
        return found

    def columns_of(self, names: Sequence[Any]) -> list[str]:
        """The columns of the properties that are named. Raises `UnmappableError` for one that does not exist."""
        found = [self.find_column(str(name)) for name in names]
        if None in found:
            raise UnmappableError(f"there is no property '{names[found.index(None)]}' in '{self.port}'")
        return [column for column in found if column is not None]


def column_of(one: SchemaProperty) -> str:
    """The name of a property's column in the source."""
    return one.physicalName or one.name or ""


def find_object(places: Mapping[str, ObjectPlace], name: str) -> ObjectPlace | None:
    """The object that goes by `name`: its name first, then its physical name, then its id."""
    if name in places:
        return places[name]
    for attribute in ("physicalName", "id"):
        for place in places.values():
            if getattr(place.schema, attribute) == name:
                return place
    return None
