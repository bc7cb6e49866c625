"""Every error below /api has one shape, tells what to do, and tells nothing of the inside."""

from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from rest_framework.exceptions import Throttled

from api.errors import drf_exception_handler, problem_of
from catalog.models import DataProduct
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from tests.api.callers import Cast, assert_problem

LIST = "/api/v1/products"


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1", "/api/v1/nonsense", "/api/v2/products", "/api/v1/products/", "/api/%0A", "/access/v1/x"],
)
@pytest.mark.parametrize("debug", [False, True])
def test_an_unknown_address_is_a_404_problem(cast: Cast, settings: Any, path: str, debug: bool) -> None:
    settings.DEBUG = debug and path.startswith("/api")
    assert_problem(cast.nobody.get(path), 404, "not_found")


def test_pages_keep_their_own_errors(cast: Cast) -> None:
    response = cast.nobody.get("/nonsense")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_an_unknown_method_names_those_that_there_are(cast: Cast) -> None:
    response = cast.owner.put(LIST, {})
    problem = assert_problem(response, 405, "method_not_allowed")
    assert "Allow" in problem["remedy"]


@pytest.mark.parametrize("path", [LIST, f"{LIST}/orders/trust", "/api/schema", "/healthz", "/readyz"])
def test_options_names_the_methods(cast: Cast, path: str) -> None:
    response = cast.owner.send("options", path)
    assert response.status_code == 204
    assert "GET" in response["Allow"]
    assert response.content == b""


@pytest.mark.parametrize("path", [LIST, "/api/schema", "/healthz"])
def test_head_answers_like_get_without_a_body(cast: Cast, path: str) -> None:
    response = cast.owner.send("head", path)
    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/schema"])
def test_health_and_schema_only_read(cast: Cast, path: str) -> None:
    response = cast.nobody.post(path, {})
    assert_problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=1", ";;;,,=*/", "application/problem+json", "image/*", ""])
def test_accept_is_disregarded_since_there_is_one_representation(cast: Cast, accept: str) -> None:
    response = cast.owner.get(LIST, Accept=accept)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


def test_a_request_id_is_echoed_in_answer_and_problem(cast: Cast) -> None:
    assert cast.owner.get(LIST, **{"X-Request-ID": "trace-7"})["X-Request-ID"] == "trace-7"
    assert (
        assert_problem(cast.nobody.get(LIST, **{"X-Request-ID": "trace-8"}), 401, "not_authenticated")["request_id"]
        == "trace-8"
    )


@pytest.mark.parametrize("given", ["", "x" * 129, "a\tb", " a", "\x7f"])
def test_an_unacceptable_request_id_is_replaced(cast: Cast, given: str) -> None:
    echoed = cast.owner.get(LIST, **{"X-Request-ID": given})["X-Request-ID"]
    assert echoed != given
    assert len(echoed) == 36


def test_a_database_that_is_a_standby_is_a_503_and_no_answer(cast: Cast, product: DataProduct) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    problem = assert_problem(cast.consumer.get(f"/api/v1/products/{product.slug}/trust"), 503, "database_unavailable")
    assert "takes no changes" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nonsense", 404),
        ("/access/v1/evaluation/", 404),
        ("/healthz", 405),
        ("/api/schema", 405),
        ("/.well-known/jwks.json", 405),
        ("/.well-known/authzen-configuration", 405),
    ],
)
def test_a_program_that_posts_where_nothing_takes_it_is_not_told_of_forms(db: None, path: str, status: int) -> None:
    response = Client(enforce_csrf_checks=True).post(path, b"{}", content_type="application/json")
    assert_problem(response, status, {404: "not_found", 405: "method_not_allowed"}[status])


def test_an_unforeseen_error_shows_nothing_of_itself(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with patch("api.v1.views.products.find_products", side_effect=RuntimeError("password=hunter2")):
        response = cast.owner.get(LIST, **{"X-Request-ID": "trace-500"})
    problem = assert_problem(response, 500, "internal_error")
    assert "hunter2" not in response.content.decode()
    assert "operator" in problem["remedy"]
    assert "trace-500" in caplog.text
    assert "RuntimeError" in caplog.text


def test_an_unforeseen_error_outside_of_drf_is_a_problem_too(cast: Cast) -> None:
    with patch("api.repeated_answers.repeated_answer", side_effect=RuntimeError("hunter2")):
        response = cast.owner.get(f"{LIST}/orders/trust")
    problem = assert_problem(response, 500, "internal_error")
    assert "hunter2" not in str(problem)


def test_a_database_that_is_away_is_a_503_that_says_so(cast: Cast) -> None:
    with patch("api.v1.views.products.find_products", side_effect=OperationalError("host=10.0.0.7 password=hunter2")):
        response = cast.owner.get(LIST)
    assert_problem(response, 503, "database_unavailable")
    assert response["Retry-After"] == "5"
    assert "10.0.0.7" not in response.content.decode()


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFoundError, 404), (InvalidError, 400), (ConflictError, 409), (ForbiddenError, 403), (DomainError, 400)],
)
def test_domain_errors_keep_code_remedy_and_faults(error: type[DomainError], status: int) -> None:
    problem = problem_of(error("What.", remedy="Do.", code="my_code", field="name", details=["first", "second"]))
    assert problem is not None
    assert (problem.status, problem.code, problem.detail, problem.remedy) == (status, "my_code", "What.", "Do.")
    assert [(fault.field, fault.message) for fault in problem.errors] == [("name", "What."), ("", "first"), ("", "second")]


def test_a_throttled_request_is_told_how_long_to_wait() -> None:
    request: HttpRequest = RequestFactory().get(LIST)
    response = drf_exception_handler(Throttled(wait=7.2), {"request": request})
    assert response.status_code == 429
    assert response["Retry-After"] == "8"
    assert response["Content-Type"] == "application/problem+json"


def test_a_foreign_host_is_a_400_problem(cast: Cast) -> None:
    response = Client(raise_request_exception=False).get(LIST, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (psycopg.errors.ProgramLimitExceeded(), 413, "too_large"),
        (psycopg.errors.TooManyColumns(), 413, "too_large"),
        (psycopg.errors.StringDataRightTruncation(), 400, "invalid_value"),
        (psycopg.errors.NumericValueOutOfRange(), 400, "invalid_value"),
        (psycopg.errors.DatetimeFieldOverflow(), 400, "invalid_value"),
        (psycopg.errors.InvalidTextRepresentation(), 400, "invalid_value"),
        (psycopg.errors.ConnectionException(), 503, "database_unavailable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_database_refuses_is_the_fault_of_the_request_or_of_the_database(
    error: psycopg.Error, status: int, code: str
) -> None:
    with pytest.raises(DatabaseError) as refusal, connection.wrap_database_errors:
        raise error

    problem = problem_of(refusal.value)

    assert problem is not None
    assert (problem.status, problem.code) == (status, code)
