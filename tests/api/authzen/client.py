"""A policy enforcement point that knows the text of AuthZEN 1.0 and nothing of Touchstone: it checks the shape of every answer.

Section numbers are those of the specification.
"""

import json
from typing import Any

from django.test import Client

REQUEST_ID = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"


class EnforcementPoint:
    """Asks with a key; each method gives the answer after checking it."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def post(self, path: str, body: Any, *, content_type: str = "application/json", request_id: str | None = REQUEST_ID) -> Any:
        """The raw response. A text or bytes are sent as they are."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if request_id is not None:
            headers["X-Request-ID"] = request_id
        # Django's client leaves the type of an empty body out, unless it is told twice.
        response = self.client.post(path, content, content_type=content_type, headers=headers, CONTENT_TYPE=content_type)
        if request_id is not None:  # 10.1.3: the same identifier comes back, whatever the answer is
            assert response["X-Request-ID"] == request_id
        return response

    def evaluate(self, **entities: Any) -> dict[str, Any]:
        """Section 6."""
        return demand_decision(demand_success(self.post("/access/v1/evaluation", entities)))

    def evaluate_batch(self, items: list[Any], *, semantic: str | None = None, **defaults: Any) -> list[dict[str, Any]]:
        """Section 7."""
        body = {**defaults, "evaluations": items}
        if semantic:
            body["options"] = {"evaluations_semantic": semantic}
        answer = demand_success(self.post("/access/v1/evaluations", body))
        assert "decision" not in answer  # 7.2: recommended to be left out
        assert isinstance(answer["evaluations"], list)
        decisions = [demand_decision(item) for item in answer["evaluations"]]
        if semantic in {None, "execute_all"}:
            assert len(decisions) == len(items)
        return decisions

    def search(self, sought: str, **asked: Any) -> dict[str, Any]:
        """Section 8: `results` of the sought entity only, and a page that says whether there is more."""
        answer = demand_success(self.post(f"/access/v1/search/{sought}", asked))
        assert isinstance(answer["results"], list)
        page = answer["page"]
        assert next(iter(answer)) == "page"  # 8.3: recommended to be the first
        assert isinstance(page["next_token"], str)
        assert page["count"] == len(answer["results"])
        if limit := asked.get("page", {}).get("limit"):
            assert len(answer["results"]) <= limit
        for entity in answer["results"]:
            if sought == "action":
                assert isinstance(entity["name"], str)
            else:
                assert entity["type"] == asked[sought]["type"]
                assert isinstance(entity["id"], str)
        return answer

    def search_all(self, sought: str, **asked: Any) -> list[dict[str, Any]]:
        """Every page of a search, followed to the empty token."""
        found: list[dict[str, Any]] = []
        answer = self.search(sought, **asked)
        while token := answer["page"]["next_token"]:
            found += answer["results"]
            answer = self.search(sought, **{**asked, "page": {**asked.get("page", {}), "token": token}})
        return [*found, *answer["results"]]


def demand_success(response: Any) -> dict[str, Any]:
    """The JSON object of a 200 (10.1), without nulls (11.6) and without a name that stands twice."""
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    answer = json.loads(response.content, object_pairs_hook=_unique)
    assert isinstance(answer, dict)
    assert not _has_null(answer), answer
    return answer


def demand_decision(answer: dict[str, Any]) -> dict[str, Any]:
    """Section 5.5: `decision` is a boolean, `context` an object."""
    assert isinstance(answer["decision"], bool)
    assert isinstance(answer.get("context", {}), dict)
    return answer


def demand_no_decision(response: Any, status: int, code: str) -> dict[str, Any]:
    """An error of the whole request (10.1.2): a problem from which nothing can be taken for a decision."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code, problem
    assert "decision" not in problem
    assert problem["detail"]
    assert problem["remedy"]
    return problem


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    assert len(names) == len(pairs), pairs
    return names


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_null(item) for item in value)
    return value is None
