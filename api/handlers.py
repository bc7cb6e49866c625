"""Django's handlers for what fails outside of a view, named in `config.urls`: problems below /api, pages everywhere else."""

import sys
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse

from api.errors import INTERNAL, answer_error, problem_of
from api.problems import problem_response
from trust.desk import views as pages
from trust.presentation.responses import unavailable

API_PREFIXES = ("/api/", "/healthz", "/readyz", "/access/", "/.well-known/")


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIXES) or request.path in {"/api", "/access", "/.well-known"}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_error(request, exception) if is_api(request) else pages.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_error(request, exception) if is_api(request) else pages.forbidden(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_error(request, Http404()) if is_api(request) else pages.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """For what is known, as for a database that does not answer, what it is; Django calls this while it handles the error."""
    error = sys.exc_info()[1]
    problem = (problem_of(error) if isinstance(error, Exception) else None) or INTERNAL
    if is_api(request):
        return problem_response(request, problem)
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return unavailable(problem.headers)
    return pages.server_error(request)
