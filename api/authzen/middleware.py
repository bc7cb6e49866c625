"""Runs ahead of sessions and history, of which the answer to an evaluation needs nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from api.authzen.evaluation import evaluated_again


class EvaluatedAgainMiddleware:
    """Answers `POST /access/v1/evaluation` where the same was asked before and still stands; passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return evaluated_again(request) or self.get_response(request)
