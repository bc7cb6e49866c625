"""GET /.well-known/authzen-configuration: where the addresses of this decision point are (AuthZEN 1.0, section 9)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from api.health import only_reads
from api.signed import issuer_of

ADDRESSES = {
    "access_evaluation_endpoint": "/access/v1/evaluation",
    "access_evaluations_endpoint": "/access/v1/evaluations",
    "search_subject_endpoint": "/access/v1/search/subject",
    "search_resource_endpoint": "/access/v1/search/resource",
    "search_action_endpoint": "/access/v1/search/action",
}
CACHED = "public, max-age=3600"


@only_reads
def _configuration(request: HttpRequest) -> HttpResponse:
    base = issuer_of(request)
    return JsonResponse({"policy_decision_point": base} | {name: base + path for name, path in ADDRESSES.items()})


@csrf_exempt
def configuration(request: HttpRequest) -> HttpResponse:
    """The metadata, with absolute addresses at `TOUCHSTONE_PUBLIC_URL`, else at the host that was asked.

    It needs no key, and may be kept for an hour.
    """
    response = _configuration(request)
    if response.status_code == 200:
        response["Cache-Control"] = CACHED
    return response
