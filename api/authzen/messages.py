"""Bodies of AuthZEN requests: JSON objects as I-JSON (RFC 7493) wants them, within limits. Whatever else is a 400.

Strict where two readers could understand two things: a name that stands twice, a number beyond a double, half a surrogate pair.
"""

import json
import math
import re
from typing import Any, NoReturn, TypeVar

import msgspec
from django.http import HttpRequest

from api.bodies import DEEPEST_NESTING, LONGEST_BODY
from api.errors import LengthRequired, PayloadTooLarge
from api.problems import REQUEST_ID
from catalog.rules.errors import InvalidError
from catalog.rules.texts import is_storable

T = TypeVar("T")
PLACE = re.compile(r"^(?P<fault>.*?)(?: - at `\$\.?(?P<place>[^`]*)`)?$", re.DOTALL)
CAN_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""The only ways in which JSON in UTF-8 can hold a NUL or half a surrogate pair."""
MISSING = "Object missing required field `"


class MalformedRequestError(InvalidError):
    """The request, or one item of a batch, is not what AuthZEN 1.0 describes."""

    code = "malformed_request"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        remedy = "Send what OpenID AuthZEN 1.0 describes; /api/docs shows every message."
        super().__init__(message, remedy=remedy, field=field, code=code)


def read_message(request: HttpRequest) -> dict[str, Any]:
    """The body, a JSON object. Raises `MalformedRequestError`, `PayloadTooLarge`, `LengthRequired`."""
    _check_headers(request)
    content = request.body  # of what is longer than `DATA_UPLOAD_MAX_MEMORY_SIZE` nothing is read
    if len(content) > LONGEST_BODY:
        raise PayloadTooLarge(f"The body is longer than {LONGEST_BODY} bytes, the most that is read.")
    if not content.strip():
        raise MalformedRequestError("The body is empty.", code="empty_body")
    try:
        message = _DECODER.decode(content.decode())
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # also of the encoding, and of what is refused below
        raise MalformedRequestError(f"The body is not JSON in UTF-8: {error}.", code="malformed_json") from None
    if not isinstance(message, dict):
        raise MalformedRequestError("The body must be a JSON object.", code="not_an_object")
    if content.count(b"{") + content.count(b"[") > DEEPEST_NESTING:  # else it cannot be too deep
        _check_depth(message)
    if CAN_ESCAPE.search(content):
        _check_text(message)
    return message


def _check_headers(request: HttpRequest) -> None:
    if "HTTP_TRANSFER_ENCODING" in request.META and "CONTENT_LENGTH" not in request.META:
        raise LengthRequired
    if request.content_type != "application/json":
        kind = (request.content_type or "missing")[:80]
        raise MalformedRequestError(
            f"The Content-Type must be application/json; it is {kind}.", code="unsupported_content_type"
        )
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower().replace("_", "-") not in {"utf-8", "utf8"}:
        raise MalformedRequestError(f"The body must be in UTF-8, not in {charset[:40]}.", code="unsupported_content_type")
    given = request.META.get("HTTP_X_REQUEST_ID")
    if given and given != request.META.get(REQUEST_ID, given):
        message = "X-Request-ID must be 1 to 128 printable ASCII characters, so that it can be echoed and kept as it is."
        raise MalformedRequestError(message, code="unusable_request_id")


def structured(message: Any, shape: type[T]) -> T:
    """The message as `shape`. Raises `MalformedRequestError`, which names the part that is missing or of the wrong type."""
    try:
        return msgspec.convert(message, shape)
    except msgspec.ValidationError as error:
        raise _fault_of(str(error)) from None


def _fault_of(text: str) -> MalformedRequestError:
    found = PLACE.match(text)
    fault, place = (found["fault"], found["place"] or "") if found else (text, "")
    if fault.startswith(MISSING):
        name = fault.removeprefix(MISSING).rstrip("`")
        field = f"{place}.{name}".lstrip(".")
        return MalformedRequestError(f"`{field}` is required and missing.", field=field)
    where = f"`{place}`" if place else "The request"
    return MalformedRequestError(f"{where}: {fault[:1].lower()}{fault[1:]}.", field=place or None)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without its nulls, which mean the same as nothing. Raises `ValueError` for a name that stands twice."""
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return {name: value for name, value in pairs if value is not None}


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is beyond the range of a double")
    return number


def _no_such_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number in JSON")


def _check_depth(message: dict[str, Any]) -> None:
    """Level by level, without recursion."""
    level: list[Any] = [message]
    for _ in range(DEEPEST_NESTING):
        parts = (part for item in level for part in (item.values() if isinstance(item, dict) else item))
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise _too_deep()


def _check_text(message: dict[str, Any]) -> None:
    waiting: list[Any] = [message]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and not is_storable(item):
            raise MalformedRequestError(
                "A text in the body contains a NUL or half a surrogate pair, which cannot be stored.", code="bad_text"
            )
        if isinstance(item, dict):
            waiting += item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _too_deep() -> MalformedRequestError:
    return MalformedRequestError(f"The body is nested deeper than {DEEPEST_NESTING} levels.", code="too_deep")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_such_number)
