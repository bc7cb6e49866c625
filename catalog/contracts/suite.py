"""One suite out of what the schema demands and what the quality rules demand: the same check never counts twice."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from catalog.rules.expectation import Expectation, Json
from catalog.rules.vocabulary import Severity

_STRICTNESS = list(Severity)


def merged(expectations: Iterable[Expectation]) -> tuple[Expectation, ...]:
    """The expectations in order, equal ones (type and arguments) made one.

    The stricter severity holds, since whoever wrote it meant it; dimension, name and description are those of the quality
    rule, which comes last; `meta.paths` lists every place that demands it.
    """
    found: dict[str, Expectation] = {}
    for one in expectations:
        key = json.dumps([one.type, dict(one.kwargs)], sort_keys=True, default=str)
        found[key] = _united(found[key], one) if key in found else one
    return tuple(found.values())


def undeclared_columns(expectations: Iterable[Expectation], declared: Collection[str]) -> Iterator[tuple[str, str]]:
    """(path, column) for each column that an expectation looks at and that nobody declared: often a slip of the pen."""
    for one in expectations:
        named: list[Json] = [one.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        listed = one.kwargs.get("column_list")
        for column in [*named, *(listed if isinstance(listed, list) else [])]:
            if isinstance(column, str) and column not in declared:
                yield str(one.meta.get("path", "quality")), column


def _united(first: Expectation, second: Expectation) -> Expectation:
    meta: dict[str, Json] = {**first.meta, **second.meta}
    paths: list[Json] = [*_paths(first.meta), *_paths(second.meta)]
    return replace(
        second,
        severity=min(first.severity, second.severity, key=_STRICTNESS.index),
        dimension=second.dimension or first.dimension,
        meta={**meta, "paths": paths},
    )


def _paths(meta: Mapping[str, Json]) -> list[Json]:
    paths = meta.get("paths")
    return paths if isinstance(paths, list) else [meta["path"]] if "path" in meta else []
