"""Files as tables in a DuckDB of their own: one per run, in a temporary folder, with a limit on memory and no way out.

Parquet is read where it lies. CSV and JSON lines are read once into the run's own database, because they have no types: which
type a column has is decided by all of its values, as pandas decides it.
"""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

import duckdb

from catalog.rules.vocabulary import SourceKind
from trust.engines.gx.columns import Column
from trust.engines.gx.csv_files import load_csv
from trust.engines.gx.file_problems import file_problem
from trust.engines.gx.json_files import load_json_lines
from trust.engines.gx.limits import EngineLimits
from trust.engines.gx.parquet_files import load_parquet
from trust.engines.gx.quoting import literal_path, quoted_list
from trust.rules.evidence import Source
from trust.sources.files import check_file


class FileDatabase:
    """A DuckDB that can read the given files and nothing else. A context manager: its folder goes with it."""

    def __init__(self, paths: list[str], limits: EngineLimits) -> None:
        self._folder = tempfile.mkdtemp(prefix="touchstone-", dir=limits.temp_directory)
        self.connection = duckdb.connect(
            str(Path(self._folder) / "run.duckdb"),
            config={
                "memory_limit": limits.memory,
                "threads": limits.threads,
                "temp_directory": str(Path(self._folder) / "spill"),
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

    def __enter__(self) -> "FileDatabase":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def load(self, name: str, source: Source) -> dict[str, Column]:
        """Make `source` readable as `name`; its columns by their own names, in order. Raises SourceProblemError."""
        check_file(source.location)
        loaders = {SourceKind.PARQUET: load_parquet, SourceKind.CSV: load_csv, SourceKind.JSON_LINES: load_json_lines}
        try:
            return loaders[source.kind](self.connection, name, source)
        except duckdb.Error as error:
            raise file_problem(source, error) from error
