"""POST /access/v1/search/...: for whom, for what and to what end there would be a yes (AuthZEN 1.0, section 8).

A page is the work of one bounded part of the candidates, so it may hold fewer entries than `limit`, even none, and still lead
on: the end is an empty `next_token`. Each page is one row in the log. What is found is no decision: ask before use.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from msgspec.structs import replace
from rest_framework.exceptions import PermissionDenied

from api.authzen.callers import Caller, answers_callers
from api.authzen.entities import Action, ActionSearch, Page, ResourceSearch, Subject, SubjectSearch
from api.authzen.messages import read_message, structured
from api.authzen.pages import PageWanted, page_wanted
from api.authzen.questions import CONSUME, DATA_PRODUCT, purpose_in, refusal_of, with_context, with_kind
from api.authzen.rendering import without_nulls
from api.bodies import json_answer
from trust.decisions.rules import denials
from trust.decisions.rules.question import Question
from trust.decisions.services.search import Found, SearchKind, search
from trust.verdicts.rules.answer import DECISION_ID_MARK

Show = Callable[[str], dict[str, Any]]


@answers_callers
def search_resources(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Which data products may this subject consume for this purpose now?"""
    message = read_message(request)
    asked = structured(message, ResourceSearch)
    question = _about(asked.subject, caller, product="", resource_type=asked.resource.type, action=asked.action)
    question = _for_purpose(question, asked.action, asked.context)
    return _page(message, asked.page, caller, SearchKind.PRODUCTS, question, lambda slug: {"type": DATA_PRODUCT, "id": slug})


@answers_callers
def search_subjects(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Which consumers of this type may consume this data product for this purpose now?"""
    message = read_message(request)
    asked = structured(message, SubjectSearch)
    if not caller.may_ask_about_others:
        text = f"Consumer {caller.asker.slug} may not ask which consumers there are: it is no enforcement point."
        raise PermissionDenied(text, "subject_not_asker")
    kind = asked.subject.type
    refusal = refusal_of(kind, asked.resource.type, asked.action.name)
    question = Question(product=asked.resource.id, action=asked.action.name, refusal=refusal)
    question = _for_purpose(with_kind(question, kind), asked.action, asked.context)
    return _page(message, asked.page, caller, SearchKind.SUBJECTS, question, lambda slug: {"type": kind, "id": slug})


@answers_callers
def search_actions(request: HttpRequest, caller: Caller) -> HttpResponse:
    """To what end may this subject consume this data product now? `consume` with each purpose that would be permitted."""
    message = read_message(request)
    asked = structured(message, ActionSearch)
    context = asked.context or {}
    question = _about(asked.subject, caller, product=asked.resource.id, resource_type=asked.resource.type)
    question = with_context(replace(question, purpose=purpose_in(None, context)), context)
    return _page(
        message,
        asked.page,
        caller,
        SearchKind.PURPOSES,
        question,
        lambda name: {"name": CONSUME, "properties": {"purpose": name}},
    )


def _about(subject: Subject, caller: Caller, *, product: str, resource_type: str, action: Action | None = None) -> Question:
    name = action.name if action else CONSUME
    refusal = refusal_of(subject.type, resource_type, name)
    if refusal is None and not caller.may_ask_about(subject.id):
        refusal = denials.subject_not_asker(subject.id, caller.asker.slug)
    question = Question(product=product, subject=subject.id, action=name, refusal=refusal)
    return with_kind(question, subject.type)


def _for_purpose(question: Question, action: Action, context: Mapping[str, Any] | None) -> Question:
    question = with_context(replace(question, purpose=purpose_in(action, context or {})), context or {})
    is_lacking = question.purpose is None and question.refusal is None
    return replace(question, refusal=denials.purpose_missing()) if is_lacking else question


def _page(
    message: Mapping[str, Any], page: Page | None, caller: Caller, sought: SearchKind, question: Question, show: Show
) -> HttpResponse:
    wanted = page_wanted(page, [sought, {name: message.get(name) for name in ("subject", "action", "resource", "context")}])
    answered = search(
        asker=caller.asker,
        sought=sought,
        question=question,
        after=wanted.after,
        limit=wanted.limit,
        word=lambda found: _worded(found, wanted, show),
        now=caller.now,
    )
    return json_answer(answered.body)


def _worded(found: Found, wanted: PageWanted, show: Show) -> dict[str, Any]:
    """The page first, as the standard recommends; then where it is logged, and why it is empty where one word was wrong."""
    token = "" if found.next_after is None else wanted.token_after(found.next_after)
    context: dict[str, Any] = {"decision_id": DECISION_ID_MARK}
    if found.reasons:
        context["reasons"] = without_nulls(found.reasons)
    return {
        "page": {"next_token": token, "count": len(found.names)},
        "context": context,
        "results": [show(name) for name in found.names],
    }
