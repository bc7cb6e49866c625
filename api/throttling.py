"""Rate limits of API keys: how many requests a key may make in a minute, counted over all processes.

A minute is one of the clock's, so that processes agree on it without asking each other. The count of a key in a minute lies in
Valkey, and a process takes a handful of requests from it at a time: those are then let through without another word to Valkey.
What a process took and did not use is lost to the others, at most a 64th of the limit each; never is more let through than the
limit. Where Valkey cannot be reached each process counts by itself, and tries Valkey again some seconds later.

`admit` and `learn` know nothing of the database or of HTTP. A key's limit is learned whenever a request of it was answered.
"""

import logging
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

ADMITTED = "touchstone.admitted"
"""In a request's META: the digest that `admit` was already asked about for this request, which then is not counted twice."""
MOST_KEYS = 20_000
WINDOW_SECONDS = 60
SHARE_TAKEN_AT_ONCE = 64
LARGEST_SHARE = 1000
VALKEY_SECONDS = 0.25
RETRY_SECONDS = 5.0


@dataclass(slots=True)
class _Allowance:
    """What this process knows of one key. held: requests taken from the count and not used. spent: let through in `window`."""

    limit: int
    window: int = 0
    held: int = 0
    spent: int = 0
    is_exhausted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Allowances:
    """The keys that this process has met, the latest last; the oldest go where there are too many."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Allowance] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str) -> _Allowance | None:
        with self._lock:
            allowance = self._known.get(digest)
            if allowance is not None:
                self._known.move_to_end(digest)
            return allowance

    def add(self, digest: str, limit: int) -> tuple[_Allowance, bool]:
        """The key's allowance, and whether it is new."""
        with self._lock:
            is_new = digest not in self._known
            allowance = self._known.setdefault(digest, _Allowance(limit))
            while len(self._known) > MOST_KEYS:
                self._known.popitem(last=False)
            return allowance, is_new

    def __len__(self) -> int:
        return len(self._known)


class _SharedCount:
    """The counts in Valkey."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._is_away_until = 0.0

    def take(self, digest: str, window: int, wanted: int, limit: int) -> int | None:
        """How many of the `wanted` requests are left within `limit`, and now taken; None where Valkey cannot be reached.

        Adding comes before looking, so that two processes never take the same request.
        """
        if time.monotonic() < self._is_away_until:
            return None
        name = f"touchstone:requests:{digest[:32]}:{window}"
        try:
            with self._connected().pipeline(transaction=True) as pipeline:
                pipeline.incrby(name, wanted)
                pipeline.expire(name, 2 * WINDOW_SECONDS)
                after = int(pipeline.execute()[0])
        except (redis.RedisError, OSError, ValueError) as error:
            self._is_away_until = time.monotonic() + RETRY_SECONDS
            # Not the error's text: it may hold the address.
            log.warning("Valkey does not count requests (%s): each process limits its keys by itself.", type(error).__name__)
            return None
        return max(0, min(wanted, limit - (after - wanted)))

    def _connected(self) -> redis.Redis:
        if self._client is None:
            self._client = redis.Redis.from_url(
                settings.TOUCHSTONE.redis_url.get_secret_value(),
                socket_connect_timeout=VALKEY_SECONDS,
                socket_timeout=VALKEY_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        return self._client


_allowances = _Allowances()
_shared = _SharedCount()


def admit(digest: str) -> float | None:
    """None: the request may go on, and is counted. Else how many seconds to wait, more than 0 and at most 60.

    digest: SHA-256 of the key, as hex. One that this process has not learned goes on uncounted: whether there is such a key is
    for the database to say, and whoever asked it calls `learn`. Costs 2 to 6 microseconds, words to Valkey included.
    """
    allowance = _allowances.get(digest)
    if allowance is None:
        return None
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    with allowance.lock:
        if _takes_one(allowance, digest, window):
            return None
    return (window + 1) * WINDOW_SECONDS - now


def learn(digest: str, requests_per_minute: int | None, *, is_charged: bool = True) -> None:
    """Keep the limit of a key that the database has just named; None: the installation's default.

    To be called whenever a request was answered, so that a limit that has changed holds from the next request on. A request
    that went on because its key was not known here yet is counted now, unless not `is_charged`.
    """
    limit = requests_per_minute or settings.TOUCHSTONE.key_requests_per_minute
    allowance, is_new = _allowances.add(digest, limit)
    if allowance.limit != limit:
        with allowance.lock:
            allowance.limit, allowance.held, allowance.is_exhausted = limit, 0, False
    if is_new and is_charged:
        admit(digest)


def is_learned(digest: str) -> bool:
    """Whether `admit` counts requests of this key already. Repeated answers leave the first one to the view."""
    return _allowances.get(digest) is not None


def _takes_one(allowance: _Allowance, digest: str, window: int) -> bool:
    """Whether one request was left in this window, taken with it. The allowance's lock is held."""
    if allowance.window != window:
        allowance.window, allowance.held, allowance.spent, allowance.is_exhausted = window, 0, 0, False
    if allowance.is_exhausted:
        return False
    if not allowance.held:
        allowance.held = _take_share(allowance, digest, window)
    if not allowance.held:
        allowance.is_exhausted = True
        return False
    allowance.held -= 1
    allowance.spent += 1
    return True


def _take_share(allowance: _Allowance, digest: str, window: int) -> int:
    wanted = min(LARGEST_SHARE, math.ceil(allowance.limit / SHARE_TAKEN_AT_ONCE))
    granted = _shared.take(digest, window, wanted, allowance.limit)
    return max(0, min(wanted, allowance.limit - allowance.spent)) if granted is None else granted
