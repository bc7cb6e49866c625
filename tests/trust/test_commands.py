import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Person
from tests.factories import NOW, make_product
from tests.trust.builders import make_ready_port, run_badly, run_well
from trust.evidence.services.runs import request_run
from trust.models import Run, Verdict

pytestmark = pytest.mark.django_db


def call(*words: str) -> str:
    output = StringIO()
    call_command(*words, stdout=output, stderr=output)
    return output.getvalue()


def test_show_verdicts_lists_every_product_also_one_that_never_ran() -> None:
    good, bad = make_ready_port(), make_ready_port()
    run_well(good)
    run_well(bad, failed=1)
    never = make_product()

    lines = {line.split()[0]: line for line in call("show_verdicts").splitlines()}

    assert lines["product"].split() == ["product", "verdict", "score", "grade", "gates", "that", "do", "not", "pass"]
    assert "production grade" in lines[good.product.slug]
    assert "not production grade" in lines[bad.product.slug]
    assert "critical_checks" in lines[bad.product.slug]
    assert never.slug in lines


def test_show_verdicts_as_json_can_be_read_by_programs() -> None:
    port = make_ready_port()
    run_well(port)

    told = json.loads(call("show_verdicts", "--json"))

    assert told["failed_runs"] == []
    assert [product["product"] for product in told["products"]] == [port.product.slug]


def test_show_verdicts_without_products_says_how_to_get_some() -> None:
    assert "bin/manage register" in call("show_verdicts")


def test_show_verdicts_exits_2_with_the_reason_where_a_last_run_failed() -> None:
    port = make_ready_port()
    run_well(port)
    run_badly(port, NOW + timedelta(hours=1))
    output = StringIO()

    with pytest.raises(CommandError) as end:
        call_command("show_verdicts", stdout=output, stderr=output)

    assert end.value.returncode == 2
    assert f"Run of {port.product.slug}/rows failed: There is no such file." in output.getvalue()


def test_show_verdicts_exits_3_where_waiting_was_in_vain() -> None:
    request_run(port=make_ready_port(), actor=None, now=NOW)

    with pytest.raises(CommandError) as end:
        call("show_verdicts", "--wait", "0.3")
    assert end.value.returncode == 3


def test_judge_names_the_verdict_and_keeps_no_second_row() -> None:
    port = make_ready_port()
    call("judge")
    told = call("judge", port.product.slug)

    assert told.startswith(f"{port.product.slug}: ")
    assert Verdict.objects.count() == 1
    with pytest.raises(CommandError, match="no data product nothing"):
        call("judge", "nothing")


def test_run_suite_queues_a_run_of_every_port_or_of_one() -> None:
    port = make_ready_port()
    make_ready_port(port.product, "others")

    assert "others: run" in call("run_suite", port.product.slug, "--port", "others")
    assert Run.objects.count() == 1
    call("run_suite", port.product.slug)
    assert Run.objects.count() == 2


@pytest.mark.parametrize("words", [["nothing"], ["nothing", "--port", "rows"]])
def test_run_suite_says_what_does_not_exist(words: list[str]) -> None:
    with pytest.raises(CommandError, match="nothing"):
        call("run_suite", *words)


def test_run_suite_exits_3_where_the_run_does_not_end() -> None:
    with pytest.raises(CommandError, match="not ended") as end:
        call("run_suite", make_ready_port().product.slug, "--wait", "0.3")
    assert end.value.returncode == 3


def password_in(told: str) -> str:
    return told.split("password ")[1].split(maxsplit=1)[0]


def test_create_admin_shows_a_working_password_once(db: None) -> None:
    password = password_in(call("create_admin"))

    assert Person.objects.get().check_password(password)
    assert Person.objects.get().is_superuser
    again = call("create_admin", "--once")
    assert password not in again
    assert "--reset" in again
    with pytest.raises(CommandError, match="exists already"):
        call("create_admin")


def test_create_admin_resets_the_password_and_opens_the_account_again(db: None) -> None:
    old = password_in(call("create_admin"))
    Person.objects.update(is_active=False)

    new = password_in(call("create_admin", "--reset"))

    person = Person.objects.get()
    assert person.is_active
    assert not person.check_password(old)
    assert person.check_password(new)
