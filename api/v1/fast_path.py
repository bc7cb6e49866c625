"""The short way to a trust answer: one prepared statement checks the key, finds the stored answer and logs the decision.

It only ever answers the ordinary case: a good key, a product that is no draft, a verdict that stands. Whatever else is the
case, it finds no row, and the ordinary way answers: with a judgement, a refusal, or a 404. It runs as a middleware ahead of
sessions, messages and history, of which such an answer needs nothing.

The key's row is locked, shared, until the decision is committed: whoever takes the key's power waits for the answer, or the
answer waits, looks at the row again, and is not given.
"""

import re
from collections.abc import Callable
from time import perf_counter_ns

from django.http import HttpRequest, HttpResponse

from api.access.asking import admitted_digest, note_use
from api.problems import ARRIVED, REQUEST_ID
from api.signed import wants_signed
from trust.decisions.queries.clauses import CURRENT_VERDICT, FILLED, GOOD_KEY, TAKEN_US, USE_IS_DUE
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules.comparison import WORDING_VERSION

ADDRESS = re.compile(r"/api/v1/products/([-a-zA-Z0-9_]+)/trust")

# Every condition that `ApiKeyAuthentication`, `HasScope`, `visible_products` and `ensure_current` ask for, in one statement.
# The marks are those of `trust.verdicts.rules.answer`.
STATEMENT = Statement(
    "trust_answer",
    f"""
    WITH asker AS MATERIALIZED (
        SELECT k.id, k.consumer_id, s.slug, k.requests_per_minute,
               {USE_IS_DUE} AS is_use_due
        FROM catalog_apikey k JOIN catalog_consumer s ON s.id = k.consumer_id
        WHERE k.digest = %s::text AND {GOOD_KEY}
            AND k.scopes && ARRAY['trust:read', 'admin']::varchar[]
        FOR SHARE OF k
    ), found AS MATERIALIZED (
        SELECT nextval('trust_decision_id_seq') AS decision_id, asker.*, d.id AS product_id, d.slug AS product, c.verdict,
               c.effective_score, c.verdict_row_id, c.valid_until, c.reason_codes, c.basis, c.evidence_at, c.body,
               greatest(statement_timestamp(), c.judged_at) AS as_of
        FROM asker, catalog_dataproduct d JOIN trust_currentverdict c ON c.product_id = d.id
        WHERE d.slug = %s::text AND d.lifecycle <> 'draft' AND {CURRENT_VERDICT}
    ), written AS (
        INSERT INTO trust_decision (id, asked_at, channel, consumer_id, subject, asker, key_id, product_id, product_slug,
            decision, production_grade, verdict, score, verdict_row_id, valid_until, reason_codes, basis, request_id,
            latency_us, wording_version, answer)
        SELECT decision_id, statement_timestamp(), 'trust', consumer_id, slug, slug, id, product_id, product,
            verdict = 'production_grade', verdict = 'production_grade', verdict, effective_score, verdict_row_id, valid_until,
            reason_codes, basis, %s::text,
            %s::bigint + {TAKEN_US}, {WORDING_VERSION},
            {FILLED.format(text="body")}
        FROM found RETURNING answer
    )
    SELECT written.answer, found.id::text, found.is_use_due::text, found.requests_per_minute::text FROM written, found
    """,
)


class ReadyMadeMiddleware:
    """Answers `GET /api/v1/products/{slug}/trust` without a query, where a stored answer stands; passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return ready_made_answer(request) or self.get_response(request)


def ready_made_answer(request: HttpRequest) -> HttpResponse | None:
    """The stored answer, as of now and logged; None where the ordinary way must be taken."""
    if request.method != "GET" or request.META.get("QUERY_STRING"):
        return None
    address = ADDRESS.fullmatch(request.path_info)
    if address is None or wants_signed(request.META.get("HTTP_ACCEPT", "")):
        return None
    request.get_host()  # raises for a host that is not ours, as `CommonMiddleware` would
    digest = admitted_digest(request)
    if digest is None:
        return None
    meta = request.META
    elapsed_us = (perf_counter_ns() - meta[ARRIVED]) // 1000
    rows = STATEMENT.rows_if_connected(digest, address[1], meta[REQUEST_ID], str(elapsed_us))
    if not rows:
        return None
    answer, key_id, is_use_due, limit = rows[0]
    note_use(digest, key_id, limit, is_use_due)
    return json_answer((answer or "").encode())


def json_answer(content: bytes) -> HttpResponse:
    """A logged answer as it goes out, with what the middleware behind would have added."""
    response = HttpResponse(content, content_type="application/json")
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["Content-Length"] = str(len(content))
    headers["X-Frame-Options"] = "DENY"
    return response
