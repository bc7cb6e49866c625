"""Bodies of requests: read within limits, so that no body can exhaust memory, the stack, or what PostgreSQL can store.

And that of a logged answer, which goes out byte for byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import msgspec
from django.http import HttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from api.errors import PayloadTooLarge
from catalog.rules.texts import is_storable

LONGEST_BODY = 2 * 1024 * 1024
DEEPEST_NESTING = 32


def json_answer(text: str) -> HttpResponse:
    """A logged answer as it goes out, with what a middleware behind that of repeated answers would have added."""
    content = text.encode()
    headers = {"Cache-Control": "no-store", "Content-Length": str(len(content)), "X-Frame-Options": "DENY"}
    return HttpResponse(content, content_type="application/json", headers=headers)


def read_bounded(stream: IO[bytes], context: Mapping[str, Any] | None) -> bytes:
    """The whole body, at most `LONGEST_BODY` bytes. Raises `PayloadTooLarge`, before reading where the length is declared."""
    declared = ((context or {}).get("request") and context["request"].META.get("CONTENT_LENGTH")) if context else None
    too_large = PayloadTooLarge(f"The body is longer than {LONGEST_BODY} bytes, the most that is read.")
    if declared and str(declared).isdigit() and int(declared) > LONGEST_BODY:
        raise too_large
    content = stream.read(LONGEST_BODY + 1)
    if len(content) > LONGEST_BODY:
        raise too_large
    return content


def check_storable(value: Any) -> None:
    """Walk plain JSON without recursion. Raises `ParseError` for nesting or text that cannot be stored."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST_NESTING:
            raise ParseError(f"The body is nested deeper than {DEEPEST_NESTING} levels.", "too_deep")
        if isinstance(item, str):
            if not is_storable(item):
                raise ParseError(
                    "A text in the body contains a NUL or half a surrogate pair, which cannot be stored.", "bad_text"
                )
        elif isinstance(item, dict):
            waiting.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            waiting.extend((part, depth + 1) for part in item)


class JsonBody(BaseParser):
    """`application/json` in UTF-8: strict (no NaN), bounded in size and depth."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        content = read_bounded(stream, parser_context)
        try:
            value = msgspec.json.decode(content)
        except RecursionError:
            raise ParseError(f"The body is nested deeper than {DEEPEST_NESTING} levels.", "too_deep") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ParseError(f"The body is not JSON in UTF-8: {error}.", "malformed_json") from None
        check_storable(value)
        return value


@dataclass(frozen=True, slots=True)
class Document:
    """A body that is kept byte for byte."""

    content: bytes


class DocumentBody(BaseParser):
    """The bytes as they came; whoever asked for them parses them."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """A `Document`."""
        return Document(read_bounded(stream, parser_context))


class YamlDocument(DocumentBody):
    media_type = "application/yaml"


class OldYamlDocument(DocumentBody):
    media_type = "application/x-yaml"


class JsonDocument(DocumentBody):
    media_type = "application/json"
