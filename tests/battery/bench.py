"""A product made from a contract and a file, run by the real engine and judged: what the battery asks its questions of."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from catalog.models import DataProduct, OutputPort, Person
from catalog.services.products import acknowledge_product
from tests.factories import make_governance, make_owner
from trust.evidence.engines.gx import GxEngine
from trust.evidence.services.runs import claim_run, request_run
from trust.evidence.services.source_resolution import resolve_engine_input
from trust.intake.services.registration import register_document
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.services.reviews import review_product
from trust.verdicts.services.run_conclusion import complete_run

ROWS = 400
ID = {"name": "id", "logicalType": "integer", "required": True, "unique": True}
AMOUNT = {
    "name": "amount",
    "logicalType": "number",
    "required": True,
    "criticalDataElement": True,
    "logicalTypeOptions": {"minimum": 0, "maximum": 10_000},
}
READERS = {"name": "readers", "effect": "permit", "purposes": ["analytics"]}
HAS_ROWS = {"type": "library", "metric": "rowCount", "mustBeGreaterThan": 0}


@cache
def engine() -> GxEngine:
    return GxEngine()


def expectation(kind: str, dimension: str = "conformity", severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    """A rule of the contract that is an expectation."""
    implementation = {"type": kind, "kwargs": kwargs}
    return {
        "type": "custom",
        "engine": "greatExpectations",
        "dimension": dimension,
        "severity": severity,
        "implementation": implementation,
    }


def rows_of(**columns: Any) -> list[dict[str, Any]]:
    """400 good rows, with columns added or replaced: a value, or a function of the row's number."""
    return [
        {"id": n, "amount": n % 1000} | {name: value(n) if callable(value) else value for name, value in columns.items()}
        for n in range(1, ROWS + 1)
    ]


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Values as they are, unquoted; None is an empty cell."""
    file = io.StringIO()
    file.write(",".join(rows[0]) + "\n")
    for row in rows:
        file.write(",".join("" if value is None else str(value) for value in row.values()) + "\n")
    return file.getvalue().encode()


def as_json_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@dataclass
class Bench:
    """One product, its owner and its reviewer. `fields` and `rules` are the contract's."""

    root: Path
    owner: Person
    reviewer: Person
    fields: list[dict[str, Any]] = field(default_factory=lambda: [ID, AMOUNT])
    rules: list[dict[str, Any]] = field(default_factory=lambda: [HAS_ROWS])
    table: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    location: str = "rows.csv"
    extra: dict[str, Any] = field(default_factory=dict)

    def contract(self) -> bytes:
        place = [{"property": "touchstone.location", "value": self.location}]
        place += [{"property": f"touchstone.{name}", "value": value} for name, value in self.table.items()]
        product = {"sensitivity": "internal", "cadence": "static", "accessPolicies": [READERS], **self.properties}
        return yaml.safe_dump(
            {
                "version": "1.0.0",
                "apiVersion": "v3.1.0",
                "kind": "DataContract",
                "id": "battery",
                "status": "active",
                "name": "battery",
                "domain": "testing",
                "description": {
                    "purpose": "Tells whether bad data is noticed.",
                    "limitations": "Four hundred rows that somebody made up.",
                    "usage": "Judge it, and look at the verdict.",
                },
                "team": {"members": [{"username": self.owner.username, "role": "owner"}]},
                "schema": [{"name": "rows", "customProperties": place, "properties": self.fields, "quality": self.rules}],
                "customProperties": [
                    {"property": f"touchstone.{name}", "value": value} for name, value in product.items() if value is not None
                ],
                **self.extra,
            }
        ).encode()

    @property
    def product(self) -> DataProduct:
        return DataProduct.objects.get(slug="battery")

    @property
    def port(self) -> OutputPort:
        return self.product.output_ports.get(name="rows")

    def register(self, actor: Person | None = None) -> None:
        register_document(content=self.contract(), filename="battery.odcs.yaml", actor=actor, now=timezone.now())

    def approve(self) -> None:
        """The owner acknowledges the product, governance reviews it."""
        product = self.product
        acknowledge_product(product=product, actor=self.owner, now=timezone.now())
        review_product(product=product, actor=self.reviewer, now=timezone.now())

    def write(self, content: bytes) -> None:
        (self.root / self.location).write_bytes(content)

    def run(self, ago: timedelta = timedelta(0)) -> Outcome:
        """The outcome after a run that began so long ago."""
        now = timezone.now() - ago
        run = request_run(port=self.port, actor=None, now=now)
        claim = claim_run(run_id=run.id, worker="battery", now=now)
        assert claim is not None
        reading = resolve_engine_input(port=run.port, suite=run.suite)
        complete_run(claim=claim, evidence=engine().run(reading.suite, reading.source), now=now)
        return self.outcome()

    def outcome(self) -> Outcome:
        """The last verdict's."""
        return load_outcome(Verdict.objects.filter(product=self.product).latest("id").outcome)

    def judged(self, content: bytes) -> Outcome:
        """Register, approve, write the file, run, judge."""
        self.write(content)
        self.register()
        self.approve()
        return self.run()


def make_bench(root: Path) -> Bench:
    return Bench(root, make_owner("battery.owner"), make_governance("battery.reviewer"))


def open_gates(outcome: Outcome) -> dict[str, str]:
    """Gate -> code, of those that fail or are unknown."""
    return {gate.gate.value: gate.code for gate in outcome.open_gates}


def messages(outcome: Outcome) -> str:
    return " ".join(gate.message for gate in outcome.open_gates)


def without(names: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    gone = set(names)
    return [{name: value for name, value in row.items() if name not in gone} for row in rows]
