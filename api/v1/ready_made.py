"""The short way to a trust answer: one statement finds the key and the stored answer, and nothing of DRF runs.

It only ever says yes to the ordinary case: a good key, a product that is no draft, a verdict that stands. Whatever else is the
case, it finds no row, and the ordinary way answers: with a judgement, a refusal, or a 404.
"""

from datetime import datetime

import msgspec
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse

from api.access.keys import KEY_FORM, digest_of
from api.authentication import record_use
from trust.queries import served_answer

# Every condition that `ApiKeyAuthentication`, `HasScope`, `visible_products` and `ensure_current` ask for, in one statement.
STATEMENT = """
SELECT k.id, k.last_used_at IS NULL OR k.last_used_at < statement_timestamp() - interval '1 minute',
       statement_timestamp(), c.body
FROM api_apikey k
JOIN catalog_dataproduct d ON d.slug = %s AND d.lifecycle <> 'draft'
JOIN trust_currentverdict c ON c.product_id = d.id
    AND NOT c.invalidated AND c.valid_until > statement_timestamp() AND c.verdict_row_id IS NOT NULL
WHERE k.digest = %s AND NOT k.is_blocked AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())
    AND k.scopes && ARRAY['trust:read', 'admin']::varchar[]
"""

Row = tuple[int, bool, datetime, str]
"""Id of the key, whether its last use is to be written, the database's clock, the stored body."""


def ready_made_answer(request: HttpRequest, slug: str) -> HttpResponse | None:
    """The stored answer, as of now; None where the ordinary way must be taken."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if request.method not in {"GET", "HEAD"} or request.META.get("QUERY_STRING") or scheme.lower() != "bearer":
        return None
    if not KEY_FORM.fullmatch(key):
        return None
    found = _find(slug, digest_of(key))
    if found is None:
        return None
    key_id, is_use_due, now, body = found
    if is_use_due:
        record_use(key_id, now)
    content = msgspec.json.encode(served_answer(body.encode(), now))
    return HttpResponse(content, content_type="application/json", headers={"Cache-Control": "no-store"})


def _find(slug: str, digest: str) -> Row | None:
    """The row, or None also where the connection broke: the ordinary way then connects anew.

    Django would ask `SELECT 1` first, to see whether a kept connection still lives: half of the time that this takes. Here the
    statement itself finds out.
    """
    connection.ensure_connection()
    connection.health_check_done = True  # type: ignore[attr-defined]  # django-stubs does not know it
    try:
        return _find_row(slug, digest)
    except (OperationalError, InterfaceError):
        connection.close()
        return None


def _find_row(slug: str, digest: str) -> Row | None:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [slug, digest])
        row: Row | None = cursor.fetchone()
        return row
