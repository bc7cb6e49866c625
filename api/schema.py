"""The OpenAPI document, its address and its readable form. Views describe what they answer; every problem is added here."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from api.authzen import description as authzen
from api.health import only_reads
from api.negotiation import OneRepresentation
from api.problems import MEDIA_TYPE
from api.v1.fields import LARGEST_ID
from catalog.rules.obligation import DELETE_AFTER, MASK_FIELDS

NULL = {"type": "null"}
NULL_COMPONENT = "NullEnum"
NULL_REFERENCE = {"$ref": f"#/components/schemas/{NULL_COMPONENT}"}


def with_plain_nulls(part: Any) -> Any:
    """The same part of the document with nulls as in JSON Schema, which OpenAPI 3.1 is: `type: [string, null]`, else `anyOf`.

    drf-spectacular writes `oneOf: [{}, {type: null}]` where anything may come, which no null matches (it matches both), and a
    component of its own for the null of an enumeration, which generators of clients turn into a class with nothing in it.
    """
    if isinstance(part, list):
        return [with_plain_nulls(item) for item in part]
    if not isinstance(part, dict):
        return part
    plain = {name: with_plain_nulls(value) for name, value in part.items()}
    choices = plain.get("oneOf")
    if isinstance(choices, list) and any(choice in (NULL, NULL_REFERENCE) for choice in choices):
        others = [choice for choice in choices if choice not in (NULL, NULL_REFERENCE)]
        del plain["oneOf"]
        plain |= nullable(others)
    return plain


def nullable(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the choices, or null."""
    if {} in choices:
        return {}
    if len(choices) == 1 and isinstance(choices[0].get("type"), str) and not choices[0].keys() & {"enum", "const"}:
        return {**choices[0], "type": [choices[0]["type"], "null"]}
    return {"anyOf": [*choices, NULL]}


DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "An error as RFC 9457 problem details. `code` is stable, `remedy` says what to do next.",
    "required": ["type", "title", "status", "detail", "instance", "code", "remedy", "errors", "request_id"],
    "properties": {
        "type": {**TEXT, "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "instance": {**TEXT, "description": "Path of the request."},
        "code": TEXT,
        "remedy": TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {"field": TEXT, "code": TEXT, "message": TEXT},
            },
        },
        "request_id": {**TEXT, "description": "Of this request; the operator's log has it too."},
    },
    "example": {
        "type": "urn:touchstone:problem:product_unknown",
        "title": "Product unknown",
        "status": 404,
        "detail": "There is no data product nyc-trains that you may see.",
        "instance": "/api/v1/products/nyc-trains/trust",
        "code": "product_unknown",
        "remedy": "GET /api/v1/products lists those that you may see.",
        "errors": [],
        "request_id": "6f1c8a54-6c0c-4d55-8d3c-0f0f6a3a2f51",
    },
}
HEADERS = {
    "X-Request-ID": ("RequestId", "The caller's own where it sent an acceptable one, else a new UUID.", TEXT),
    "Location": ("Location", "Path of what was made.", {**TEXT, "format": "uri-reference"}),
    "ETag": ("ETag", "Of the content, for If-None-Match.", TEXT),
    "Allow": ("Allow", "The methods that this address takes.", TEXT),
    "Retry-After": ("RetryAfter", "In how many seconds to try again.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("Authenticate", "The scheme in which a key is sent: Bearer.", TEXT),
}
"""Component, what it says and schema of each. A response that is documented with such a component always has that header."""
PROBLEMS = {
    "400": ("BadRequest", "A parameter or the body is not what this address takes; `errors` names the parts."),
    "401": ("Unauthorized", "No key, or one that is unknown, expired or revoked."),
    "403": ("Forbidden", "The key's scope or the person's role does not allow this."),
    "404": ("NotFound", "It does not exist, or you may not know that it does."),
    "405": ("MethodNotAllowed", "This address does not take that method; Allow names those that it takes."),
    "408": ("BodyTooSlow", "The body did not arrive in time, so it was not read."),
    "409": ("Conflict", "Not possible in the present state; `remedy` says what would change that."),
    "411": ("LengthRequired", "The body came in chunks, without its length."),
    "413": ("BodyTooLarge", "The body is longer than 2 MB."),
    "415": ("UnsupportedMediaType", "The body has a Content-Type that this address does not take."),
    "429": ("TooManyRequests", "Rate limit exceeded for this API key; Retry-After says when to retry."),
    "500": ("InternalError", "A fault of Touchstone; give `request_id` to the operator."),
    "503": ("Unavailable", "The database cannot be reached or the server is busy; nothing was answered and nothing changed."),
}
HEADERS_OF_PROBLEMS = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After"}

OWN_SCHEMAS = {
    "Problem": PROBLEM,
    "Health": {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["alive", "ready"]}}},
    "Obligation": {
        "type": "object",
        "description": "What a permitted consumer must do.",
        "required": ["type"],
        "properties": {
            "type": {**TEXT, "description": "Such as human_review, no_onward_sharing or cite-source."},
            "fields": {"type": "array", "items": TEXT, "description": f"Of {MASK_FIELDS}."},
            "minimum_sensitivity": {"$ref": "#/components/schemas/Sensitivity", "description": f"Of {MASK_FIELDS}."},
            "days": {"type": "integer", "minimum": 1, "description": f"Of {DELETE_AFTER}."},
        },
    },
    "ContractDocument": {
        "type": "object",
        "additionalProperties": True,
        "description": "A data contract of the Open Data Contract Standard (ODCS) 3.x.",
    },
}
"""Components of what no serializer describes."""

TAGS = {
    "trust": "The one question: is it production-grade, for me, for this purpose, right now?",
    "authzen": "The same question as OpenID AuthZEN 1.0 asks it.",
    "decisions": "Every answer that was given: looked up, replayed, signed, proved.",
    "recalls": "Consumers that got a yes before a product fell.",
    "products": "Data products: what their owners claim.",
    "ports": "Output ports and their fields.",
    "contracts": "The contract behind a port or a product.",
    "suites": "The checks of a port.",
    "runs": "Executions of suites, and what they found.",
    "incidents": "Known problems.",
    "waivers": "Accepted exceptions.",
    "people": "People, their roles, domains and deputies, and what they answer for.",
    "policies": "Access policies and guardrails, and the trust policy that judges every product.",
    "consumers": "Callers and their owners.",
    "agreements": "Grants to one consumer, for one product and purpose, for a time.",
    "use-cases": "AI initiatives: the decision of each, its owner, and its readiness.",
    "keys": "API keys.",
    "notifications": "Notices to people and consumers, and their deliveries.",
    "health": "Whether the process is alive, and whether it can answer.",
}
READS_IN_CONFLICT = frozenset({"get_decision_proof", "replay_decision"})
BODIES_THAT_NAME = frozenset({"request_agreement"})
"""Operations that answer 404 for what their body names."""
MADE_WITHOUT_ADDRESS = frozenset({"report_outcome", "report_use", "confirm_obligation"})
"""Operations that answer 201 without a Location: what they made has no address of its own."""


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, operation) of every operation in the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "put", "post", "delete", "patch"}:
                yield path, operation


WHOLE_DOCUMENTS = frozenset({"register_contract", "try_contract"})
"""Operations whose body is an ODCS document."""


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Postprocessing hook: every operation names the problems and the headers that it may answer; what is no view is added."""
    components = result.setdefault("components", {})
    components["schemas"] = components.get("schemas", {}) | authzen.schemas() | OWN_SCHEMAS
    components["responses"] = {name: problem_component(status) for status, (name, _) in PROBLEMS.items()}
    components["headers"] = {
        component: {"description": text, "required": True, "schema": form} for component, text, form in HEADERS.values()
    }
    result["paths"] |= authzen.paths()
    for path, operation in operations_of(result):
        method = next(word for word, one in result["paths"][path].items() if one is operation)
        if "requestBody" in operation and (method == "patch" or operation["operationId"] in WHOLE_DOCUMENTS):
            operation["requestBody"]["required"] = True
        if operation["operationId"] in WHOLE_DOCUMENTS:
            for content in operation["requestBody"]["content"].values():
                content["schema"] = {"$ref": "#/components/schemas/ContractDocument"}
        for status in statuses_of(path, operation, changes=method != "get"):
            operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"})
    result["paths"] |= {"/healthz": health_path("healthz", "alive"), "/readyz": health_path("readyz", "ready")}
    for _, operation in operations_of(result):
        add_headers(operation)
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    plain: dict[str, Any] = without_column_limits(with_plain_nulls(result))
    plain["components"]["schemas"].pop(NULL_COMPONENT, None)
    return plain


def without_column_limits(part: Any) -> Any:
    """The same part of the document without the limits of a bigint, which are none of the API."""
    if isinstance(part, list):
        return [without_column_limits(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {name: without_column_limits(value) for name, value in part.items()}
    return {name: value for name, value in kept.items() if not (name in {"minimum", "maximum"} and abs(value) >= LARGEST_ID)}


def problem_component(status: str) -> dict[str, Any]:
    """The response of that status, with the headers that it always has."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    names = ["X-Request-ID", *([HEADERS_OF_PROBLEMS[status]] if status in HEADERS_OF_PROBLEMS else [])]
    own = headers(names)
    if status == "503":  # where waiting helps
        _, text, form = HEADERS["Retry-After"]
        own["Retry-After"] = {"description": text, "schema": form}
    return {"description": PROBLEMS[status][1], "headers": own, "content": content}


def headers(names: list[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{HEADERS[name][0]}"} for name in names}


def add_headers(operation: dict[str, Any]) -> None:
    """What its own responses have: an id each, and an address where something was made."""
    for status, response in operation["responses"].items():
        if "$ref" in response:
            continue
        names = ["X-Request-ID"]
        if status in {"201", "202"} and operation["operationId"] not in MADE_WITHOUT_ADDRESS:
            names.append("Location")
        if operation["operationId"] == "get_contract":
            names.append("ETag")
        response.setdefault("headers", {}).update(headers(names))


def statuses_of(path: str, operation: dict[str, Any], *, changes: bool) -> list[str]:
    """Which problems an operation may answer, as far as its shape shows."""
    if path.startswith("/.well-known/"):
        return ["405", "500", "503"]
    statuses = ["400", "401", "403", "405", "429", "500", "503"]
    if "requestBody" in operation:
        statuses += ["408", "411", "413"]
    if "{" in path or operation["operationId"] in BODIES_THAT_NAME:
        statuses.append("404")
    if path.startswith("/access/"):  # AuthZEN has 400 for another Content-Type, and nothing there is ever in conflict
        return statuses
    if changes or operation["operationId"] in READS_IN_CONFLICT:
        statuses.append("409")
    return [*statuses, "415"] if "requestBody" in operation else statuses


def health_path(name: str, status: str) -> dict[str, Any]:
    """The description of a health check, which is a plain Django view."""
    word = {"$ref": "#/components/schemas/Health"}
    responses: dict[str, Any] = {"200": {"description": f"It is {status}.", "content": {"application/json": {"schema": word}}}}
    responses["405"] = {"$ref": "#/components/responses/MethodNotAllowed"}
    if name == "readyz":
        responses["503"] = {"$ref": "#/components/responses/Unavailable"}
    summary = "The process is alive" if name == "healthz" else "Database and broker are there and the database is migrated"
    return {"get": {"operationId": name, "summary": summary, "tags": ["health"], "security": [{}], "responses": responses}}


@cache
def document() -> bytes:
    """The OpenAPI document as JSON. Made once in a process: it depends on the code only."""
    generator: Any = SchemaGenerator  # untyped
    return json.dumps(generator().get_schema(request=None, public=True), indent=1).encode()


@only_reads
def schema(request: HttpRequest) -> HttpResponse:
    """GET /api/schema"""
    return HttpResponse(document(), content_type="application/json")


class DocsView(SpectacularSwaggerSplitView):
    """GET /api/docs: the document for people. Its scripts come with the package; the policy lets none in from elsewhere."""

    authentication_classes: list[Any] = []
    content_negotiation_class = OneRepresentation
    url = "/api/schema"
    title = "Touchstone API"

    def options(  # type: ignore[override]  # DRF sends on any response of Django; one of its own wants a template
        self, request: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """What this address takes, in the Allow header; a page that describes itself has no template."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Content-Security-Policy"] = DOCS_POLICY
        return super().finalize_response(request, response, *args, **kwargs)
