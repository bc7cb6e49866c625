"""Opens a source for a run: a DuckDB over files, or a PostgreSQL.

Files become tables of a DuckDB of their own: one per run, in a temporary folder, with limits on memory and disk. Parquet is
read in place. CSV and JSON lines are loaded once: they have no types, so all values of a column decide its type, as in pandas.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import assert_never

import duckdb
import sqlalchemy as sa
from sqlalchemy import sql

from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx.backend import DuckDbBackend, PostgresBackend
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.csv_files import load_csv, load_excel
from trust.evidence.engines.gx.duckdb_dialect import sqlalchemy_engine
from trust.evidence.engines.gx.file_problems import file_problem
from trust.evidence.engines.gx.json_files import load_json_lines
from trust.evidence.engines.gx.limits import EngineLimits
from trust.evidence.engines.gx.measure import Table
from trust.evidence.engines.gx.parquet_files import load_parquet
from trust.evidence.engines.gx.postgres_tables import connection_problem, open_database, read_columns
from trust.evidence.engines.gx.prepared_files import Prepared, demand_files, prepared_files
from trust.evidence.engines.gx.quoting import literal_path, quoted_list
from trust.evidence.engines.gx.run_folders import RunFolder, SizeGuard
from trust.evidence.engines.gx.slices import keep_newest
from trust.evidence.rules.evidence import Source, SourceProblemError
from trust.evidence.sources.files import resolve_file
from trust.evidence.sources.postgres import connection_settings, split_table

Loaded = tuple[dict[str, Column], dict[str, str]]
"""The columns by their own names, in order, and how the source was read."""


class FileDatabase:
    """A DuckDB that can read the files of some sources and nothing else. A context manager: its folder goes with it."""

    def __init__(self, sources: Sequence[Source], limits: EngineLimits) -> None:
        self._folder = RunFolder(limits.temp_directory)
        try:
            self._prepare(sources, limits.temp_mb * 1_000_000)
            self._open(limits)
        except BaseException:
            self._folder.remove()
            raise

    def _prepare(self, sources: Sequence[Source], most_bytes: int) -> None:
        """Write anew what DuckDB cannot read as it is: before it runs, since afterwards it may open nothing else."""
        self._prepared: list[tuple[Source, Prepared | SourceProblemError]] = []
        for index, source in enumerate(sources):
            try:
                self._prepared.append((source, prepared_files(source, self._folder.path, f"file-{index}", most_bytes)))
            except SourceProblemError as problem:
                self._prepared.append((source, problem))

    def _open(self, limits: EngineLimits) -> None:
        paths = [path for _, each in self._prepared if isinstance(each, Prepared) for path in each.all_paths]
        self.connection = duckdb.connect(
            str(self._folder.path / "run.duckdb"),
            config={
                "memory_limit": limits.memory,
                "threads": limits.threads,
                "temp_directory": str(self._folder.path / "spill"),
                "max_temp_directory_size": f"{limits.temp_mb}MB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        )
        self.connection.execute("SET TimeZone='UTC'")
        self.connection.execute("SET enable_progress_bar=false")
        self.connection.execute("SET allowed_paths=" + quoted_list([*paths, *map(literal_path, paths)]))
        self.connection.execute("SET enable_external_access=false")
        self.connection.execute("SET lock_configuration=true")
        # DuckDB bounds what it sets aside, but not its own database, into which text files are read.
        self._guard = SizeGuard(self._folder, limits.temp_mb * 1_000_000, self.connection.interrupt)

    def __enter__(self) -> "FileDatabase":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._guard.end()
        self.connection.close()
        self._folder.remove()

    def load(self, name: str, source: Source) -> Loaded:
        """Make one of the sources readable as `name`. Raises SourceProblemError."""
        prepared = next(each for known, each in self._prepared if known == source)
        if isinstance(prepared, SourceProblemError):
            raise prepared
        demand_files(source)
        columns, reading = self._load(name, source, prepared)
        columns, of_slice = keep_newest(self.connection, name, source, columns)
        return columns, {**source.notes, **reading, **prepared.reading, **of_slice}

    def _load(self, name: str, source: Source, prepared: Prepared) -> Loaded:
        try:
            match source.kind:
                case SourceKind.PARQUET:
                    return load_parquet(self.connection, name, source, prepared)
                case SourceKind.CSV:
                    return load_csv(self.connection, name, source, prepared.paths)
                case SourceKind.EXCEL:
                    return load_excel(self.connection, name, source, prepared.paths)
                case SourceKind.JSON_LINES:
                    return load_json_lines(self.connection, name, source, prepared.paths)
                case SourceKind.POSTGRES | SourceKind.UNSUPPORTED:
                    raise ValueError(f"A source of kind {source.kind} is no file.")
                case _:
                    assert_never(source.kind)
        except duckdb.Error as error:
            raise file_problem(source, error) from error


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
            match self._source.kind:
                case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL:
                    return self._open_file()
                case SourceKind.POSTGRES:
                    return self._open_table()
                case SourceKind.UNSUPPORTED:
                    raise ValueError("A source of a kind that is not supported cannot be opened.")
                case _:
                    assert_never(self._source.kind)
        except BaseException:
            self._stack.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stack.close()

    def _check(self, source: Source) -> None:
        """Look at the files again just before they are opened: a link may have changed since it was registered."""
        for path in source.paths if self._access.roots is not None else ():
            resolve_file(path, self._access.roots or ())

    def _open_file(self) -> OpenSource:
        source = self._source
        self._check(source)
        sources = [source, *(each for each in source.references.values() if each.kind.is_file)]
        database = self._stack.enter_context(FileDatabase(sources, self._access.limits))
        engine = sqlalchemy_engine(database.connection)
        self._stack.callback(engine.dispose)
        connection = self._stack.enter_context(engine.connect())
        backend = DuckDbBackend(connection, database.connection)

        def load(name: str, wanted: Source) -> Table:
            columns, reading = database.load(name, wanted)
            return Table(backend, _selectable(name, None, columns), columns, reading=reading)

        def open_reference(name: str) -> Table:
            reference = source.references[name]
            if not reference.kind.is_file:
                raise _mixed(name)
            self._check(reference)
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
        _refuse_own_database(connection)
        backend = PostgresBackend(connection)

        def load(source: Source) -> Table:
            location = source.location
            try:
                columns = {
                    name: replace(column, zone=source.reading.of(name).time_zone)
                    for name, column in read_columns(connection, location).items()
                }
            except sa.exc.DBAPIError as error:
                raise connection_problem(error, location) from None
            schema, name = split_table(location)
            return Table(backend, _selectable(name, schema, columns), columns)

        def open_reference(name: str) -> Table:
            wanted = source.references[name]
            if wanted.kind is not source.kind or wanted.connection != source.connection:
                raise _mixed(name)
            return load(wanted)

        return OpenSource(source, load(source), open_reference)


_OWN_TABLES = ("catalog_apikey", "catalog_person", "trust_currentverdict", "trust_decision")


def _refuse_own_database(connection: sa.Connection) -> None:
    """Raise SourceProblemError where the connection leads to Touchstone's own database, whatever name led there."""
    own = sa.text(
        "SELECT count(DISTINCT relname) FROM pg_catalog.pg_class WHERE relname = ANY(:names) AND relkind IN ('r', 'p')"
    )
    if connection.execute(own, {"names": list(_OWN_TABLES)}).scalar() == len(_OWN_TABLES):
        raise SourceProblemError(
            "own_database_refused",
            "The connection leads to the database of Touchstone itself, which no port may read.",
            "Put the data into a database of its own, and refer to that.",
        )


def _selectable(name: str, schema: str | None, columns: dict[str, Column]) -> sa.TableClause:
    names: Iterable[str] = (column.sql_name for column in columns.values())
    return sa.table(
        sql.quoted_name(name, quote=True),
        *(sa.column(sql.quoted_name(column, quote=True)) for column in names),
        schema=None if schema is None else sql.quoted_name(schema, quote=True),
    )


def _mixed(name: str) -> SourceProblemError:
    return SourceProblemError(
        "reference_elsewhere",
        f"The reference {name!r} cannot be reached from here: a file is looked up in files, and a table in tables of the same "
        "connection.",
        "Copy one of the two beside the other.",
    )
