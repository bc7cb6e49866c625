"""Drafts a contract from a data file: nothing is registered, and nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.text import slugify

from catalog.rules.reading import UNDECLARED
from catalog.rules.vocabulary import SourceKind
from trust.evidence.rules.evidence import Source
from trust.evidence.rules.profiling.defects import Defect
from trust.evidence.services.source_resolution import FileSource, find_files
from trust.evidence.sources.files import file_kind, resolve_file
from trust.intake.rules.contract_draft import ContractDraft, draft_of
from trust.intake.rules.contract_text import contract_text, defect_sentence

_CONTRACT_ENDINGS = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class DraftedContract:
    """text: the contract, ODCS 3.2 in YAML. name: the product's slug. location: of the data, as the contract writes it.

    draft: the same as data. shows_values: whether values of the data stand in it.
    """

    text: str
    name: str
    location: str
    draft: ContractDraft
    shows_values: bool

    @property
    def defects(self) -> tuple[Defect, ...]:
        return self.draft.defects


def draft_contract(
    *, data: str, now: datetime, show_values: bool, roots: Sequence[str] = (), name: str = ""
) -> DraftedContract:
    """A contract that the honest part of a file keeps, and the defects of the rest.

    data: path of a Parquet, CSV, JSON lines or Excel file, or of a folder of such, in a data root, or in one of `roots`, which
    the operator at the command line may name besides. show_values: False for callers who may not read the place. Every field
    of a draft is unclassified, so that then no value of the data is in the result, neither as a rule (members, ranges) nor as
    an example. name: of the product; made from the file's name by default.

    Raises SourceProblemError where the file cannot be read or may not be.
    """
    own = [str(Path(root).resolve()) for root in settings.TOUCHSTONE.data_roots]
    path, kind, found = find_data(data, [*own, *roots])
    from trust.evidence.engines.gx import Access, EngineLimits  # noqa: PLC0415  # 1.5 s to import, only where data is read
    from trust.evidence.engines.gx.profile import profile_source  # noqa: PLC0415

    environment = settings.TOUCHSTONE
    limits = EngineLimits(
        memory=f"{environment.engine_memory_mb}MB", threads=environment.engine_threads, temp_mb=environment.engine_temp_mb
    )
    source = Source(kind=kind, location=found.location, files=found.files, partitions=found.partitions)
    profile = profile_source(source, Access((*own, *roots), limits=limits))
    draft = draft_of(profile, now=now.astimezone(UTC).replace(tzinfo=None), show_values=show_values)
    location = next((str(Path(path).relative_to(root)) for root in own if Path(path).is_relative_to(root)), path)
    location = location.rstrip("/") + "/" * found.location.endswith("/")
    written = kind.value if location.endswith("/") else ""
    slug = slugify(name or _stem(path))[:80].strip("-_") or "data"
    text = contract_text(draft, name=slug, location=location, file_format=written, drafted_on=now, show_values=show_values)
    return DraftedContract(text, slug, location, draft, show_values)


def find_data(data: str, roots: Sequence[str]) -> tuple[str, SourceKind, FileSource]:
    """The absolute path, the kind, and the files to read, of one file or of a folder of files of one kind. A folder's path ends
    with a slash. Raises SourceProblemError.
    """
    candidates = [Path(data)] if Path(data).is_absolute() else [Path(root) / data for root in roots]
    folder = next((one.resolve() for one in candidates if one.is_dir()), None)
    if folder is None or not any(folder.is_relative_to(Path(root).resolve()) for root in roots):
        path = resolve_file(data, roots)
        return path, file_kind(path), FileSource(path)
    first = next((one for one in sorted(folder.rglob("*.*")) if one.is_file() and not one.name.startswith((".", "_"))), None)
    kind = file_kind(first.name if first else data)
    return f"{folder}/", kind, find_files(f"{folder}/", kind, UNDECLARED, roots)


def is_contract(filename: str) -> bool:
    """Whether a file is a contract by its ending, and no data."""
    return Path(filename).suffix.lower() in _CONTRACT_ENDINGS


def draft_to_json(drafted: DraftedContract) -> dict[str, Any]:
    """The draft as plain JSON.

    {"name", "location", "rows", "looked_at", "contract": the YAML,
     "fields": [{"name", "logical_type", "sensitivity", "personal", "confidence", "reason",
                 "demands": [{"key", "value", "reason", "rows"}]}],
     "defects": [{"kind", "column", "rows", "share", "message", "values"}]}

    Values of a field that is likely personal are left out, and all values where the draft shows none.
    """
    draft = drafted.draft
    private = {one.name for one in draft.fields if one.privacy.personal}
    return {
        "name": drafted.name,
        "location": drafted.location,
        "rows": draft.rows,
        "looked_at": draft.looked_at,
        "contract": drafted.text,
        "fields": [
            {
                "name": one.name,
                "logical_type": one.logical_type.value if one.logical_type else None,
                "sensitivity": one.privacy.sensitivity.value,
                "personal": one.privacy.personal,
                "confidence": one.privacy.confidence,
                "reason": one.privacy.reason,
                "demands": [
                    {"key": demand.key, "value": demand.value, "reason": demand.reason, "rows": demand.rows}
                    for demand in (*one.demands, *one.options, *one.quality)
                ],
            }
            for one in draft.fields
        ],
        "defects": [
            {
                "kind": defect.kind.value,
                "column": defect.column,
                "rows": defect.rows,
                "share": round(defect.share, 6),
                "message": defect_sentence(defect, show_values=drafted.shows_values and defect.column not in private),
                "values": list(defect.values) if drafted.shows_values and defect.column not in private else [],
            }
            for defect in draft.defects
        ],
    }


def _stem(path: str) -> str:
    name = Path(path).name
    while Path(name).suffix.lower() in {
        ".gz",
        *(f".{ending}" for ending in ("csv", "tsv", "parquet", "pq", "jsonl", "ndjson", "xlsx")),
    }:
        name = Path(name).stem
    return name
