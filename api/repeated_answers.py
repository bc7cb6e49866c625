"""Answers a question that was answered before without the views: `trust.decisions.services.decision_cache` over HTTP.

A middleware ahead of sessions, messages and history, of which such an answer needs nothing. Whatever is out of the ordinary
(an unknown key, a refusal, a signed answer, a first time) is passed on to the view, which answers or says what is wrong.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from rest_framework.exceptions import APIException

from api.authentication import record_use
from api.authzen import evaluation
from api.bodies import json_answer
from api.problems import ARRIVED, REQUEST_ID
from api.signed import wants_signed
from api.throttling import ADMITTED, admit, is_learned, learn
from api.v1.rendering import MOST_PRODUCTS, batch_body
from catalog.rules.errors import DomainError
from catalog.services.api_keys import KEY_FORM, digest_of
from trust.decisions.rules.question import Question
from trust.decisions.services.decision_cache import answer_again
from trust.vocabulary import DecisionChannel

TRUST = re.compile(r"/api/v1/products/([-a-zA-Z0-9_]{1,80})/trust")
ONLY_PURPOSE = re.compile(r"(?:purpose=([A-Za-z0-9._-]{1,80}))?")
CHECK = "/api/v1/trust/check"
LONGEST_CHECK = 128 * 1024  # 500 slugs have 43 KB at most

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Check(msgspec.Struct, forbid_unknown_fields=True):
    """A batch check without conditions of its own."""

    products: Annotated[list[_Word], msgspec.Meta(min_length=1, max_length=MOST_PRODUCTS)]
    purpose: _Word | msgspec.UnsetType = msgspec.UNSET
    use_case: _Word | msgspec.UnsetType = msgspec.UNSET


_CHECK = msgspec.json.Decoder(_Check)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks, and how the texts of the answers become a body."""

    channel: DecisionChannel
    questions: Sequence[Question]
    body: Callable[[Sequence[str]], str] = "".join


class RepeatedAnswerMiddleware:
    """The logged answers, as of now, where all were given before and still hold; passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return repeated_answer(request) or self.get_response(request)


def repeated_answer(request: HttpRequest) -> HttpResponse | None:
    read = _reader_of(request)
    if read is None:
        return None
    request.get_host()  # raises for a host that is not ours, as `CommonMiddleware` would
    digest = _admitted_digest(request)
    if digest is None:
        return None
    try:
        asked = read(request)
    except (DomainError, APIException, RequestDataTooBig, UnreadablePostError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    meta = request.META
    found = answer_again(digest, asked.channel, asked.questions, request_id=meta[REQUEST_ID], arrived_ns=meta[ARRIVED])
    if found is None:
        return None
    learn(digest, found.requests_per_minute, is_charged=False)
    if found.is_use_due:
        record_use(found.key_id, timezone.now())
    return json_answer(asked.body(found.texts))


def _reader_of(request: HttpRequest) -> Callable[[HttpRequest], Asked] | None:
    """What reads the questions of a request to one of the addresses that answer."""
    query, path = request.META.get("QUERY_STRING", ""), request.path_info
    if request.method == "GET":
        product, purpose = TRUST.fullmatch(path), ONLY_PURPOSE.fullmatch(query)
        if product is None or purpose is None or wants_signed(request.META.get("HTTP_ACCEPT", "")):
            return None
        question = Question(product[1], purpose=purpose[1])
        return lambda _: Asked(DecisionChannel.TRUST, [question])
    if request.method != "POST" or query:
        return None
    if path == evaluation.PATH:
        return lambda request: Asked(DecisionChannel.EVALUATION, [evaluation.question_in(request)])
    length = request.META.get("CONTENT_LENGTH") or ""
    is_check = path == CHECK and request.content_type == "application/json" and length.isascii() and length.isdigit()
    return _read_check if is_check and int(length) <= LONGEST_CHECK else None


def _read_check(request: HttpRequest) -> Asked:
    check = _CHECK.decode(request.body)
    purpose, use_case = (word or None for word in (check.purpose, check.use_case))
    questions = [Question(slug, purpose=purpose, use_case=use_case) for slug in check.products]
    return Asked(DecisionChannel.CHECK, questions, batch_body)


def _admitted_digest(request: HttpRequest) -> str | None:
    """The digest of the key, counted against its limit; None where the view must learn it, or refuse it."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not KEY_FORM.fullmatch(key):
        return None
    digest = digest_of(key)
    if not is_learned(digest) or (request.META.get(ADMITTED) != digest and admit(digest)):
        return None
    request.META[ADMITTED] = digest
    return digest
