"""The addresses of AuthZEN in the OpenAPI document. Plain views, so their description is written here by hand."""

from typing import Any

from api.authzen.entities import Semantic
from api.authzen.evaluation import MOST_EVALUATIONS
from api.authzen.metadata import ADDRESSES
from api.authzen.pages import LARGEST_LIMIT, USUAL_LIMIT
from api.authzen.questions import ANY_CONSUMER, CONSUME, DATA_PRODUCT, KINDS

TEXT = {"type": "string"}
OBJECT = {"type": "object", "additionalProperties": True}
SUBJECT = {"type": ANY_CONSUMER, "id": "flight-planner"}
ACTION = {"name": CONSUME, "properties": {"purpose": "ai.decision-support"}}
RESOURCE = {"type": DATA_PRODUCT, "id": "nyc-airports"}
DECISION = {
    "decision": False,
    "context": {
        "decision_id": 4711,
        "subject": "flight-planner",
        "action": CONSUME,
        "product": "nyc-airports",
        "purpose": "ai.training",
        "production_grade": True,
        "verdict": "production_grade",
        "score": 93.2,
        "grade": "A",
        "valid_until": "2026-11-23T06:00:00Z",
        "reasons": [
            {
                "code": "not_permitted",
                "message": "No access policy permits this consumer this purpose.",
                "remedy": "Ask the owner to publish a policy that permits it.",
                "owner": "flora",
            }
        ],
        "obligations": [],
        "determining_policies": [],
    },
}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Any]:
    """The named parts of AuthZEN's messages."""
    types = {**TEXT, "enum": [ANY_CONSUMER, *sorted(KINDS)]}
    context = {
        **OBJECT,
        "description": "What else is asked for; other names are kept in the log and decide nothing.",
        "properties": {
            "purpose": {**TEXT, "description": "Where the action's properties name none."},
            "use_case": TEXT,
            "min_score": {"type": "number", "minimum": 0, "maximum": 100},
            "max_evidence_age": {
                "oneOf": [{"type": "number", "exclusiveMinimum": 0, "description": "Seconds."}, {**TEXT, "format": "duration"}]
            },
        },
    }
    purposes = {**OBJECT, "properties": {"purpose": TEXT}}
    return {
        "AuthZenSubject": shape(["type", "id"], type=types, id={**TEXT, "maxLength": 150}, properties=OBJECT),
        "AuthZenSubjectType": shape(["type"], type=types),
        "AuthZenResource": shape(["type", "id"], type=TEXT, id={**TEXT, "maxLength": 200}, properties=OBJECT),
        "AuthZenResourceType": shape(["type"], type=TEXT),
        "AuthZenAction": shape(["name"], name=TEXT, properties=purposes),
        "AuthZenContext": context,
        "AuthZenPage": shape(
            [],
            token={**TEXT, "description": "`next_token` of the page before; everything else must then be as it was."},
            limit={"type": "integer", "minimum": 0, "default": USUAL_LIMIT, "description": f"At most {LARGEST_LIMIT} count."},
        ),
        "AuthZenDecision": shape(
            ["decision", "context"],
            decision={"type": "boolean"},
            context={**OBJECT, "required": ["decision_id", "reasons", "obligations", "determining_policies"]},
        ),
    }


def shape(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def paths() -> dict[str, Any]:
    """The six addresses, with an example each."""
    subject, action, resource, context = map(
        reference, ("AuthZenSubject", "AuthZenAction", "AuthZenResource", "AuthZenContext")
    )
    page = reference("AuthZenPage")
    one = shape(["subject", "action", "resource"], subject=subject, action=action, resource=resource, context=context)
    item = {**OBJECT, "properties": one["properties"], "description": "What it leaves out comes from the top level."}
    options = shape([], evaluations_semantic={**TEXT, "enum": list(Semantic), "default": Semantic.EXECUTE_ALL})
    many = shape(
        [], **one["properties"], options=options, evaluations={"type": "array", "maxItems": MOST_EVALUATIONS, "items": item}
    )
    decisions = shape(["evaluations"], evaluations={"type": "array", "items": reference("AuthZenDecision")})
    asked = {"subject": SUBJECT, "action": ACTION, "resource": RESOURCE}
    searched = {"context": context, "page": page}
    return {
        "/access/v1/evaluation": post(
            "authzen_evaluate",
            "May this consumer use this data product for this purpose",
            one,
            reference("AuthZenDecision"),
            asked,
        ),
        "/access/v1/evaluations": post(
            "authzen_evaluate_batch",
            f"Up to {MOST_EVALUATIONS} such questions at once",
            many,
            {"oneOf": [decisions, reference("AuthZenDecision")]},
            {"subject": SUBJECT, "action": ACTION, "evaluations": [{"resource": RESOURCE}]},
        ),
        "/access/v1/search/subject": post(
            "authzen_search_subjects",
            "Which consumers may use this data product for this purpose",
            shape(
                ["subject", "action", "resource"],
                subject=reference("AuthZenSubjectType"),
                action=action,
                resource=resource,
                **searched,
            ),
            results(subject),
            {"subject": {"type": ANY_CONSUMER}, "action": ACTION, "resource": RESOURCE},
        ),
        "/access/v1/search/resource": post(
            "authzen_search_resources",
            "Which data products may this consumer use for this purpose",
            shape(
                ["subject", "action", "resource"],
                subject=subject,
                action=action,
                resource=reference("AuthZenResourceType"),
                **searched,
            ),
            results(resource),
            {"subject": SUBJECT, "action": ACTION, "resource": {"type": DATA_PRODUCT}},
        ),
        "/access/v1/search/action": post(
            "authzen_search_actions",
            "For which purposes may this consumer use this data product",
            shape(["subject", "resource"], subject=subject, resource=resource, **searched),
            results(action),
            {"subject": SUBJECT, "resource": RESOURCE},
        ),
        "/.well-known/authzen-configuration": {"get": metadata()},
    }


def post(name: str, summary: str, body: dict[str, Any], answer: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """One operation. It needs a key with the scope `decide`."""
    answered: dict[str, Any] = {"schema": answer}
    if answer == reference("AuthZenDecision"):
        answered["example"] = DECISION
    operation = {
        "operationId": name,
        "summary": summary,
        "description": "OpenID AuthZEN Authorization API 1.0. A deny is an ordinary answer (200), and an error never allows. "
        "Needs a key with the scope `decide`. Unknown names are passed over.",
        "tags": ["authzen"],
        "security": [{"apiKey": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body, "example": example}}},
        "responses": {"200": {"description": "The answer, which is in the log.", "content": {"application/json": answered}}},
    }
    return {"post": operation}


def results(entity: dict[str, str]) -> dict[str, Any]:
    """The answer of a search."""
    page = shape(["next_token"], next_token={**TEXT, "description": "Empty at the end."}, count={"type": "integer"})
    return shape(["page", "context", "results"], page=page, context=OBJECT, results={"type": "array", "items": entity})


def metadata() -> dict[str, Any]:
    """The operation that names the addresses."""
    places = {name: {**TEXT, "format": "uri"} for name in ("policy_decision_point", *ADDRESSES)}
    content = {"application/json": {"schema": shape(list(places), **places)}}
    return {
        "operationId": "authzen_configuration",
        "summary": "Where the addresses of AuthZEN are",
        "tags": ["authzen"],
        "security": [{}],
        "responses": {"200": {"description": "Absolute addresses at the host that was asked.", "content": content}},
    }
