"""The list of products and the page that tells the story of one."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from tests.admin.cast import Cast, World
from tests.factories import NOW, make_governed_product, make_port, make_product
from tests.trust.builders import make_ready_port, run_well

LIST, CHANGE = "catalog_dataproduct_changelist", "catalog_dataproduct_change"
SCRIPT = "<script>alert('x')</script>"


def slugs(html: str) -> list[str]:
    """The slugs that a list shows, in its order."""
    return re.findall(r"(?:sales|other|third|p-\d+)(?=\s*</)", html)


def test_the_list_says_verdict_score_grade_age_and_open_gates_in_words(cast: Cast, world: World) -> None:
    html = cast.owner.sees(LIST)
    for words in ("Not production-grade", "59\u00a0F", "3\u00a0hours\u00a0ago", "Critical checks", "internal", "published"):
        assert words in html


def test_an_owner_sees_own_products_only_and_governance_all(cast: Cast, world: World) -> None:
    make_governed_product("other", owner=cast.other.person)
    assert slugs(cast.owner.sees(LIST)) == ["sales"]
    assert slugs(cast.steward.sees(LIST)) == ["sales"]
    assert slugs(cast.other.sees(LIST)) == ["other"]
    assert slugs(cast.governance.sees(LIST)) == slugs(cast.auditor.sees(LIST)) == ["other", "sales"]


def test_the_evidence_of_others_is_out_of_an_owners_reach(cast: Cast, world: World) -> None:
    for name in ("trust_run", "trust_verdict", "trust_suite", "catalog_outputport", "catalog_accesspolicy"):
        assert "sales" in cast.owner.sees(f"{name}_changelist"), name
        assert "sales" not in cast.other.sees(f"{name}_changelist"), name


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"verdict": "production_grade"}, ["other"]),
        ({"verdict": "not_production_grade"}, ["sales"]),
        ({"verdict": "unknown"}, ["third"]),
        ({"gate": "critical_checks"}, ["sales", "third"]),
        ({"gate": "evidence"}, ["third"]),
        ({"sensitivity__exact": "public"}, ["third"]),
        ({"owner": "olga"}, ["sales"]),
        ({"domain": "testing"}, ["other", "sales", "third"]),
        ({"lifecycle__exact": "published"}, ["other", "sales", "third"]),
        ({"q": "sal"}, ["sales"]),
        ({"q": "nothing of this"}, []),
        ({"q": "'"}, []),
    ],
)
def test_filters_and_search_narrow_the_list(cast: Cast, world: World, query: dict[str, str], expected: list[str]) -> None:
    run_well(make_ready_port(make_governed_product("other")), NOW)
    make_port(make_governed_product("third", sensitivity=Sensitivity.PUBLIC))
    cast.governance.sees(LIST)  # judges what is new, so that filters by verdict find it
    assert slugs(cast.governance.sees(LIST, **query)) == expected


def test_the_list_costs_the_same_number_of_queries_however_long_it_is(cast: Cast, world: World) -> None:
    def queries() -> int:
        cast.governance.sees(LIST)
        with CaptureQueriesContext(connection) as captured:
            cast.governance.sees(LIST)
        return len(captured)

    few = queries()
    for number in range(5):
        run_well(make_ready_port(make_governed_product(f"p-{number}")), NOW)
    assert queries() == few


def test_the_list_never_shows_an_outdated_verdict(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run_well(make_ready_port(make_governed_product("stale")), NOW)
    assert ">\nProduction-grade" in re.sub(r">\s+", ">\n", cast.governance.sees(LIST))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(days=3))
    assert "Unknown" in re.sub(r"<option.*?</option>|<select.*?</select>", "", cast.governance.sees(LIST), flags=re.DOTALL)
    assert DataProduct.objects.get(slug="stale").current_verdict.verdict == "unknown"


def test_the_page_of_a_product_tells_the_whole_story(cast: Cast, world: World) -> None:
    html = cast.owner.sees(CHANGE, world.product.pk)
    for words in (
        "Not production-grade",
        "What would fix it",
        "Capped at 59 while a gate fails",
        "1 of 5 checks did not pass",
        "id is never empty",
        "readers v1",
        "first judgement" if "first judgement" in html else "run completed",
        "registered",
        f"/admin/trust/run/{world.run.pk}/change/",
        "No contract is registered.",
    ):
        assert words in html, words


def test_text_from_outside_is_escaped_in_the_admin(cast: Cast) -> None:
    product = make_governed_product("script", owner=cast.owner.person, name=SCRIPT, description=SCRIPT, purpose=SCRIPT)
    make_port(product, description=SCRIPT)
    for html in (cast.owner.sees(CHANGE, product.pk), cast.owner.sees(LIST), cast.owner.sees("index")):
        assert SCRIPT not in html


def test_the_page_of_a_product_costs_the_same_number_of_queries_however_many_runs_it_had(cast: Cast, world: World) -> None:
    def queries() -> int:
        cast.owner.sees(CHANGE, world.product.pk)
        with CaptureQueriesContext(connection) as captured:
            cast.owner.sees(CHANGE, world.product.pk)
        return len(captured)

    few = queries()
    for hours in range(1, 4):
        run_well(world.port, NOW + timedelta(hours=hours), failed=hours)
    assert queries() == few


def test_a_retired_product_is_read_only(cast: Cast) -> None:
    product = make_product("retired", owner=cast.owner.person, lifecycle=Lifecycle.RETIRED)
    html = cast.owner.sees(CHANGE, product.pk)
    assert 'name="_save"' not in html
    assert "Run now" not in html
