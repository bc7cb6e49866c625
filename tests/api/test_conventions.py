"""The conventions of docs/api.md hold over the whole OpenAPI document."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from api.schema import operations_of
from api.v1.fields import DurationField
from catalog.rules.moments import duration_text


def properties(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(component, property, schema) of everything that version 1 takes or answers."""
    for name, component in document["components"]["schemas"].items():
        if not name.startswith(("AuthZen", "Problem")):
            for inner, schema in component.get("properties", {}).items():
                yield name, inner, schema


def answer_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The component that the operation answers with; empty where it answers with text."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            reference = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
            return dict(document["components"]["schemas"].get(reference.rpartition("/")[2], {}))
    return {}


def test_many_are_answered_as_results(document: dict[str, Any]) -> None:
    for path, operation in operations_of(document):
        inner = answer_of(document, operation).get("properties", {})
        if path.startswith("/api/v1/") and operation["operationId"].startswith("list_"):
            assert "results" in inner, path
        assert not {"answers", "items", "data"} & set(inner), path


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("P7D", "P7D"),
        ("P1W", "P7D"),
        ("PT24H", "P1D"),
        ("PT36H", "PT36H"),
        ("P1DT12H", "PT36H"),
        ("PT90M", "PT1H30M"),
        ("PT1H0M5S", "PT1H5S"),
        ("PT45S", "PT45S"),
    ],
)
def test_a_duration_is_answered_in_its_one_form(given: str, answered: str) -> None:
    field = DurationField()
    assert field.to_representation(field.run_validation(given)) == answered
    assert field.run_validation(answered) == field.run_validation(given)


def test_durations_without_length_and_parts_of_seconds_have_a_form() -> None:
    assert duration_text(timedelta(0)) == "PT0S"
    assert duration_text(timedelta(milliseconds=1500)) == "PT1.5S"


def test_a_duration_is_iso_8601_and_only_what_was_measured_is_a_number(document: dict[str, Any]) -> None:
    measured = {"age_seconds", "seconds", "latency_us"}
    for component, name, schema in properties(document):
        if re.search(r"(_seconds|_us|_ms|_minutes|_days)$|^seconds$", name):
            assert name in measured, (component, name)
        if name in {"interval", "exceptions_within", "service_level", "max_evidence_age"}:
            assert schema["format"] == "duration", (component, name)


def test_what_an_answer_always_has_is_required_and_no_text_is_empty(document: dict[str, Any]) -> None:
    for name, component in document["components"]["schemas"].items():
        if name.endswith("Answer") and name not in {"TrustAnswer", "ExpectationAnswer"}:
            assert set(component.get("required", [])) == set(component.get("properties", {})), name
    for component, name, schema in properties(document):
        assert "" not in schema.get("enum", []), (component, name)
    assert "BlankEnum" not in document["components"]["schemas"]


def test_bodies_and_answers_in_json_are_components_with_a_name_of_their_own(document: dict[str, Any]) -> None:
    for path, operation in operations_of(document):
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        schemas = [content["schema"] for part in parts for content in part.get("content", {}).values()]
        assert all("$ref" in schema or schema["type"] == "string" for schema in schemas), path
    generated = [name for name in document["components"]["schemas"] if name.endswith(("Enum", "RequestRequest"))]
    assert not generated


def test_a_body_with_a_needed_part_is_required_and_no_number_has_the_limit_of_a_column(document: dict[str, Any]) -> None:
    for path, operation in operations_of(document):
        body = operation.get("requestBody", {})
        for content in body.get("content", {}).values():
            component = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert body.get("required") or not component.get("required"), path
    assert str(2**63 - 1) not in json.dumps(document)


def test_one_verb_and_one_field_for_each_idea(document: dict[str, Any]) -> None:
    verbs = {path.rpartition("/")[2] for path in document["paths"]}
    assert not {"hand-over", "hand-on", "close"} & verbs
    names = {name for _, name, _ in properties(document)}
    assert not {"assigned_to", "opened_at", "opened_by", "closed_by", "reported_at", "reported_by", "registered_at"} & names
    assert {component for component, name, _ in properties(document) if name == "evidence"} == {"TrustAnswer"}
    for component, name, schema in properties(document):
        if name in {"verdict", "decision"}:
            is_word = "VerdictStatus" in json.dumps(schema)
            is_flag = schema.get("type") == "boolean" or schema.get("const") is False
            assert (is_word or "const" in schema) if name == "verdict" else is_flag, (component, name)


BY_PEOPLE = {"acknowledged", "approved", "confirmed", "granted", "proposed", "published", "reviewed"}
"""What only people do, so that there is no machine to name beside them; as they do when an exception is resolved, or a
change of a guardrail is asked for."""


def test_beside_a_person_who_acted_is_the_machine_that_acted_for_them(document: dict[str, Any]) -> None:
    """`caller` beside what made the row, `<verb>_caller` beside what was done later; null or {consumer, key}."""
    named = {(component, name) for component, name, _ in properties(document)}
    demanded = {
        (component, "caller" if name in {"actor", "created_by", "requested_by"} else f"{name.removesuffix('_by')}_caller")
        for component, name in named
        if (name == "actor" or name.endswith("_by"))
        and name != "limited_by"  # a product
        and name.removesuffix("_by").rpartition("_")[2] not in BY_PEOPLE
        and (component.removesuffix("Answer").removesuffix("Entry"), name)
        not in {("Exception", "resolved_by"), ("Guardrail", "requested_by")}
    }
    assert len(demanded) >= 15
    assert demanded <= named
    for component, name, schema in properties(document):
        if name == "caller" or name.endswith("_caller"):
            one, other = schema["anyOf"]
            assert (one["$ref"], other) == ("#/components/schemas/CallerAnswer", {"type": "null"}), (component, name)


def test_a_change_is_answered_with_what_was_changed_and_delete_with_nothing(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            good = {status for status in operation["responses"] if status.startswith("2")}
            if method == "delete":
                assert good == {"204"}, path
            elif path.startswith("/api/v1/"):
                assert good <= {"200", "201", "202"}, (path, method)


def test_a_collection_is_plural_and_answers_a_list(document: dict[str, Any]) -> None:
    paths = document["paths"]
    for path in paths:
        parent = re.match(r"(/api/v1/[a-z-]+)/(current|\{\w+\})$", path)
        if parent and path != "/api/v1/runs/{run_id}":
            assert paths[parent[1]]["get"]["operationId"].startswith("list_"), path


def test_a_flag_begins_with_is_or_has(document: dict[str, Any]) -> None:
    others = {"decision", "old_decision", "new_decision", "dry_run"}
    for component, name, schema in properties(document):
        types = schema.get("type", "")
        if "boolean" in (types if isinstance(types, list) else [types]):
            assert name.startswith(("is_", "has_")) or name in others, (component, name)
    for path, operation in operations_of(document):
        for parameter in operation.get("parameters", []):
            if parameter["schema"].get("type") == "boolean":
                assert parameter["name"].startswith("is_") or parameter["name"] in others, path


def test_obligations_are_objects_wherever_they_are(document: dict[str, Any]) -> None:
    for component, name, schema in properties(document):
        if name in {"obligation", "obligations"}:
            assert "schemas/Obligation" in json.dumps(schema), (component, name)
