"""Erasing a name and removing old decisions: the ledger still verifies, says what is gone, and believes no other change."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Person
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.services.people import close_account, set_email
from catalog.services.recording import recorded
from tests.factories import NOW, make_governance, make_owner, make_product
from tests.trust.builders import claim_new_run, make_ready_port, run_badly, run_well
from tests.trust.ledger_rows import make_decision, make_sealed_rows, seal_now, tamper
from trust.decisions.services.retention import removable, remove_decisions
from trust.ledger.services.ledger_verification import Against, BrokenLedgerError, Proved, verify
from trust.ledger.services.name_erasure import NameErasure, erase_person
from trust.ledger.services.runtime_role import append_only_tables
from trust.models import Decision, Erasure, Recall
from trust.verdicts.services.trust_policies import publish_trust_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(signing_key: str) -> Person:
    return Person.objects.create_superuser("root", "root@people.example")


@pytest.fixture
def ada(signing_key: str) -> Person:
    """She changed a product, was asked about, and left."""
    ada = make_owner("ada.byron")
    Person.objects.filter(pk=ada.pk).update(
        first_name="Ada", last_name="Byron", email="ada@byron.example", email_to_confirm="countess@lovelace.example"
    )
    ada.refresh_from_db()
    product = make_product("engines", owner=ada)
    with recorded("describe", ada, "As Ada Byron said."):
        product.description = "Ask ada.byron, not ada.byron2 or xada.byron."
        product.save()
    make_decision(product, subject="ada.byron", answer='{"subject":"ada.byron","text":"Owned by ada.byron."}')
    make_decision(product, subject="bert")
    product.owner = make_owner("otto")
    product.save()
    close_account(person=ada, reason="Left.", actor=None)
    seal_now()
    ada.refresh_from_db()
    return ada


def proved() -> list[Proved]:
    return list(verify(against=Against()))


def broken() -> str:
    with pytest.raises(BrokenLedgerError) as caught:
        proved()
    return caught.value.message


def erase(person: Person, by: Person) -> NameErasure:
    return erase_person(person=person, reason="Asked for by ada.byron.", actor=by, now=NOW)


def everywhere(word: str) -> list[str]:
    """Tables that hold a word, but for texts that count byte for byte."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS r WHERE to_jsonb(r)::text ~ %s', [word])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


MEASURED = "UPDATE trust_run SET figures = jsonb_build_object('read', %s::text)"
LOGGED = """
    INSERT INTO django_admin_log (user_id, action_time, action_flag, object_repr, change_message)
    SELECT id, now(), 2, 'x', %s FROM catalog_person LIMIT 1
"""
ELSEWHERE = {
    "a row whose key is no number": (MEASURED, "No file /home/ada.byron/x.csv.", "home/ada"),
    "a row with the key of another": ("UPDATE trust_currentverdict SET body = %s", "Owned by ada.byron.", "by ada"),
    "the address in small letters": ("UPDATE catalog_dataproduct SET usage = %s", "To zoe@byron.example.", "zoe@"),
    "JSON": (MEASURED, 'Read by Ada "Zoë" Byron.', "Zoë"),
    "JSON in ASCII": (LOGGED, json.dumps(['Ada "Zoë" Byron']), r"Zo.+u00eb"),
}


@pytest.mark.parametrize(("statement", "text", "word"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_the_name_is_found_however_it_is_written(ada: Person, root: Person, statement: str, text: str, word: str) -> None:
    claim_new_run(make_ready_port())
    Person.objects.filter(pk=ada.pk).update(first_name='Ada "Zoë"', email="Zoe@Byron.example")
    ada.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(statement, [text])
        assert cursor.rowcount
    assert everywhere(word)
    erase(ada, root)
    assert everywhere(word) == []


@pytest.mark.parametrize("word", [r"(?<!x)ada\.byron(?!2)", "ada@byron", "Ada", "Byron", "countess@lovelace"])
def test_the_name_is_nowhere_any_more(ada: Person, root: Person, word: str) -> None:
    assert everywhere(word)
    erase(ada, root)
    assert everywhere(word) == []


def test_the_ledger_verifies_and_says_what_was_erased(ada: Person, root: Person) -> None:
    assert sum(one.erased for one in proved()) == 0
    done = erase(ada, root)
    seal_now()
    assert sum(one.erased for one in proved()) == done.sealed > 5
    out = StringIO()
    call_command("ledger", "verify", stdout=out)
    assert f"names were erased from {done.sealed} of these rows" in out.getvalue()


def test_the_pseudonym_stands_in_its_place(ada: Person, root: Person) -> None:
    number = ada.pk
    erase(ada, root)
    person = Person.objects.get(pk=number)
    assert (person.username, person.first_name, person.last_name, person.email) == (f"erased-{number}", "", "", "")
    assert person.email_to_confirm == ""
    answers = Decision.objects.order_by("id").values_list("subject", "answer")
    assert answers[0] == (f"erased-{number}", f'{{"subject":"erased-{number}","text":"Owned by erased-{number}."}}')
    assert answers[1][0] == "bert"
    with connection.cursor() as cursor:
        cursor.execute("SELECT description FROM catalog_dataproduct WHERE slug = 'engines'")
        assert cursor.fetchone() == (f"Ask erased-{number}, not ada.byron2 or xada.byron.",)
        said = "metadata ->> 'actor', metadata ->> 'reason'"
        cursor.execute(f"SELECT {said} FROM pghistory_context WHERE metadata ->> 'action' = 'describe'")
        assert cursor.fetchone() == (f"erased-{number}", f"As erased-{number} said.")
    row = Erasure.objects.get()
    assert (row.by, row.reason) == (root, f"Asked for by erased-{number}.")


def test_two_people_in_one_row_are_erased_one_after_the_other(ada: Person, root: Person) -> None:
    bert = make_owner("bert.babbage")
    make_decision(subject="ada.byron", answer='{"by":"ada.byron","for":"bert.babbage"}')
    close_account(person=bert, reason="Left.", actor=None)
    seal_now()
    erase(ada, root)
    erase_person(person=bert, reason="Asked for.", actor=root, now=NOW)
    seal_now()
    assert Decision.objects.latest("id").answer == f'{{"by":"erased-{ada.pk}","for":"erased-{bert.pk}"}}'
    assert sum(one.erased for one in proved()) > 5


CHANGES = {
    "another word": "UPDATE trust_decision SET answer = answer || ' ' WHERE id = %s",
    "another score": "UPDATE trust_decision SET score = 99 WHERE id = %s",
    "another subject": "UPDATE trust_decision SET subject = 'mallory' WHERE id = %s",
    "gone": "DELETE FROM trust_decision WHERE id = %s",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("position", [0, 1], ids=["an erased row", "another row"])
def test_other_changes_are_found_as_before(ada: Person, root: Person, statement: str, position: int) -> None:
    erase(ada, root)
    seal_now()
    row = Decision.objects.order_by("id").values_list("id", flat=True)[position]
    tamper("trust_decision", statement, (row,))
    assert f"trust_decision: row {row} was" in broken()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_erasure SET statement = replace(statement, 'before', 'befor')",
        "UPDATE trust_erasure SET signature = 'a.b.c'",
        "UPDATE trust_erasure SET reason = 'Another.'",
        "DELETE FROM trust_erasure",
        """
        INSERT INTO trust_erasure (kind, at, by_id, reason, statement, signature)
        SELECT kind, at, by_id, reason, statement, 'a.b.c' FROM trust_erasure
        """,
    ],
)
def test_the_record_itself_cannot_be_changed(ada: Person, root: Person, statement: str) -> None:
    erase(ada, root)
    seal_now()
    tamper("trust_erasure", statement)
    assert broken()


@pytest.mark.parametrize("who", ["governance", "owner", "closed superuser"])
def test_superusers_alone_erase_and_remove(ada: Person, root: Person, who: str) -> None:
    if who == "closed superuser":
        Person.objects.filter(pk=root.pk).update(is_active=False)
        root.refresh_from_db()
    actor = {"governance": make_governance, "owner": make_owner}.get(who, lambda: root)()
    with pytest.raises(ForbiddenError) as refusal:
        erase(ada, actor)
    assert refusal.value.code == "superuser_only"
    with pytest.raises(ForbiddenError):
        remove_decisions(before=NOW, reason="Old.", actor=actor, now=NOW)
    assert not Erasure.objects.exists()


def test_a_person_who_is_there_is_not_erased(root: Person) -> None:
    olga = make_owner("olga")
    with pytest.raises(ConflictError, match="is open"):
        erase(olga, root)
    make_product("orders", owner=olga)
    close_account(person=olga, reason="x", actor=None)
    with pytest.raises(ConflictError, match="still answers"):
        erase(olga, root)
    make_product("otto", owner=make_owner())
    otto = make_owner("otto")
    close_account(person=otto, reason="x", actor=None)
    with pytest.raises(ConflictError, match="also the name"):
        erase(otto, root)


@pytest.mark.parametrize("statement", ["DELETE FROM trust_erasure", "UPDATE trust_erasure SET reason = 'Another.'"])
def test_the_record_is_append_only(ada: Person, root: Person, statement: str) -> None:
    erase(ada, root)
    with pytest.raises(ProgrammingError, match="Cannot"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert append_only_tables()["trust_erasure"] == ()


def test_the_command_tells_what_it_did(ada: Person, root: Person) -> None:
    out = StringIO()
    call_command("erase_person", "ada.byron", "--as", "root", "--reason", "Asked for.", stdout=out)
    assert f"The person is erased-{ada.pk} from now on." in out.getvalue()
    assert "trust_decision: 1" in out.getvalue()
    with pytest.raises(CommandError, match="no person"):
        call_command("erase_person", "ada.byron", "--as", "root", "--reason", "Again.", stdout=out)


def old_decisions(root: Person) -> None:
    """Three of a month ago and three of today, sealed."""
    for minutes in (50_000, 49_000, 48_000, 30, 20, 10):
        make_decision(minutes_ago=minutes)
    seal_now()


def test_old_decisions_are_removed_on_record(root: Person) -> None:
    old_decisions(root)
    month = NOW - timedelta(days=30)
    assert removable(before=month, now=NOW).count == 3
    assert remove_decisions(before=month, reason="Kept for 30 days.", actor=root, now=NOW).count == 3
    seal_now()
    assert Decision.objects.count() == 3
    assert sum(one.removed for one in proved()) == 3
    out = StringIO()
    call_command("ledger", "verify", stdout=out)
    assert "3 were removed" in out.getvalue()
    with pytest.raises(ConflictError):
        remove_decisions(before=month, reason="Again.", actor=root, now=NOW)


def test_a_second_removal_leaves_the_first_as_it_was(root: Person) -> None:
    old_decisions(root)
    remove_decisions(before=NOW - timedelta(days=30), reason="Old.", actor=root, now=NOW)
    make_sealed_rows()
    later = NOW + timedelta(days=31)
    remove_decisions(before=timezone.now() - timedelta(minutes=25), reason="Old.", actor=root, now=later)
    seal_now()
    assert Erasure.objects.count() == 2
    assert sum(one.removed for one in proved()) == 4  # up to the first that is younger: ids are in the order of asking


def test_what_recalls_and_assessments_look_back_at_is_not_removed(root: Person) -> None:
    """A shorter time to keep than that of the trust policy: who relied on the product would not be notified when it falls."""
    old_decisions(root)
    assert removable(before=NOW + timedelta(days=1), now=NOW).count == 3
    publish_trust_policy(changes={"recall_window": "P60D"}, note="Longer.", actor=None, now=NOW)
    assert removable(before=NOW, now=NOW).count == 0


def test_what_an_open_recall_looks_back_at_is_not_removed(root: Person) -> None:
    old_decisions(root)
    port = make_ready_port()
    run_well(port, NOW - timedelta(minutes=2))
    run_badly(port, NOW)
    recall = Recall.objects.get()
    later = NOW + timedelta(days=31)
    assert removable(before=later, now=later).count == 3
    Recall.objects.filter(pk=recall.pk).update(closed_at=later)
    assert removable(before=later, now=later).count == 6


def test_what_is_not_sealed_is_not_removed(root: Person) -> None:
    old_decisions(root)
    make_decision(minutes_ago=47_000)
    assert removable(before=NOW - timedelta(days=30), now=NOW).count == 3


def test_one_more_that_is_gone_is_found(root: Person) -> None:
    old_decisions(root)
    remove_decisions(before=NOW - timedelta(days=30), reason="Old.", actor=root, now=NOW)
    seal_now()
    tamper("trust_decision", "DELETE FROM trust_decision WHERE id = (SELECT min(id) FROM trust_decision)")
    assert "was removed" in broken()


def test_a_name_is_erased_from_what_is_left(ada: Person, root: Person) -> None:
    make_decision(minutes_ago=50_000)
    seal_now()
    erase(ada, root)
    remove_decisions(before=NOW + timedelta(days=1), reason="Old.", actor=root, now=NOW + timedelta(days=31))
    seal_now()
    assert not Decision.objects.exists()
    assert proved()


def test_the_setting_says_how_long(root: Person, settings: Settings) -> None:
    old_decisions(root)
    words, out = ["remove_decisions", "--as", "root", "--reason", "Kept for 30 days."], StringIO()
    with pytest.raises(CommandError, match="TOUCHSTONE_KEEP_DECISIONS_DAYS"):
        call_command(*words)
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"keep_decisions_days": 30})
    call_command(*words, "--dry-run", stdout=out)
    assert "3 decisions" in out.getvalue()
    assert Decision.objects.count() == 6
    call_command(*words, stdout=out)
    assert Decision.objects.count() == 3


def test_who_shares_an_old_address_stays_another_person(ada: Person, root: Person) -> None:
    """The address is erased with the name: what is left tells nobody from anybody, and the account is closed."""
    erase(ada, root)
    olga = make_owner("olga")
    set_email(username="olga", email="ada@byron.example", actor=None)
    olga.refresh_from_db()
    assert olga.email == "ada@byron.example"
