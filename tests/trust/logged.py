"""Rows of the log of answers for tests that only read it: plausible, but not given by the code that answers."""

import json
from datetime import datetime
from itertools import count
from typing import Any

from django.db import connection

from catalog.models import Consumer, DataProduct, Person
from catalog.rules.vocabulary import ConsumerKind
from tests.factories import NOW, make_person
from trust.models import Decision

_numbers = count(1)


def make_agent(slug: str | None = None, *, owner: Person | None = None, **columns: Any) -> Consumer:
    """An active AI agent, cleared for `internal`."""
    slug = slug or f"agent-{next(_numbers)}"
    return Consumer.objects.create(
        **{"slug": slug, "name": slug, "kind": ConsumerKind.AI_AGENT, "owner": owner or make_person(), **columns}
    )


def log_decision(product: DataProduct, consumer: Consumer, asked_at: datetime = NOW, **columns: Any) -> Decision:
    """One logged answer: a yes for `analytics` unless `columns` say otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('trust_decision_id_seq')")
        decision_id: int = cursor.fetchone()[0]
    is_yes = columns.get("decision", True)
    defaults: dict[str, Any] = {
        "channel": "trust",
        "subject": consumer.slug,
        "asker": consumer.slug,
        "product_slug": product.slug,
        "purpose": "analytics",
        "decision": is_yes,
        "production_grade": is_yes,
        "verdict": "production_grade" if is_yes else "not_production_grade",
        "score": 90.0 if is_yes else 59.0,
        "reason_codes": [] if is_yes else ["critical_check_failed"],
        "request_id": f"request-{decision_id}",
        "latency_us": 700,
        "answer": json.dumps({"decision_id": decision_id, "decision": is_yes, "product": product.slug}),
    }
    return Decision.objects.create(
        id=decision_id, asked_at=asked_at, consumer=consumer, product=product, **{**defaults, **columns}
    )
