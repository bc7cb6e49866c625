"""Pages of searches: where a page begins is an opaque token, good for the same question only (AuthZEN 1.0, section 8.2).

A token holds the last entry that was looked at, the `limit`, and a digest of what was asked. There is nothing secret in it and
nothing to gain by making one: whatever a page shows is ruled on again.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from api.authzen.entities import Page
from api.authzen.messages import MalformedRequestError
from catalog.rules.texts import is_storable

USUAL_LIMIT, LARGEST_LIMIT = 50, 500


class _Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    after: str
    limit: int
    asked: str


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Where the page begins (after this entry; empty for the first), and how many entries it may have at most."""

    after: str
    limit: int
    asked: str

    def token_after(self, last: str) -> str:
        """What leads to the page after this one."""
        content = msgspec.json.encode(_Place(last, self.limit, self.asked))
        return base64.urlsafe_b64encode(content).decode().rstrip("=")


def page_wanted(page: Page | None, asked: Any) -> PageWanted:
    """The page of the question `asked` (plain JSON values). Raises `MalformedRequestError` for a token of another question."""
    digest = sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:32]
    limit = page.limit if page else None
    if page is None or not page.token:
        return PageWanted("", min(USUAL_LIMIT if limit is None else limit, LARGEST_LIMIT), digest)
    place = _place_in(page.token)
    is_same = place.asked == digest and (limit is None or min(limit, LARGEST_LIMIT) == place.limit)
    if not is_same or not 0 <= place.limit <= LARGEST_LIMIT:
        message = "`page.token` belongs to another search: with a token, everything else must be as it was asked before."
        raise MalformedRequestError(message, field="page.token", code="invalid_page_token")
    return PageWanted(place.after, place.limit, digest)


def _place_in(token: str) -> _Place:
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(content, type=_Place)
    except (ValueError, msgspec.DecodeError):  # of both of them, and of what is not ASCII
        place = None
    if place is None or not is_storable(place.after):
        message = "`page.token` is not a `next_token` of this address; start again without one."
        raise MalformedRequestError(message, field="page.token", code="invalid_page_token")
    return place
