"""From a `Source` to a `Table`: the one place that knows both kinds of sources, and that closes what it opened."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.duckdb_backend import DuckDbBackend
from trust.evidence.engines.gx.duckdb_dialect import sqlalchemy_engine
from trust.evidence.engines.gx.file_database import FileDatabase
from trust.evidence.engines.gx.limits import EngineLimits
from trust.evidence.engines.gx.measure import Table
from trust.evidence.engines.gx.postgres_backend import PostgresBackend
from trust.evidence.engines.gx.postgres_tables import connection_problem, open_database, read_columns
from trust.evidence.rules.evidence import Source
from trust.evidence.sources.files import resolve_file
from trust.evidence.sources.postgres import connection_settings, split_table
from trust.evidence.sources.problem import SourceProblemError


@dataclass(frozen=True)
class Access:
    """Where sources may lie. roots: None trusts the locations as they come: the command line resolves its own."""

    roots: tuple[str, ...] | None = None
    database_hosts: tuple[str, ...] = ()
    limits: EngineLimits = field(default_factory=EngineLimits)


@dataclass
class OpenSource:
    """A source that is open, and the references that can be opened beside it."""

    source: Source
    table: Table
    _open_reference: Callable[[str], Table]
    _references: dict[str, Table] = field(default_factory=dict)

    def reference(self, name: str) -> Table:
        """The table of a reference, opened once. Raises SourceProblemError where it cannot be read beside this source."""
        if name not in self._references:
            self._references[name] = self._open_reference(name)
        return self._references[name]


class Opening:
    """Context manager around an `OpenSource`. Raises SourceProblemError on entering where the source cannot be read."""

    def __init__(self, source: Source, access: Access) -> None:
        self._source = source
        self._access = access
        self._stack = ExitStack()

    def __enter__(self) -> OpenSource:
        try:
            if self._source.kind is SourceKind.POSTGRES:
                return self._open_table()
            return self._open_file()
        except BaseException:
            self._stack.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stack.close()

    def _checked(self, source: Source) -> str:
        """The location, looked at again just before it is opened: a link may have changed since it was registered."""
        return source.location if self._access.roots is None else resolve_file(source.location, self._access.roots)

    def _open_file(self) -> OpenSource:
        source = self._source
        paths = [self._checked(source)]
        paths += [each.location for each in source.references.values() if each.kind is not SourceKind.POSTGRES]
        database = self._stack.enter_context(FileDatabase(paths, self._access.limits))
        engine = sqlalchemy_engine(database.connection)
        self._stack.callback(engine.dispose)
        connection = self._stack.enter_context(engine.connect())
        backend = DuckDbBackend(connection, database.connection)

        def load(name: str, wanted: Source) -> Table:
            return Table(backend, _selectable(name, None, columns := database.load(name, wanted)), columns)

        def open_reference(name: str) -> Table:
            reference = source.references[name]
            if reference.kind is SourceKind.POSTGRES:
                raise _mixed(name)
            self._checked(reference)
            return load(f"reference_{list(source.references).index(name)}", reference)

        return OpenSource(source, load("data", source), open_reference)

    def _open_table(self) -> OpenSource:
        source = self._source
        settings = connection_settings(source.connection or "", self._access.database_hosts)
        engine = open_database(settings, self._access.limits)
        self._stack.callback(engine.dispose)
        try:
            connection = self._stack.enter_context(engine.connect())
        except sa.exc.DBAPIError as error:
            raise connection_problem(error, source.location) from None
        backend = PostgresBackend(connection)

        def load(location: str) -> Table:
            try:
                columns = read_columns(connection, location)
            except sa.exc.DBAPIError as error:
                raise connection_problem(error, location) from None
            schema, name = split_table(location)
            return Table(backend, _selectable(name, schema, columns), columns)

        def open_reference(name: str) -> Table:
            wanted = source.references[name]
            if wanted.kind is not SourceKind.POSTGRES or wanted.connection != source.connection:
                raise _mixed(name)
            return load(wanted.location)

        return OpenSource(source, load(source.location), open_reference)


def _selectable(name: str, schema: str | None, columns: dict[str, Column]) -> sa.TableClause:
    names: Iterable[str] = (column.sql_name for column in columns.values())
    return sa.table(
        quoted_name(name, quote=True),
        *(sa.column(quoted_name(column, quote=True)) for column in names),
        schema=None if schema is None else quoted_name(schema, quote=True),
    )


def _mixed(name: str) -> SourceProblemError:
    return SourceProblemError(
        "reference_elsewhere",
        f"The reference {name!r} cannot be reached from here: a file is looked up in files, and a table in tables of the same "
        "connection.",
        "Copy one of the two beside the other.",
    )
