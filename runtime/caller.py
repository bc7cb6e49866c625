"""The requests that `bin/up` shows as curl lines, and makes itself with --once: is it fit, and may the demo's agent use it?"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from runtime.screen import CommandFailedError, say, step, tail

ANSWER_BYTES = 100_000
EVALUATION = "/access/v1/evaluation"
YES, NO = "nyc-airlines", "nyc-airports"  # both permitted to the demo's agent; the data of one is fit, that of the other is not


@dataclass(frozen=True)
class Caller:
    """Asks the web server as anybody would. `log`: where to look when it answers what it should not."""

    host: str
    port: int
    log: Path

    def ask_about(self, product: str, key: str) -> bool:
        """Whether the demo's agent may use the product; the decision is shown."""
        answer = json.loads(self.ask(EVALUATION, key, question_about(product)))
        say(f"  {decision_line(product, answer)}")
        return bool(answer["decision"])

    def ask(self, path: str, key: str, question: str | None = None) -> bytes:
        """The body of the answer. Raises where it is not one of status 200."""
        method = "GET" if question is None else "POST"
        with step(f"{method} {path}"):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            status, body = self._request(method, path, headers, question)
            if status != "200":
                raise CommandFailedError(f"{path} answered {status}, not 200. The end of {self.log}:\n{tail(self.log)}")
            return body

    def status_of(self, path: str) -> str:
        """The HTTP status of the answer, with what went wrong in brackets unless it is 200; or why there is no answer."""
        return self._request("GET", path, {}, None)[0]

    def curl_line(self, key: str, product: str) -> str:
        """The question about `product` as somebody types it."""
        headers = f"-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'"
        return f"curl {headers} http://{self.host}:{self.port}{EVALUATION} -d '{question_about(product)}'"

    def _request(self, method: str, path: str, headers: Mapping[str, str], question: str | None) -> tuple[str, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request(method, path, body=question, headers=dict(headers))
            response = connection.getresponse()
            body = response.read(ANSWER_BYTES)
            return ("200" if response.status == HTTPStatus.OK else f"{response.status}{detail_of(body)}"), body
        except (OSError, http.client.HTTPException) as error:
            return str(error), b""
        finally:
            connection.close()


def question_about(product: str) -> str:
    """What the demo's agent asks, as AuthZEN 1.0 has it: JSON without a quote that a shell would mind."""
    asked = {
        "subject": {"type": "ai_agent", "id": "route-advisor"},
        "action": {"name": "consume", "properties": {"purpose": "ai.decision-support"}},
        "resource": {"type": "data_product", "id": product},
    }
    return json.dumps(asked)


def decision_line(product: str, answer: Mapping[str, Any]) -> str:
    """What a decision says, in one line."""
    context = answer["context"]
    if answer["decision"]:
        duties = ", ".join(duty["type"] for duty in context["obligations"])
        return f"{product}: yes (decision {context['decision_id']}; obligations: {duties or 'none'})"
    reason = context["reasons"][0]
    return f"{product}: no (decision {context['decision_id']}). {reason['message']} {reason['remedy']}"


def detail_of(body: bytes) -> str:
    """What a problem+json answer says, in brackets; nothing for any other body."""
    try:
        return f" ({json.loads(body)['detail']})"
    except (ValueError, KeyError, TypeError):
        return ""
