"""The addresses of AuthZEN in the OpenAPI document. Plain views, so their description is written here by hand."""

from typing import Any

from api.authzen.entities import LONGEST_RESOURCE, LONGEST_SUBJECT, LONGEST_TYPE, Semantic
from api.authzen.evaluation import MOST_EVALUATIONS
from api.authzen.metadata import ADDRESSES
from api.authzen.pages import LARGEST_LIMIT, USUAL_LIMIT
from api.authzen.questions import ANY_CONSUMER, CONSUME, DATA_PRODUCT, KINDS, LONGEST_PURPOSE, LONGEST_USE_CASE
from catalog.rules.scopes import Scope

TEXT = {"type": "string"}
OBJECT = {"type": "object", "additionalProperties": True}
CONSUMER_TYPE = {
    **TEXT,
    "maxLength": LONGEST_TYPE,
    "description": f"One of {', '.join((ANY_CONSUMER, *sorted(KINDS)))}. About any other type the answer is no.",
}
MAYBE_TEXT = {"type": ["string", "null"]}
MAYBE_PURPOSE = {**MAYBE_TEXT, "minLength": 1, "maxLength": LONGEST_PURPOSE}
MAYBE_OBJECT = {**OBJECT, "type": ["object", "null"]}
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
        "is_production_grade": True,
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


def or_null(form: dict[str, Any]) -> dict[str, Any]:
    """In a request null is the same as nothing, wherever nothing is allowed."""
    return {"anyOf": [form, {"type": "null"}]}


def schemas() -> dict[str, Any]:
    """The named parts of AuthZEN's messages."""
    subject = {"type": CONSUMER_TYPE, "id": {**TEXT, "maxLength": LONGEST_SUBJECT}, "properties": MAYBE_OBJECT}
    resource = {
        "type": {**TEXT, "maxLength": LONGEST_TYPE},
        "id": {**TEXT, "maxLength": LONGEST_RESOURCE},
        "properties": MAYBE_OBJECT,
    }
    action = {
        "name": {**TEXT, "maxLength": LONGEST_TYPE},
        "properties": {**MAYBE_OBJECT, "properties": {"purpose": MAYBE_PURPOSE}},
    }
    page = {
        "token": {**MAYBE_TEXT, "description": "`next_token` of the page before; everything else must then be as it was."},
        "limit": {
            "type": ["integer", "null"],
            "minimum": 0,
            "default": USUAL_LIMIT,
            "description": f"At most {LARGEST_LIMIT} count.",
        },
    }
    of_one = {name: reference(f"AuthZen{name.title()}") for name in ("subject", "action", "resource")}
    context = or_null(reference("AuthZenContext"))
    searched = {"context": context, "page": or_null(reference("AuthZenPage"))}
    kind = {"properties": MAYBE_OBJECT}
    of_item = {"subject": shape([], **subject), "action": shape([], **action), "resource": shape([], **resource)}
    return {
        "AuthZenSubject": shape(["type", "id"], **subject),
        "AuthZenResource": shape(["type", "id"], **resource),
        "AuthZenAction": shape(["name"], **action),
        "AuthZenSoughtSubject": shape(["type"], type=subject["type"], **kind),
        "AuthZenSoughtResource": shape(["type"], type=resource["type"], **kind),
        "AuthZenContext": context_schema(),
        "AuthZenPage": shape([], **page),
        "AuthZenEvaluation": shape(list(of_one), **of_one, context=context),
        "AuthZenEvaluationItem": {
            **shape([], **{name: or_null(form) for name, form in of_item.items()}, context=context),
            "description": "What it leaves out comes from the top level.",
        },
        "AuthZenBatch": shape(
            [],
            **{name: or_null(form) for name, form in of_item.items()},
            context=context,
            options=or_null(reference("AuthZenOptions")),
            evaluations={
                "type": ["array", "null"],
                "maxItems": MOST_EVALUATIONS,
                "items": reference("AuthZenEvaluationItem"),
                "description": "An item that cannot be read is answered with a deny of its own. Without items, one decision.",
            },
        ),
        "AuthZenOptions": shape([], evaluations_semantic=or_null({**TEXT, "enum": list(Semantic)})),
        "AuthZenSubjectSearch": shape(
            ["subject", "action", "resource"], **{**of_one, "subject": reference("AuthZenSoughtSubject")}, **searched
        ),
        "AuthZenResourceSearch": shape(
            ["subject", "action", "resource"], **{**of_one, "resource": reference("AuthZenSoughtResource")}, **searched
        ),
        "AuthZenActionSearch": shape(
            ["subject", "resource"], subject=of_one["subject"], resource=of_one["resource"], **searched
        ),
        **answer_schemas(),
    }


def context_schema() -> dict[str, Any]:
    return {
        **OBJECT,
        "description": "What else is asked for; other names are kept in the log and decide nothing.",
        "properties": {
            "purpose": {**MAYBE_PURPOSE, "description": "Where the action's properties name none."},
            "use_case": {
                **MAYBE_TEXT,
                "minLength": 1,
                "maxLength": LONGEST_USE_CASE,
                "description": "Slug of the use case that the data is for. An unknown or retired one is answered no.",
            },
            "min_score": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
            "max_evidence_age": {**MAYBE_TEXT, "format": "duration", "examples": ["P7D", "PT36H"]},
        },
    }


def answer_schemas() -> dict[str, Any]:
    """What comes back. There are no nulls in it: what is absent is not known or does not apply."""
    number, moment = {"type": "integer"}, {**TEXT, "format": "date-time"}
    reason = shape(["code", "message", "remedy"], code=TEXT, message=TEXT, remedy=TEXT, owner=TEXT, gate=TEXT)
    policy = shape(["id", "name", "version", "digest"], id=number, name=TEXT, version=number, digest=TEXT)
    context = shape(
        ["decision_id", "is_production_grade", "verdict", "reasons", "obligations", "determining_policies"],
        decision_id={**number, "description": "Of the row in the log of answers."},
        subject=TEXT,
        action=TEXT,
        product=TEXT,
        purpose=TEXT,
        use_case=TEXT,
        is_production_grade={"type": "boolean"},
        verdict={"$ref": "#/components/schemas/VerdictStatus"},
        score={"type": "number"},
        grade={"$ref": "#/components/schemas/Grade"},
        as_of=moment,
        valid_until=moment,
        sensitivity={"$ref": "#/components/schemas/Sensitivity"},
        owner=TEXT,
        policy_version=number,
        evidence=shape(["run", "age_seconds"], run=TEXT, age_seconds=number),
        waivers={"type": "array", "items": OBJECT, "description": "Exceptions that the verdict rests on, each with its end."},
        more_waivers={**number, "description": "Waivers left out."},
        gates_off={"type": "array", "items": TEXT, "description": "Gates that the trust policy has off."},
        reasons={"type": "array", "items": reference("AuthZenReason")},
        obligations={"type": "array", "items": reference("Obligation")},
        determining_policies={"type": "array", "items": reference("AuthZenPolicy")},
        reason_user={**OBJECT, "additionalProperties": TEXT, "description": "The first reason as one text for people."},
        error=shape(["status", "code", "message"], status=number, code=TEXT, message=TEXT),
    )
    places = {name: {**TEXT, "format": "uri"} for name in ("policy_decision_point", *ADDRESSES)}
    page = shape(["next_token", "count"], next_token={**TEXT, "description": "Empty at the end."}, count=number)
    search_context = shape(["decision_id"], decision_id=number, reasons={"type": "array", "items": reference("AuthZenReason")})
    found = {
        f"AuthZenFound{name}s": shape(
            ["page", "context", "results"],
            page=reference("AuthZenFoundPage"),
            context=reference("AuthZenSearchContext"),
            results={"type": "array", "items": reference(f"AuthZen{name}")},
        )
        for name in ("Subject", "Resource", "Action")
    }
    return {
        "AuthZenReason": reason,
        "AuthZenPolicy": policy,
        "AuthZenDecisionContext": context,
        "AuthZenDecision": shape(
            ["decision", "context"], decision={"type": "boolean"}, context=reference("AuthZenDecisionContext")
        ),
        "AuthZenDecisions": shape(["evaluations"], evaluations={"type": "array", "items": reference("AuthZenDecision")}),
        "AuthZenBatchAnswer": {
            "oneOf": [reference("AuthZenDecisions"), reference("AuthZenDecision")],
            "description": "A decision for each item; without items one decision.",
        },
        "AuthZenConfiguration": shape(list(places), **places),
        "AuthZenFoundPage": page,
        "AuthZenSearchContext": search_context,
        **found,
    }


def shape(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def paths() -> dict[str, Any]:
    """The six addresses, with an example each."""
    asked = {"subject": SUBJECT, "action": ACTION, "resource": RESOURCE}
    return {
        "/access/v1/evaluation": post(
            "authzen_evaluate",
            "May this consumer use this data product for this purpose",
            reference("AuthZenEvaluation"),
            reference("AuthZenDecision"),
            asked,
        ),
        "/access/v1/evaluations": post(
            "authzen_evaluate_batch",
            f"Up to {MOST_EVALUATIONS} such questions at once",
            reference("AuthZenBatch"),
            reference("AuthZenBatchAnswer"),
            {"subject": SUBJECT, "action": ACTION, "evaluations": [{"resource": RESOURCE}]},
        ),
        "/access/v1/search/subject": post(
            "authzen_search_subjects",
            "Which consumers may use this data product for this purpose",
            reference("AuthZenSubjectSearch"),
            reference("AuthZenFoundSubjects"),
            {"subject": {"type": ANY_CONSUMER}, "action": ACTION, "resource": RESOURCE},
        ),
        "/access/v1/search/resource": post(
            "authzen_search_resources",
            "Which data products may this consumer use for this purpose",
            reference("AuthZenResourceSearch"),
            reference("AuthZenFoundResources"),
            {"subject": SUBJECT, "action": ACTION, "resource": {"type": DATA_PRODUCT}},
        ),
        "/access/v1/search/action": post(
            "authzen_search_actions",
            "For which purposes may this consumer use this data product",
            reference("AuthZenActionSearch"),
            reference("AuthZenFoundActions"),
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
        "x-scope": Scope.DECIDE.value,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body, "example": example}}},
        "responses": {"200": {"description": "The answer, which is in the log.", "content": {"application/json": answered}}},
    }
    return {"post": operation}


def metadata() -> dict[str, Any]:
    """The operation that names the addresses."""
    content = {"application/json": {"schema": reference("AuthZenConfiguration")}}
    return {
        "operationId": "authzen_configuration",
        "summary": "Where the addresses of AuthZEN are",
        "tags": ["authzen"],
        "security": [{}],
        "responses": {"200": {"description": "Absolute addresses at the host that was asked.", "content": content}},
    }
