"""Assessments are kept where they say something new, can be asked for at any past moment, and falls are told once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from catalog.models import Notification, Person, UseCase
from catalog.rules.errors import InvalidError, NotFoundError
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.use_cases import acknowledge_use_case
from tests.factories import NOW, make_governance, make_use_case
from tests.trust.use_cases.rows import LATER, make_approvable, make_good_product, use_in_earnest
from trust.models import Readiness, ReadinessWatch
from trust.use_cases.rules.readiness.codec import load_assessment, load_facts
from trust.use_cases.services import readiness as service
from trust.use_cases.services import use_case_upkeep
from trust.use_cases.services.readiness import assess_use_case, current_readiness, readiness_as_of
from trust.use_cases.services.readiness_falls import tell_of_falls
from trust.use_cases.services.use_case_upkeep import look_after_readiness
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def assess(use_case: UseCase, now: Any = LATER) -> Any:
    use_case.refresh_from_db()
    return assess_use_case(use_case=use_case, now=now, cause="test")


def leave(person: Person, *, is_back: bool = False) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=is_back)


def test_an_assessment_is_kept_with_the_facts_that_it_was_made_on() -> None:
    use_case = make_approvable("delays")
    assessment = assess(use_case)
    row = Readiness.objects.get()
    assert (row.use_case, row.level, row.weakest, row.stage) == (use_case, assessment.level, assessment.weakest, "idea")
    assert (row.assessed_at, row.valid_until, row.cause) == (LATER, assessment.valid_until, "test")
    assert row.facts_sha256 == assessment.facts_digest
    assert load_facts(row.facts).slug == "delays"
    assert load_assessment(row.outcome) == assessment
    assert row.lacking == []
    assert assessment.missing_for(UseCaseStage.APPROVED) == ()


def test_what_is_not_yes_is_an_open_gap_and_lacking_where_its_stage_asks() -> None:
    use_case = make_use_case()
    assessment = assess(use_case)
    row = Readiness.objects.get()
    assert assessment.level is not ReadinessLevel.READY
    assert Gap.TRUST in row.open_gaps
    assert ReadinessQuestion.PRODUCTION_GRADE_NOW in row.lacking
    assert ReadinessQuestion.MEASURES_REPORTED not in row.lacking


def test_the_same_answers_are_not_kept_twice() -> None:
    use_case = make_approvable()
    assess(use_case)
    assess(use_case, LATER + MINUTE)
    assert Readiness.objects.count() == 1
    assert ReadinessWatch.objects.get().assessed_at == LATER + MINUTE


def test_another_answer_is_kept() -> None:
    use_case = make_approvable()
    assess(use_case)
    leave(use_case.business_owner)
    assess(use_case, LATER + MINUTE)
    rows = list(Readiness.objects.order_by("id"))
    assert len(rows) == 2
    assert ReadinessQuestion.BUSINESS_OWNER_ACTIVE in rows[1].lacking
    assert ReadinessWatch.objects.get().row == rows[1]


def test_what_has_run_out_is_kept_anew() -> None:
    use_case = make_approvable()
    until = assess(use_case).valid_until
    assess(use_case, until)
    assert [row.assessed_at for row in Readiness.objects.order_by("id")] == [LATER, until]


def test_who_looked_earlier_and_comes_later_keeps_nothing() -> None:
    use_case = make_approvable()
    assess(use_case, LATER + MINUTE)
    leave(use_case.business_owner)
    assess(use_case, LATER)
    assert Readiness.objects.count() == 1


def test_assessments_are_append_only() -> None:
    assess(make_approvable())
    for statement in ("UPDATE trust_readiness SET level = 'ready'", "DELETE FROM trust_readiness"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_lists_get_the_newest_rows_in_one_query(django_assert_num_queries: Any) -> None:
    known, unknown = make_approvable(), make_use_case()
    assess(known)
    leave(known.business_owner)
    assess(known, LATER + MINUTE)
    with django_assert_num_queries(1):
        rows = current_readiness([known, unknown], LATER + DAY)
        assert {pk: row.level for pk, row in rows.items()} == {known.pk: "not_ready"}


# -- what was known then


def test_a_past_moment_says_what_was_known_and_said_then() -> None:
    use_case = make_approvable()
    first = assess(use_case)
    leave(use_case.business_owner)
    second = assess(use_case, LATER + 10 * MINUTE)
    now = LATER + DAY

    assert readiness_as_of(use_case=use_case, moment=LATER + 9 * MINUTE, now=now) == first
    assert readiness_as_of(use_case=use_case, moment=LATER + 10 * MINUTE, now=now) == second
    assert second.level is not first.level


def test_a_past_moment_after_the_time_of_the_row_is_assessed_on_its_facts() -> None:
    use_case = make_approvable()
    until = assess(use_case).valid_until
    past = readiness_as_of(use_case=use_case, moment=until + DAY, now=until + 2 * DAY)
    assert past.assessed_at == until + DAY
    answers = {one.question: one.answer for one in past.questions}
    assert answers[ReadinessQuestion.PRODUCTION_GRADE_NOW] is Answer.UNKNOWN  # nobody judged it again in that time


def test_the_future_and_the_time_before_the_first_assessment_are_refused() -> None:
    use_case = make_approvable()
    assess(use_case)
    with pytest.raises(InvalidError) as future:
        readiness_as_of(use_case=use_case, moment=LATER + DAY, now=LATER)
    assert future.value.code == "as_of_in_the_future"
    with pytest.raises(NotFoundError) as before:
        readiness_as_of(use_case=use_case, moment=NOW - DAY, now=LATER)
    assert before.value.code == "not_assessed_yet"


# -- falls


def fall(use_case: UseCase, at: Any) -> None:
    leave(use_case.business_owner)
    assess(use_case, at)


def rise(use_case: UseCase, at: Any) -> None:
    leave(use_case.business_owner, is_back=True)
    assess(use_case, at)


def notices(kind: str) -> list[str]:
    return list(Notification.objects.filter(kind=kind).order_by("id").values_list("person__username", flat=True))


def test_a_fall_is_told_once_when_it_has_stayed_and_so_is_the_recovery() -> None:
    gina, use_case = make_governance("gina"), make_approvable()
    assess(use_case)
    fall(use_case, LATER + MINUTE)
    assert tell_of_falls(now=LATER + 2 * MINUTE) == 0
    assert tell_of_falls(now=LATER + 7 * MINUTE) == 1
    assert tell_of_falls(now=LATER + 8 * MINUTE) == 0
    told = notices("use_case.readiness_fell")
    assert {gina.username, use_case.business_owner.username} <= set(told)
    text = Notification.objects.filter(kind="use_case.readiness_fell").first()
    assert text is not None
    assert "business_owner_active" in text.text

    rise(use_case, LATER + 10 * MINUTE)
    assert tell_of_falls(now=LATER + 11 * MINUTE) == 0
    assert tell_of_falls(now=LATER + 16 * MINUTE) == 1
    assert tell_of_falls(now=LATER + 17 * MINUTE) == 0
    assert notices("use_case.readiness_recovered") == told
    assert ReadinessWatch.objects.get().fall == ""


def test_what_flaps_within_the_damping_time_is_told_to_nobody() -> None:
    use_case = make_approvable()
    assess(use_case)
    fall(use_case, LATER + MINUTE)
    rise(use_case, LATER + 3 * MINUTE)
    assert tell_of_falls(now=LATER + 30 * MINUTE) == 0
    assert not Notification.objects.filter(kind__startswith="use_case.readiness").exists()


def test_what_never_had_what_its_stage_asks_for_has_not_fallen() -> None:
    use_case = make_approvable()
    leave(use_case.business_owner)
    assess(use_case)
    assess(use_case, LATER + DAY)
    assert ReadinessWatch.objects.get().fall == ""


# -- looking after all of them


def test_all_but_retired_use_cases_are_assessed_those_first_that_wait_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, fresh = make_use_case("old"), make_use_case("new"), make_use_case("fresh")
    assess(old, NOW - DAY)
    assess(fresh, LATER)
    order: list[str] = []
    real = service.assess_use_case

    def noting(*, use_case: UseCase, now: Any, cause: str) -> Any:
        order.append(use_case.slug)
        return real(use_case=use_case, now=now, cause=cause)

    monkeypatch.setattr(use_case_upkeep, "assess_use_case", noting)
    assert look_after_readiness(now=LATER + MINUTE) == 2
    assert order == ["new", "old"]
    assert new.assessments.count() == 1


def test_looking_after_ends_when_its_time_is_over() -> None:
    make_use_case()
    make_use_case()
    turns = iter([False, True])
    assert look_after_readiness(now=LATER, is_over=lambda: next(turns)) == 1
    assert look_after_readiness(now=LATER) == 1


def test_one_that_cannot_be_assessed_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = make_use_case("bad"), make_use_case("good")
    real = service.assess_use_case

    def failing(*, use_case: UseCase, now: Any, cause: str) -> Any:
        if use_case.pk == bad.pk:
            raise ValueError("No.")
        return real(use_case=use_case, now=now, cause=cause)

    monkeypatch.setattr(use_case_upkeep, "assess_use_case", failing)
    assert look_after_readiness(now=LATER) == 1
    assert good.assessments.exists()
    assert "Use case bad could not be assessed" in caplog.text


def test_a_product_that_is_outdated_is_judged_before_the_use_case_is_assessed() -> None:
    product = make_good_product()
    use_case = make_approvable(product=product)
    later = NOW + 3 * DAY
    acknowledge_use_case(use_case=use_case, actor=use_case.business_owner, now=NOW)
    answers = {one.question: one.answer for one in assess(use_case, later).questions}
    assert answers[ReadinessQuestion.PRODUCTION_GRADE_NOW] is Answer.UNKNOWN
    product.current_verdict.refresh_from_db()
    assert product.current_verdict.judged_at == later


def test_a_use_case_in_earnest_lacks_nothing_for_production() -> None:
    use_case = make_approvable()
    use_in_earnest(use_case)
    assessment = assess(use_case)
    assert [one.question for one in assessment.missing_for(UseCaseStage.PRODUCTION)] == []
    assert assessment.level is ReadinessLevel.READY
