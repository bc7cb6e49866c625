"""The pages for people: who sees what, what a label says, and that text from outside stays text."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, Person
from catalog.rules.claims import InputClaims
from catalog.rules.vocabulary import Lifecycle
from catalog.services.ports import put_input_ports
from tests.factories import NOW, make_auditor, make_governed_product, make_owner, make_person, make_port, make_product
from tests.trust.builders import make_ready_port, run_badly, run_well
from trust.models import CurrentVerdict, Verdict
from trust.presentation.pages.labels import number
from trust.verdicts.rules.codec import load_outcome

LATER = NOW + timedelta(hours=3)
ELSEWHERE = ("http:", "https:", "//", "javascript:", "data:")
SCRIPT = "<script>alert('x')</script>"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "public_home", True)


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "public_home", False)


def green(slug: str, **claims: Any) -> DataProduct:
    product = make_governed_product(slug, **claims)
    run_well(make_ready_port(product), NOW)
    return product


def red(slug: str, **claims: Any) -> DataProduct:
    product = make_governed_product(slug, **claims)
    run_well(make_ready_port(product), NOW, failed=1)
    return product


def client_of(person: Person | None = None) -> Client:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return client


def page(path: str, person: Person | None = None, status: int = 200) -> str:
    response = client_of(person).get(path)
    assert response.status_code == status, response.content
    return str(response.content.decode())


class Outline(HTMLParser):
    """What a page is made of: its tags, its headings, and whatever a strict content security policy would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.refused: list[str] = []
        self.outside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in {"script", "style", "iframe", "object"}:
            self.refused.append(tag)
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.refused.append(f"{tag} {name}")
            if name in {"src", "href", "action"} and (value or "").startswith(
                ("http:", "https:", "//", "javascript:", "data:")
            ):
                self.outside.append(str(value))


# Who may see what


@pytest.mark.usefixtures("public")
def test_the_public_home_page_lists_published_products_and_no_drafts() -> None:
    green("sales")
    make_product("secret-plan")
    html = page("/")
    assert "Sales" in html
    assert "/products/sales" in html
    assert "secret-plan" not in html
    assert "Secret Plan" not in html


@pytest.mark.usefixtures("public")
def test_the_public_gets_the_same_404_for_a_draft_as_for_nothing() -> None:
    make_product("hidden")
    assert page("/products/hidden", status=404) == page("/products/nothing", status=404)


@pytest.mark.usefixtures("public")
def test_a_retired_product_is_not_listed_but_an_old_link_says_that_it_is_retired() -> None:
    make_product("gone", lifecycle=Lifecycle.RETIRED)
    assert "/products/gone" not in page("/")
    html = page("/products/gone")
    assert "Not production-grade" in html
    assert "retired" in html


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("path", ["/", "/products/sales"])
def test_without_public_home_a_stranger_is_sent_to_the_login(path: str) -> None:
    green("sales")
    response = client_of().get(path)
    assert response.status_code == 302
    assert response["Location"] == f"/admin/login/?next={path}"


@pytest.mark.usefixtures("private")
def test_without_public_home_everybody_who_is_logged_in_sees_published_products() -> None:
    green("sales")
    assert "Sales" in page("/", make_person())
    assert "Production-grade" in page("/products/sales", make_person())


@pytest.mark.usefixtures("public")
def test_a_draft_is_shown_to_its_owner_and_to_auditors_and_to_nobody_else() -> None:
    owner = make_owner()
    make_product("draft", owner=owner)
    assert "Not production-grade" in page("/products/draft", owner)
    assert "Not production-grade" in page("/products/draft", make_auditor())
    page("/products/draft", make_owner(), status=404)


@pytest.mark.usefixtures("public")
def test_an_inactive_owner_is_nobody() -> None:
    owner = make_owner()
    make_product("draft", owner=owner)
    client = client_of(owner)
    Person.objects.filter(pk=owner.pk).update(is_active=False)
    assert client.get("/products/draft").status_code == 404


# What the pages say


@pytest.mark.usefixtures("public")
def test_the_home_page_says_verdict_score_grade_age_owner_and_sensitivity_in_words() -> None:
    owner = make_person("olga.owner")
    Person.objects.filter(pk=owner.pk).update(first_name="Olga", last_name="Owner")
    green("sales", owner=owner)
    red("orders")
    make_port(make_governed_product("never-run"))
    html = page("/")
    for words in ("Production-grade", "Not production-grade", "Unknown", "3 hours ago", "none yet", "Olga Owner", "internal"):
        assert words in html


@pytest.mark.usefixtures("public")
def test_the_label_of_a_green_product_says_so_and_has_no_reasons() -> None:
    green("sales")
    html = page("/products/sales")
    assert '<h2 id="verdict">Production-grade</h2>' in html
    assert "All 15 gates pass" in html
    assert "What would fix it" not in html
    assert "All 5 checks passed" in html


@pytest.mark.usefixtures("public")
def test_the_label_of_a_red_product_says_why_what_would_fix_it_and_who_can() -> None:
    product = red("sales")
    html = page("/products/sales")
    assert '<h2 id="verdict">Not production-grade</h2>' in html
    assert "Critical checks" in html
    assert "1 of 3 rows" in html
    assert "What would fix it" in html
    assert f"{product.owner.username}, owner" in html
    assert "1 of 5 checks did not pass" in html
    assert "id is never empty" in html


@pytest.mark.usefixtures("public")
def test_the_label_of_a_product_that_never_ran_is_unknown_and_never_green() -> None:
    make_ready_port(make_governed_product("sales"))
    html = page("/products/sales")
    assert '<h2 id="verdict">Unknown</h2>' in html
    assert "Not checked yet" in html
    assert "no evidence yet" in html


@pytest.mark.usefixtures("public")
def test_a_run_that_could_not_look_shows_its_reason_and_remedy() -> None:
    port = make_ready_port(make_governed_product("sales"))
    run_badly(port, NOW)
    html = page("/products/sales")
    assert "Could not read the data." in html
    assert "There is no such file. Put it there." in html


@pytest.mark.usefixtures("public")
def test_the_label_names_its_inputs_and_links_only_to_those_that_are_published() -> None:
    product, shown, hidden = green("sales"), green("orders"), make_product("drafted")
    put_input_ports(product=product, inputs=[InputClaims("orders"), InputClaims("drafted")], actor=None)
    html = page("/products/sales")
    assert f'<a href="/products/{shown.slug}">' in html
    assert hidden.slug in html
    assert f'<a href="/products/{hidden.slug}">' not in html


@pytest.mark.usefixtures("public")
def test_every_contribution_to_the_score_is_on_the_label() -> None:
    green("sales")
    html = page("/products/sales")
    outcome = load_outcome(Verdict.objects.get(product__slug="sales").outcome)
    for part in outcome.parts:
        assert f'<b>{number(part.points)}</b> <span class="muted">of {number(part.weight)}</span>' in html
    assert f"<b>{number(outcome.raw_score)}</b>" in html


@pytest.mark.usefixtures("public")
def test_an_outdated_verdict_is_judged_again_before_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    green("sales")
    assert "Production-grade" in page("/products/sales")
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(days=3))
    assert '<h2 id="verdict">Unknown</h2>' in page("/products/sales")
    assert CurrentVerdict.objects.get(product__slug="sales").verdict == "unknown"


@pytest.mark.usefixtures("public")
def test_a_change_of_a_claim_shows_on_the_home_page_at_once() -> None:
    product = green("sales")
    page("/")
    Person.objects.filter(pk=product.owner_id).update(is_active=False)
    assert "Not production-grade" in page("/")


@pytest.mark.usefixtures("public")
def test_when_the_database_is_away_the_page_says_so_and_shows_nothing_old(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("trust.desk.views.judging.ensure_current", away)
    html = page("/", status=503)
    assert "Come back in a moment" in html
    assert "server closed" not in html


# Text from outside is data


@pytest.mark.usefixtures("public")
def test_text_from_a_contract_is_escaped_on_every_page() -> None:
    product = red(
        "sales", name=SCRIPT, description=SCRIPT, purpose=SCRIPT, limitations=SCRIPT, usage=SCRIPT, domain="D " + SCRIPT
    )
    for path in ("/", f"/products/{product.slug}", f"/?q={SCRIPT}"):
        html = page(path)
        assert SCRIPT not in html
        assert Outline(html).refused == []
    assert "&lt;script&gt;" in page(f"/products/{product.slug}")


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("path", ["/", "/products/sales", "/products/nothing", "/nothing"])
def test_pages_need_no_script_load_nothing_from_elsewhere_and_say_so(path: str) -> None:
    red("sales")
    response = client_of().get(path)
    outline = Outline(response.content.decode())
    assert outline.refused == []
    assert outline.outside == []
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["X-Frame-Options"] == "DENY"
    assert outline.tags.count("h1") == 1
    assert outline.tags.count("main") == 1


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize(
    "query", ["?q=%00", "?after=%00%ff", "?q=" + "x" * 5000, "?q='; drop table", "?after=zzzz", "?q=%22or"]
)
def test_odd_queries_are_answered(query: str) -> None:
    green("sales")
    page("/" + query)


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("path", ["/", "/products/sales"])
def test_pages_refuse_to_be_posted_to(path: str) -> None:
    assert client_of().post(path).status_code == 405


# Cost


@pytest.mark.usefixtures("public")
def test_the_home_page_costs_the_same_number_of_queries_however_many_products_it_lists() -> None:
    def queries() -> int:
        page("/")  # judges what is new
        with CaptureQueriesContext(connection) as captured:
            page("/")
        return len(captured)

    green("a")
    few = queries()
    for slug in ("b", "c", "d", "e"):
        green(slug)
    assert queries() == few == 3


@pytest.mark.usefixtures("public")
def test_a_label_costs_a_fixed_number_of_queries() -> None:
    product = green("sales")
    upstreams = [InputClaims(green(slug).slug) for slug in ("a", "b", "c")]

    def queries() -> int:
        page("/products/sales")  # judges what is new
        with CaptureQueriesContext(connection) as captured:
            page("/products/sales")
        return len(captured)

    assert queries() == 5
    put_input_ports(product=product, inputs=upstreams[:1], actor=None)
    assert queries() == 6
    put_input_ports(product=product, inputs=upstreams, actor=None)
    assert queries() == 6


@pytest.mark.usefixtures("public")
def test_many_products_come_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trust.desk.views.PAGE", 2)
    for slug in ("a-one", "b-two", "c-three"):
        make_governed_product(slug)
    first = page("/")
    assert "A One" in first
    assert "C Three" not in first
    assert 'href="/?after=b-two"' in first
    second = page("/?after=b-two")
    assert "C Three" in second
    assert "A One" not in second
    assert "Next page" not in second


@pytest.mark.usefixtures("public")
def test_search_finds_words_of_name_and_description() -> None:
    make_governed_product("sales", description="Everything that was sold in the shops.")
    make_governed_product("weather")
    html = page("/?q=shop")
    assert "Sales" in html
    assert "Weather" not in html
    assert "No published product" in page("/?q=nowhere")


# What goes wrong


@pytest.mark.parametrize("path", ["/nothing", "/products/", "/products/x/y"])
def test_what_is_not_there_gets_a_page_in_the_same_style(path: str) -> None:
    html = page(path, status=404)
    assert "This page does not exist" in html
    assert "touchstone/page.css" in html


def test_what_breaks_gets_a_page_that_tells_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "public_home", True)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("trust.desk.views.product_ids", broken)
    html = page("/", status=500)
    assert "Something went wrong here" in html
    assert "swordfish" not in html
