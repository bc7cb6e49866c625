"""Why answers were a no, counted over the newest of them: what it costs is bounded, however long the log is.

Rows are looked at from the newest backwards, `LOOKED_AT` of them at most, by the primary key of the newest partitions (all
products) or by the index on product and id. Whether a row was a denial is asked after that: were it a condition of the scan, a
week without denials would be read to its beginning. Where the time asked for holds more, the answer says so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

LOOKED_AT = 5_000  # our choice: some 20 ms
PRODUCTS_LOOKED_AT = 100  # our choice, for somebody who owns more

# No condition below the LIMITs but the month: it leaves out whole partitions and passes every row of those that are read.
_THIS_FAR = "asked_at >= date_trunc('month', %(since)s::timestamptz AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
_NEWEST = f"""
SELECT 0 AS source, asked_at, decision, reason_codes FROM (
    SELECT asked_at, decision, reason_codes FROM trust_decision WHERE {_THIS_FAR} ORDER BY id DESC LIMIT %(limit)s
) answered
"""
_NEWEST_OF_PRODUCTS = f"""
SELECT product.id AS source, answered.* FROM unnest(%(reach)s::bigint[]) AS product (id) CROSS JOIN LATERAL (
    SELECT asked_at, decision, reason_codes FROM trust_decision
    WHERE product_id = product.id AND {_THIS_FAR} ORDER BY id DESC LIMIT %(limit)s
) answered
"""
_COUNTED = """
WITH newest AS MATERIALIZED ({newest}),
     within AS (SELECT * FROM newest WHERE asked_at >= %(since)s::timestamptz),
     cut AS (SELECT FROM newest GROUP BY source HAVING count(*) >= %(limit)s AND min(asked_at) >= %(since)s::timestamptz),
     codes AS (
         SELECT code, count(*) AS denials FROM within, LATERAL (SELECT DISTINCT unnest(reason_codes)) AS said (code)
         WHERE NOT decision
         GROUP BY code ORDER BY denials DESC, code LIMIT %(codes)s
     )
SELECT count(*), count(*) FILTER (WHERE NOT decision), EXISTS (SELECT FROM cut),
       (SELECT coalesce(json_agg(json_build_array(code, denials) ORDER BY denials DESC, code), '[]') FROM codes)
FROM within
"""


@dataclass(frozen=True, slots=True)
class Denials:
    """by_code: reason code and how many denials carry it, the most frequent first; one denial may carry several.

    answers: all that were looked at within the time, of which `denied` were a no. is_cut: there may be older ones within it.
    """

    answers: int
    denied: int
    is_cut: bool
    by_code: tuple[tuple[str, int], ...]


def denials_since(since: datetime, reach: Sequence[int] | None, *, codes: int) -> Denials:
    """The denials from `since` on, about all products or those in `reach`, and the `codes` most frequent reasons. One query."""
    if reach is not None and not reach:
        return Denials(0, 0, False, ())
    chosen = None if reach is None else list(reach[:PRODUCTS_LOOKED_AT])
    limit = LOOKED_AT if chosen is None else LOOKED_AT // len(chosen)
    statement = _COUNTED.format(newest=_NEWEST if chosen is None else _NEWEST_OF_PRODUCTS)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": since, "limit": limit, "codes": codes, "reach": chosen})
        answers, denied, is_cut, counted = cursor.fetchone()
    is_cut = is_cut or (chosen is not None and len(chosen) < len(reach or ()))
    return Denials(answers, denied, is_cut, tuple((code, count) for code, count in _list(counted)))


def _list(value: Any) -> list[Any]:
    """Django reads JSON columns only; a JSON value of a statement may come as text."""
    found: list[Any] = json.loads(value) if isinstance(value, str) else value
    return found
