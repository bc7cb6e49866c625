"""The short way to many trust answers: one statement checks the key, finds the stored answers and logs all decisions.

As `api.v1.fast_path` it only ever answers the ordinary case; where one product is a draft or has to be judged first, it finds
nothing and the ordinary way answers all.
"""

from time import perf_counter_ns
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse

from api.access.asking import admitted_digest, note_use
from api.problems import ARRIVED, REQUEST_ID
from api.v1.fast_path import json_answer
from trust.decisions.queries.clauses import CURRENT_VERDICT, FILLED, GOOD_KEY, TAKEN_US, USE_IS_DUE
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules import denials
from trust.decisions.rules.comparison import WORDING_VERSION
from trust.verdicts.rules.answer import DECISION_ID_MARK, worded

MOST_PRODUCTS = 500
LONGEST_BODY = 128 * 1024  # of the short way: 500 slugs have 43 KB at most
_SLUG = "\x04"
UNKNOWN = worded(
    {
        "decision_id": DECISION_ID_MARK,
        "decision": False,
        "product": _SLUG,
        "is_production_grade": False,
        "verdict": "unknown",
        "reasons": [msgspec.to_builtins(denials.product_unknown(_SLUG))],
    }
).replace("\\u0004", _SLUG)
"""What is answered about a product that there is not; the mark stands for its slug."""

STATEMENT = Statement(
    "check_answers",
    f"""
    WITH asker AS MATERIALIZED (
        SELECT k.id, k.consumer_id, s.slug, k.requests_per_minute,
               {USE_IS_DUE} AS is_use_due
        FROM catalog_apikey k JOIN catalog_consumer s ON s.id = k.consumer_id
        WHERE k.digest = %s AND {GOOD_KEY}
            AND k.scopes && ARRAY['trust:read', 'admin']::varchar[]
        FOR SHARE OF k
    ), given AS (
        SELECT %s::json AS products, %s::text AS unknown, %s::text AS request_id, %s::bigint AS elapsed_us
    ), asked AS MATERIALIZED (
        SELECT a.n, a.product, d.id AS product_id, d.lifecycle, {CURRENT_VERDICT} AS is_current, c.verdict,
               c.effective_score, c.verdict_row_id, c.valid_until, c.reason_codes, c.basis, c.evidence_at,
               greatest(statement_timestamp(), c.judged_at) AS as_of,
               coalesce(c.body, replace(given.unknown, chr(4), a.product)) AS body
        FROM given, json_array_elements_text(given.products) WITH ORDINALITY AS a(product, n)
        LEFT JOIN catalog_dataproduct d ON d.slug = a.product
        LEFT JOIN trust_currentverdict c ON c.product_id = d.id
    ), found AS MATERIALIZED (
        SELECT nextval('trust_decision_id_seq') AS decision_id, ordered.*
        FROM (SELECT * FROM asker, asked WHERE NOT EXISTS (
            SELECT 1 FROM asked a WHERE a.product_id IS NOT NULL AND (a.lifecycle = 'draft' OR a.is_current IS NOT TRUE))
            ORDER BY asked.n) ordered
    ), written AS (
        INSERT INTO trust_decision (id, asked_at, channel, consumer_id, subject, asker, key_id, product_id, product_slug,
            decision, production_grade, verdict, score, verdict_row_id, valid_until, reason_codes, basis, request_id,
            latency_us, wording_version, answer)
        SELECT decision_id, statement_timestamp(), 'check', consumer_id, slug, slug, id, product_id, product,
            coalesce(verdict = 'production_grade', false), coalesce(verdict = 'production_grade', false),
            coalesce(verdict, 'unknown'), effective_score, verdict_row_id, valid_until,
            coalesce(reason_codes, ARRAY['product_unknown']), basis, given.request_id,
            given.elapsed_us + {TAKEN_US}, {WORDING_VERSION},
            {FILLED.format(text="body")}
        FROM found, given RETURNING id, answer
    )
    SELECT (SELECT string_agg(answer, ',' ORDER BY id) FROM written), id::text, is_use_due::text, requests_per_minute::text
    FROM asker
    """,
)


class BatchCheck(msgspec.Struct, forbid_unknown_fields=True):
    """What the short way understands: products, and what is asked about each."""

    products: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"^[-a-zA-Z0-9_]{1,80}\Z")]],
        msgspec.Meta(min_length=1, max_length=MOST_PRODUCTS),
    ]


_DECODER = msgspec.json.Decoder(BatchCheck)


def ready_made_answers(request: HttpRequest) -> HttpResponse | None:
    """The stored answers, as of now and logged; None where the ordinary way must be taken."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if request.method != "POST" or request.META.get("QUERY_STRING") or request.content_type != "application/json":
        return None
    if not (length.isascii() and length.isdigit() and int(length) <= LONGEST_BODY):
        return None
    digest = admitted_digest(request)
    if digest is None:
        return None
    try:
        check = _DECODER.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the ordinary way reads more, and says what is wrong
    meta = request.META
    products = msgspec.json.encode(check.products).decode()
    elapsed_us = str((perf_counter_ns() - meta[ARRIVED]) // 1000)
    rows = STATEMENT.rows_if_connected(digest, products, UNKNOWN, meta[REQUEST_ID], elapsed_us)
    if not rows or rows[0][0] is None:
        return None
    answers, key_id, is_use_due, limit = rows[0]
    note_use(digest, key_id, limit, is_use_due)
    return json_answer(f'{{"results":[{answers}]}}'.encode())
