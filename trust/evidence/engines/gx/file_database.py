"""Files as tables in a DuckDB of their own: one per run, in a temporary folder, with limits on memory and disk and no way out.

Parquet is read where it lies. CSV and JSON lines are read once into the run's own database, because they have no types: which
type a column has is decided by all of its values, as pandas decides it.
"""

from types import TracebackType

import duckdb

from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.csv_files import load_csv
from trust.evidence.engines.gx.file_problems import file_problem
from trust.evidence.engines.gx.json_files import load_json_lines
from trust.evidence.engines.gx.limits import EngineLimits
from trust.evidence.engines.gx.parquet_files import load_parquet
from trust.evidence.engines.gx.quoting import literal_path, quoted_list
from trust.evidence.engines.gx.run_folders import RunFolder, SizeGuard
from trust.evidence.rules.evidence import Source
from trust.evidence.sources.files import check_file


class FileDatabase:
    """A DuckDB that can read the given files and nothing else. A context manager: its folder goes with it."""

    def __init__(self, paths: list[str], limits: EngineLimits) -> None:
        self._folder = RunFolder(limits.temp_directory)
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

    def load(self, name: str, source: Source) -> dict[str, Column]:
        """Make `source` readable as `name`; its columns by their own names, in order. Raises SourceProblemError."""
        check_file(source.location)
        loaders = {SourceKind.PARQUET: load_parquet, SourceKind.CSV: load_csv, SourceKind.JSON_LINES: load_json_lines}
        try:
            return loaders[source.kind](self.connection, name, source)
        except duckdb.Error as error:
            raise file_problem(source, error) from error
