"""Exports of the log from the admin: the list's filters, the reader's reach, and everybody's name on record."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_product
from tests.trust.logged import log_decision, make_agent
from trust.decisions.admin import decision_list
from trust.models import Export


def exported(visitor: Visitor, form: str, **query: str) -> Any:
    response = visitor.get("trust_decision_export", form, **query)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    return json.loads(text) if form == "json" else list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def answers(cast: Cast, world: World) -> None:
    log_decision(world.product, make_agent("about-sales"), decision=False)
    log_decision(world.product, make_agent("-formula"))
    log_decision(make_product(), make_agent("of-otto", owner=cast.other.person), NOW - timedelta(days=9))


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("role", "subjects"),
    [
        ("owner", ["-formula", "about-sales"]),
        ("steward", ["-formula", "about-sales"]),
        ("other", ["of-otto"]),
        ("governance", ["-formula", "about-sales", "of-otto"]),
        ("auditor", ["-formula", "about-sales", "of-otto"]),
        ("superuser", ["-formula", "about-sales", "of-otto"]),
    ],
)
def test_everybody_exports_what_they_may_see(cast: Cast, role: str, subjects: list[str]) -> None:
    visitor = getattr(cast, role)
    assert [row["subject"] for row in exported(visitor, "json")] == subjects
    assert Export.objects.get().person == visitor.person
    assert Export.objects.get().rows == len(subjects)


@pytest.mark.usefixtures("answers")
def test_the_export_has_the_filters_of_the_list_and_the_record_names_them(cast: Cast) -> None:
    assert [row["subject"] for row in exported(cast.auditor, "csv", decision="no")] == ["about-sales"]
    assert Export.objects.get().filters == {"decision": "no"}
    assert exported(cast.auditor, "csv", consumer="-formula")[0]["subject"] == "'-formula"
    refused = cast.auditor.get("trust_decision_export", "csv", decision="perhaps")
    assert refused.status_code == 400
    assert "yes or no" in refused.content.decode()


@pytest.mark.usefixtures("answers")
def test_the_file_is_named_after_what_it_holds_and_the_day(cast: Cast) -> None:
    response = cast.auditor.get("trust_decision_export", "csv")
    assert response.headers["Content-Disposition"] == f'attachment; filename="touchstone-decisions-{NOW:%Y-%m-%d}.csv"' or (
        f"{NOW + timedelta(hours=3):%Y-%m-%d}" in response.headers["Content-Disposition"]
    )
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.streaming


def test_a_stranger_exports_nothing_and_nobody_another_format(cast: Cast, client: Any) -> None:
    assert cast.stranger.get("trust_decision_export", "csv").status_code == 403
    assert client.get("/admin/trust/decision/export/csv/").status_code == 302
    assert cast.auditor.get("trust_decision_export", "xlsx").status_code == 404
    assert not Export.objects.exists()


@pytest.mark.usefixtures("answers")
def test_a_long_log_is_read_a_stretch_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_list, "_EXPORTED_AT_ONCE", 1)
    with CaptureQueriesContext(connection) as captured:
        assert len(exported(cast.auditor, "json")) == 3
    assert len([query for query in captured if "reason_codes" in query["sql"] and "SELECT" in query["sql"]]) == 3


@pytest.mark.usefixtures("answers")
def test_the_list_leads_to_its_exports_and_the_record_is_read_by_whom_it_concerns(cast: Cast) -> None:
    page = cast.owner.sees("trust_decision_changelist", decision="no")
    assert "/admin/trust/decision/export/csv/?decision=no" in page
    exported(cast.owner, "csv")
    record = Export.objects.get()
    assert cast.owner.get("trust_export_change", record.pk).status_code == 200
    assert cast.auditor.get("trust_export_change", record.pk).status_code == 200
    assert cast.other.get("trust_export_change", record.pk).status_code == 302
