"""Contracts tried and drafted over HTTP: a worker does it, and only who asked reads what came of it."""

from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import DataProduct
from catalog.rules.claims import FieldClaims
from tests.api.callers import Caller, assert_problem
from tests.catalog.contracts.documents import as_yaml, contract, orders
from tests.factories import NOW, make_owner, make_person, make_port, make_product
from trust.intake.services.jobs import KEPT_FOR, do_job, end_lost_jobs, remove_expired_jobs, waiting_jobs
from trust.models import IntakeJob

pytestmark = pytest.mark.django_db
FIELD = {"name": "id", "logicalType": "integer", "required": True}


@pytest.fixture
def ada(tmp_path: Path, settings: Settings) -> Caller:
    (tmp_path / "orders.csv").write_text("id\n1\n2\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    return Caller(make_owner("ada"))


def ask(caller: Caller, query: str = "", **headers: str) -> str:
    content = as_yaml(contract(schema=[orders(FIELD)]))
    answer = caller.post(f"/api/v1/tries{query}", content, content_type="application/yaml", **headers)
    assert answer.status_code == 202, answer.content
    assert answer.json()["status"] == "queued"
    return str(answer.headers["Location"])


def work() -> None:
    for job in IntakeJob.objects.filter(started_at=None):
        do_job(job_id=job.id, now=timezone.now())


def test_a_try_is_queued_done_by_a_worker_and_read_by_who_asked(ada: Caller) -> None:
    place = ask(ada)
    assert ada.get(place).status_code == 202
    work()
    answer = ada.get(place)
    assert (answer.status_code, answer.json()["status"]) == (200, "finished")
    assert (answer.json()["result"]["rows"], answer.json()["result"]["failure"]) == (2, None)
    assert not DataProduct.objects.exists()
    assert_problem(Caller(make_owner("bob")).get(place), 404, "not_found")


def test_another_file_below_a_root_can_be_named_and_none_elsewhere(ada: Caller, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("id\n1\n\n")
    places = [ask(ada, "?location=other.csv"), ask(ada, "?location=/etc/passwd.csv"), ask(ada, "?location=none.csv")]
    work()
    results = [ada.get(place).json()["result"] for place in places]
    assert results[0]["rows"] == 1
    assert [result["failure"] and result["failure"]["code"] for result in results] == [
        None,
        "source_location_refused",
        "source_missing",
    ]


def test_who_may_not_register_may_not_try(ada: Caller) -> None:
    answer = Caller(make_person("eve")).post("/api/v1/tries", as_yaml(contract()), content_type="application/yaml")
    assert_problem(answer, 403, "forbidden")


def test_a_preference_lets_the_answer_wait(ada: Caller) -> None:
    content = as_yaml(contract(schema=[orders(FIELD)]))
    answer = ada.post("/api/v1/tries", content, content_type="application/yaml", Prefer="wait=1")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=1")
    work()
    assert ada.get(answer.headers["Location"], Prefer="respond-async, wait=30").status_code == 200


def test_six_at_a_time_are_too_many(ada: Caller) -> None:
    for _ in range(5):
        ask(ada)
    answer = ada.post("/api/v1/tries", as_yaml(contract()), content_type="application/yaml")
    assert_problem(answer, 409, "too_many_waiting")


def test_nothing_waits_for_ever_and_nothing_is_kept_for_longer_than_a_day(ada: Caller) -> None:
    place = ask(ada)
    job = IntakeJob.objects.get(id=UUID(place.rpartition("/")[2]))
    assert waiting_jobs(timezone.now() + KEPT_FOR) == [job.id]
    IntakeJob.objects.update(started_at=NOW)
    end_lost_jobs(NOW + KEPT_FOR)
    assert ada.get(place).json()["result"]["failure"]["code"] == "time_limit"
    assert remove_expired_jobs(timezone.now() + KEPT_FOR) == 1


def test_a_contract_that_cannot_be_read_is_a_result(ada: Caller) -> None:
    answer = ada.post("/api/v1/tries", b"kind: DataContract\n", content_type="application/yaml")
    work()
    failure = ada.get(answer.headers["Location"]).json()["result"]["failure"]
    assert failure["code"] == "not_a_contract"
    assert "version" in failure["message"]


def test_a_file_is_drafted_without_any_of_its_values(ada: Caller, tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{'crimson' if n % 2 else 'blue'},{n % 90 + 10}" for n in range(1, 400))
    (tmp_path / "shirts.csv").write_text(f"id,colour,size\n{rows}\n")
    answer = ada.post("/api/v1/drafts", {"location": "shirts.csv"})
    work()
    result = ada.get(answer.headers["Location"]).json()["result"]
    assert result["failure"] is None
    assert "crimson" not in str(result)
    assert {field["name"] for field in result["fields"]} == {"id", "colour", "size"}
    registered = ada.post("/api/v1/contracts?dry_run=true", result["contract"].encode(), content_type="application/yaml")
    assert registered.status_code == 200, registered.content


@pytest.mark.parametrize("place", ["hr", "hr/", "hr/pay.csv"])
def test_a_folder_with_what_another_owner_redacts_is_not_drafted(ada: Caller, tmp_path: Path, place: str) -> None:
    (tmp_path / "hr").mkdir()
    (tmp_path / "hr" / "pay.csv").write_text("id\n1\n")
    make_port(make_product("salaries"), "rows", location="hr/pay.csv", fields=(FieldClaims("id", personal=True),))
    answer = ada.post("/api/v1/drafts", {"location": place})
    work()
    result = ada.get(answer.headers["Location"]).json()["result"]
    assert (result["contract"], result["failure"]["code"]) == (None, "forbidden")


def test_a_file_of_another_owner_who_redacts_fields_is_not_drafted(ada: Caller, tmp_path: Path) -> None:
    port = make_port(make_product("salaries"), "rows", location="orders.csv", fields=(FieldClaims("id", personal=True),))
    assert port.product.owner != ada.person
    places = [
        ada.post("/api/v1/drafts", {"location": name}).headers["Location"] for name in ("orders.csv", "none.csv", "../x.csv")
    ]
    work()
    results = [ada.get(place).json()["result"] for place in places]
    assert [result["contract"] for result in results] == [None, None, None]
    assert [result["failure"]["code"] for result in results] == ["forbidden", "source_missing", "source_location_refused"]
