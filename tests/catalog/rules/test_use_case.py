"""What a use case may claim, what changed between two claims, and which of that is material."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.obligation import obligation_from_json
from catalog.rules.use_case import (
    LONGEST_SPAN,
    MOST_CONSUMERS,
    MOST_MEASURES,
    MOST_PRODUCTS,
    MeasureClaims,
    UseCaseClaims,
    UsedProduct,
    demand_actor_of_use_case,
    demand_claims,
    demand_not_retired,
    is_material,
    use_case_differences,
)
from catalog.rules.vocabulary import Autonomy, Better, ConsumerKind, UseCaseStage

MEASURE = MeasureClaims(name="error", target=15.0, interval=timedelta(days=7), owner="olga")
CLAIMS = UseCaseClaims(
    slug="delays",
    name="Delays",
    decision="Whom to call.",
    purpose="analytics",
    business_owner="olga",
    products=(UsedProduct("orders", "rows"),),
    consumers=("agent",),
    measures=(MEASURE,),
)


def test_equal_claims_have_no_difference() -> None:
    assert use_case_differences(CLAIMS, replace(CLAIMS)) == []
    assert not is_material([])


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({"purpose": "ai.training"}, ["purpose: analytics -> ai.training"]),
        ({"autonomy": Autonomy.DECIDES_ALONE}, ["autonomy: advises -> decides_alone"]),
        ({"outputs_owner": "otto"}, ["outputs_owner: none -> otto"]),
        ({"exceptions_within": timedelta(days=2)}, ["exceptions_within: none -> 2 days, 0:00:00"]),
        ({"explainability_required": False}, ["explainability_required: none -> no"]),
        ({"products": (UsedProduct("orders"),)}, ["product orders/rows: removed", "product orders: added"]),
        ({"consumers": ("bot", "agent")}, ["consumer bot: added"]),
        ({"measures": ()}, ["measure error: removed"]),
        ({"measures": (replace(MEASURE, target=99.0),)}, ["measure error.target: 15.0 -> 99.0"]),
        (
            {"measures": (replace(MEASURE, interval=timedelta(days=300)),)},
            ["measure error.interval: 7 days, 0:00:00 -> 300 days, 0:00:00"],
        ),
        ({"measures": (replace(MEASURE, better=Better.AT_MOST),)}, ["measure error.better: at_least -> at_most"]),
    ],
)
def test_every_change_but_of_name_and_description_is_material(changed: dict[str, Any], lines: list[str]) -> None:
    differences = use_case_differences(CLAIMS, replace(CLAIMS, **changed))
    assert differences == lines
    assert is_material(differences)


@pytest.mark.parametrize("changed", [{"name": "Other"}, {"description": "More."}, {"name": "Other", "description": "More."}])
def test_words_that_only_help_to_find_it_are_not_material(changed: dict[str, Any]) -> None:
    differences = use_case_differences(CLAIMS, replace(CLAIMS, **changed))
    assert len(differences) == len(changed)
    assert not is_material(differences)
    assert is_material([*differences, "fallback: empty -> None."])


def test_whatever_is_claimed_is_material_unless_it_is_named_as_not() -> None:
    """A field that somebody adds to the claims voids the acknowledgement without being listed anywhere."""
    others = set(UseCaseClaims.__dataclass_fields__) - {"name", "description"}
    assert all(is_material([f"{name}: a -> b"]) for name in others)


def test_what_can_be_claimed_is_accepted() -> None:
    demand_claims(CLAIMS)
    most = tuple(UsedProduct(f"p-{number}") for number in range(MOST_PRODUCTS))
    demand_claims(replace(CLAIMS, products=most, exceptions_within=LONGEST_SPAN))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": ""}, "slug"),
        ({"slug": "x" * 81}, "slug"),
        ({"slug": "a_b"}, "slug"),
        ({"slug": "a-"}, "slug"),
        ({"slug": "a\n"}, "slug"),
        ({"name": " "}, "name"),
        ({"decision": "\n"}, "decision"),
        ({"products": (UsedProduct("a"), UsedProduct("a"))}, "products"),
        ({"products": tuple(UsedProduct(f"p-{n}") for n in range(MOST_PRODUCTS + 1))}, "products"),
        ({"consumers": ("a", "a")}, "consumers"),
        ({"consumers": tuple(f"c-{n}" for n in range(MOST_CONSUMERS + 1))}, "consumers"),
        ({"measures": (MEASURE, replace(MEASURE, target=1.0))}, "measures"),
        ({"measures": tuple(replace(MEASURE, name=f"m-{n}") for n in range(MOST_MEASURES + 1))}, "measures"),
        ({"measures": (replace(MEASURE, name="Error Rate"),)}, "measures"),
        ({"measures": (replace(MEASURE, target=float("nan")),)}, "measures"),
        ({"measures": (replace(MEASURE, target=float("-inf")),)}, "measures"),
        ({"measures": (replace(MEASURE, interval=timedelta(0)),)}, "measures"),
        ({"measures": (replace(MEASURE, interval=-timedelta(days=1)),)}, "measures"),
        ({"measures": (replace(MEASURE, interval=LONGEST_SPAN + timedelta(seconds=1)),)}, "measures"),
        ({"exceptions_within": timedelta(seconds=59)}, "exceptions_within"),
        ({"exceptions_within": timedelta(days=10_000)}, "exceptions_within"),
    ],
)
def test_what_no_use_case_can_claim_is_refused_by_its_part(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        demand_claims(replace(CLAIMS, **changed))
    assert refusal.value.field == field
    assert refusal.value.remedy


def test_a_person_does_not_act_in_a_use_case() -> None:
    with pytest.raises(InvalidError) as refusal:
        demand_actor_of_use_case("olga", ConsumerKind.PERSON)
    assert refusal.value.code == "consumer_is_a_person"
    for kind in set(ConsumerKind) - {ConsumerKind.PERSON}:
        demand_actor_of_use_case("agent", kind)


def test_only_a_retired_use_case_stays_as_it_is() -> None:
    with pytest.raises(ConflictError) as refusal:
        demand_not_retired("delays", UseCaseStage.RETIRED)
    assert refusal.value.code == "use_case_retired"
    for stage in set(UseCaseStage) - {UseCaseStage.RETIRED}:
        demand_not_retired("delays", stage)


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ("cite-source", {"type": "cite-source"}, True),
        ({"type": "mask_fields", "fields": ["b", "a"]}, {"fields": ["a", "b"], "type": "mask_fields"}, True),
        ({"type": "delete_after", "days": 30}, {"type": "delete_after", "days": 31}, False),
        ("human_review", "no_onward_sharing", False),
    ],
)
def test_equal_obligations_have_one_text_and_others_another(one: Any, other: Any, are_equal: bool) -> None:
    assert (obligation_from_json(one).as_text() == obligation_from_json(other).as_text()) is are_equal


def test_the_text_of_an_obligation_is_canonical_json() -> None:
    assert obligation_from_json({"type": "delete_after", "days": 30}).as_text() == '{"days":30,"type":"delete_after"}'
