"""The questions of the gap `governance`, each answered with yes, no and unknown."""

import pytest

from catalog.rules.vocabulary import Autonomy, Sensitivity
from tests.trust.use_cases.rules.factories import (
    DAY,
    HUMAN_REVIEW,
    INSTANT,
    NOW,
    SKEW,
    answer_to,
    make_case,
    make_confirmation,
    make_consumer,
    make_grant,
    make_product,
    person,
    with_consumer,
    with_grant,
    with_product,
)
from tests.trust.use_cases.rules.table import Row, assert_row, no, no_products, ok, table, unknown
from trust.vocabulary import Answer, ReadinessQuestion

BEA = "business_owner:bea"
CAL = "consumer_owner:cal"
GOVERNANCE = "governance"
SEE_TO_IT = "Ask governance to check the policies and the purpose, then assess again."
REQUEST = "Request an agreement for delay-agent on flights."
CONFIRM = "Let the owner of delay-agent confirm how human_review of delay-agent on flights is met."
HALF_A_YEAR = 180 * DAY
DELETE_AFTER = '{"days":30,"type":"delete_after"}'


@table(
    {
        ReadinessQuestion.PURPOSE_PERMITTED: [
            ok("permitted", make_case(), "The policies permit every consumer every product for ai.decision-support."),
            no(
                "denied",
                with_grant(is_permitted=False, reasons=("no_policy",)),
                "not_permitted",
                "The policies do not permit delay-agent on flights for ai.decision-support: no_policy.",
                "Resolve the reasons for denial (no_policy), or publish a policy that permits it, or give up flights.",
                GOVERNANCE,
                BEA,
            ),
            no(
                "denied for no purpose",
                make_case(purpose="", grants=(make_grant(is_permitted=False),)),
                "not_permitted",
                "The policies do not permit delay-agent on flights for a purpose that is not named.",
                "Publish a policy that permits it, or give up flights.",
                GOVERNANCE,
                BEA,
            ),
            no(
                "suspended",
                with_consumer(is_active=False),
                "consumer_inactive",
                "The consumer delay-agent is not active.",
                "Reinstate delay-agent, or let another act.",
                GOVERNANCE,
                BEA,
            ),
            unknown(
                "not ruled",
                with_grant(is_permitted=None),
                "not_ruled",
                "It is not known what the policies say for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            unknown(
                "nothing known of the two",
                make_case(grants=()),
                "not_ruled",
                "It is not known what the policies say for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            unknown(
                "the agreement that it rested on has ended",
                with_grant(needs_agreement=True, agreement_until=NOW),
                "agreement_ended",
                "Since the agreement ended, it is not known what the policies say for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            *no_products(question_takes_consumers=True),
        ],
        ReadinessQuestion.AGREEMENTS_ACTIVE: [
            ok("none asked for", make_case(), "No policy requires an agreement."),
            ok(
                "one stands",
                with_grant(needs_agreement=True, agreement_until=NOW + DAY),
                "Every agreement that a policy requires is in force; the first ends at 2026-11-23 12:00 UTC.",
            ),
            no(
                "none in force",
                with_grant(needs_agreement=True, is_permitted=False),
                "no_agreement",
                "No agreement is in force for delay-agent on flights.",
                REQUEST,
                CAL,
            ),
            no(
                "one is requested",
                with_grant(needs_agreement=True, is_permitted=False, agreement_waits=True),
                "no_agreement",
                "No agreement is in force for delay-agent on flights, one is requested.",
                "Decide about the agreement of delay-agent on flights.",
                "owner:ana",
            ),
            no(
                "it ended",
                with_grant(needs_agreement=True, agreement_until=NOW),
                "agreement_ended",
                "The agreement of delay-agent on flights ended at 2026-11-22 12:00 UTC.",
                REQUEST,
                CAL,
            ),
            unknown(
                "nothing is permitted",
                with_grant(is_permitted=False),
                "need_not_known",
                "Whether an agreement is needed is not known while nothing is permitted for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            unknown(
                "nothing known of the two",
                make_case(grants=()),
                "need_not_known",
                "Whether an agreement is needed is not known while nothing is permitted for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            *no_products(question_takes_consumers=True),
        ],
        ReadinessQuestion.SENSITIVITY_CLEARED: [
            ok("as sensitive as cleared", make_case(), "Every product is within the clearance of every consumer."),
            no(
                "above",
                with_product(sensitivity=Sensitivity.RESTRICTED),
                "above_clearance",
                "The product flights is restricted, and delay-agent is cleared for internal only.",
                "Clear delay-agent for restricted data, or give up flights.",
                GOVERNANCE,
                BEA,
            ),
            unknown(
                "unclassified",
                with_product(sensitivity=None),
                "product_unclassified",
                "The product flights is unclassified.",
                "Classify flights.",
                "owner:ana",
            ),
            *no_products(question_takes_consumers=True),
        ],
        ReadinessQuestion.OBLIGATIONS_CONFIRMED: [
            ok("confirmed", make_case(), "Every obligation is confirmed."),
            ok("none", with_grant(obligations=(), confirmations=()), "No obligation comes with the permissions."),
            ok(
                "confirmed just in time",
                with_grant(confirmations=(make_confirmation(confirmed_at=NOW - HALF_A_YEAR),)),
                "Every obligation is confirmed.",
            ),
            no(
                "not confirmed",
                with_grant(confirmations=()),
                "not_confirmed",
                "The obligation human_review of delay-agent on flights is not confirmed.",
                CONFIRM,
                CAL,
            ),
            no(
                "the same with other numbers",
                with_grant(
                    obligations=(DELETE_AFTER,), confirmations=(make_confirmation('{"days":90,"type":"delete_after"}'),)
                ),
                "not_confirmed",
                "The obligation delete_after (days 30) of delay-agent on flights is not confirmed.",
                "Let the owner of delay-agent confirm how delete_after (days 30) of delay-agent on flights is met.",
                CAL,
            ),
            no(
                "confirmed in the future",
                with_grant(confirmations=(make_confirmation(confirmed_at=NOW + SKEW + INSTANT),)),
                "not_confirmed",
                "The obligation human_review of delay-agent on flights is not confirmed.",
                CONFIRM,
                CAL,
            ),
            no(
                "by another",
                with_grant(confirmations=(make_confirmation(confirmed_by="zoe"),)),
                "confirmed_by_other",
                "The obligation human_review of delay-agent on flights is confirmed by zoe, not by its owner.",
                CONFIRM,
                CAL,
            ),
            no(
                "overdue",
                with_grant(confirmations=(make_confirmation(confirmed_at=NOW - HALF_A_YEAR - INSTANT),)),
                "confirmation_overdue",
                "The obligation human_review of delay-agent on flights was confirmed at 2026-05-26 11:59 UTC, due again after "
                "180 days.",
                CONFIRM,
                CAL,
            ),
            no(
                "the owner left",
                with_consumer(owner=person("cal", is_active=False)),
                "no_active_owner",
                "Delay-agent has no active owner to confirm human_review of delay-agent on flights.",
                "Name an active owner of delay-agent.",
                GOVERNANCE,
            ),
            unknown(
                "nothing is permitted",
                with_grant(is_permitted=False, obligations=()),
                "obligations_not_known",
                "Obligations are not known while nothing is permitted for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            unknown(
                "not ruled",
                with_grant(is_permitted=None),
                "obligations_not_known",
                "Obligations are not known while nothing is permitted for delay-agent on flights.",
                SEE_TO_IT,
                GOVERNANCE,
            ),
            *no_products(question_takes_consumers=True),
        ],
        ReadinessQuestion.EXPLAINABILITY_DOCUMENTED: [
            ok("not required", make_case(), "Explanations are not required; the AI advises, people decide."),
            ok(
                "required and written",
                make_case(explainability_required=True, has_explainability_requirement=True, has_explainability_met=True),
                "What must be explained and how that is met are written down.",
            ),
            ok(
                "the AI decides and it is written",
                make_case(autonomy=Autonomy.DECIDES_ALONE, has_explainability_requirement=True, has_explainability_met=True),
                "What must be explained and how that is met are written down.",
            ),
            no(
                "required and half written",
                make_case(explainability_required=True, has_explainability_requirement=True),
                "not_explained",
                "Explanations are required, but it is not written down how that is met.",
                "Write down how that is met.",
                BEA,
            ),
            no(
                "called not required, but the AI decides",
                make_case(autonomy=Autonomy.DECIDES_WITH_REVIEW),
                "not_explained",
                "Explanations are required, but it is not written down what must be explained and how that is met.",
                "Write down what must be explained and how that is met.",
                BEA,
            ),
            no(
                "nobody has said and the AI decides",
                make_case(autonomy=Autonomy.DECIDES_ALONE, explainability_required=None),
                "not_explained",
                "Explanations are required, but it is not written down what must be explained and how that is met.",
                "Write down what must be explained and how that is met.",
                BEA,
            ),
            unknown(
                "nobody has said",
                make_case(explainability_required=None),
                "requirement_not_stated",
                "Whether explanations are required is not recorded.",
                "Record whether the outputs must be explained.",
                BEA,
            ),
        ],
    }
)
def test_what_is_said_of_the_terms(question: ReadinessQuestion, row: Row) -> None:
    assert_row(question, row)


@pytest.mark.parametrize(
    ("question", "spoilt"),
    [
        (ReadinessQuestion.PURPOSE_PERMITTED, {"is_permitted": False}),
        (ReadinessQuestion.AGREEMENTS_ACTIVE, {"needs_agreement": True}),
        (ReadinessQuestion.OBLIGATIONS_CONFIRMED, {"confirmations": ()}),
    ],
)
def test_one_bad_pair_of_four_decides(question: ReadinessQuestion, spoilt: dict[str, object]) -> None:
    grants = (
        make_grant(),
        make_grant("weather"),
        make_grant(consumer="night-agent"),
        make_grant("weather", "night-agent", **spoilt),
    )
    products, consumers = (make_product(), make_product("weather")), (make_consumer(), make_consumer("night-agent"))
    result = answer_to(question, make_case(products=products, consumers=consumers, grants=grants))
    assert (result.answer, result.numbers["no"], result.numbers["yes"]) == (Answer.NO, 1, 3)
    assert "night-agent on weather" in result.message


def test_a_pair_of_which_nothing_is_known_is_not_passed_over() -> None:
    products = (make_product(), make_product("weather"))
    for question in (ReadinessQuestion.PURPOSE_PERMITTED, ReadinessQuestion.AGREEMENTS_ACTIVE):
        result = answer_to(question, make_case(products=products))
        assert (result.answer, result.numbers["unknown"], result.numbers["yes"]) == (Answer.UNKNOWN, 1, 1)


def test_what_is_known_of_others_says_nothing() -> None:
    stranger = make_grant("weather", "stranger", is_permitted=False)
    facts = make_case(grants=(make_grant(), stranger))
    assert answer_to(ReadinessQuestion.PURPOSE_PERMITTED, facts).answer is Answer.YES


def test_the_newest_confirmation_of_the_owner_counts() -> None:
    old = make_confirmation(confirmed_at=NOW - 300 * DAY)
    other = make_confirmation(confirmed_by="zoe", confirmed_at=NOW - DAY)
    facts = with_grant(obligations=(HUMAN_REVIEW,), confirmations=(old, make_confirmation(), other))
    assert answer_to(ReadinessQuestion.OBLIGATIONS_CONFIRMED, facts).answer is Answer.YES


def test_the_evidence_of_an_agreement_says_until_when_it_holds() -> None:
    result = answer_to(ReadinessQuestion.AGREEMENTS_ACTIVE, with_grant(needs_agreement=True, agreement_until=NOW + 30 * DAY))
    assert [(e.kind, e.id, e.says) for e in result.evidence] == [
        ("agreement", "delay-agent on flights", "until 2026-12-22 12:00 UTC")
    ]
