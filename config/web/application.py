"""The RSGI application that granian serves.

A request waits in the event loop until its body is there, within `BODY_SECONDS` and `LONGEST_BODY`; only then a thread of the
pool takes it and runs Django's WSGI handler. So a client that sends slowly, or nothing, occupies no thread. A key is looked at
before its body: without one nothing is read, and with one the body is read while it arrives at once; otherwise a thread looks
the key up first. `/healthz` is answered by the event loop and `/readyz` by a thread of its own, also while all others are busy.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from config.celery import limit_sending
from config.postgresql.limits import use, web_limits
from config.web.environ import Connection, Headers, Scope, Transport, environ_of
from config.web.limits import (
    AT_ONCE_SECONDS,
    BODY_SECONDS,
    EXPIRY_SECONDS,
    LARGEST_WHOLE_ANSWER,
    LINGER_SECONDS,
    MOST_ARRIVING,
    MOST_FILES,
    PIECE_SECONDS,
    STOP_SECONDS,
    STREAMS,
)
from config.web.pool import Pool
from config.web.watch import Watch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  after the set-up

from api.access import early_refusals  # noqa: E402
from trust.checks import its_own_address_is_known, the_proxy_is_known  # noqa: E402

log = logging.getLogger(__name__)
Handler = Callable[[dict[str, Any], Any], HttpResponseBase]
"""A WSGI application whose answers are Django's."""

LONGEST_BODY = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
"""A declared longer body is not read; Django's handler refuses it by its length."""
ALIVE = "/healthz"
"""Waits for nothing, so that the event loop answers it itself: it says that the loop turns, however busy the threads are."""
PROBES = {ALIVE, "/readyz"}


class _BrokenOffError(Exception):
    """The client went away inside its body."""


class _TooMuchError(Exception):
    """All bodies that are arriving hold more than `MOST_ARRIVING` bytes together."""


@dataclass(slots=True)
class _Request:
    """One request on its way. is_unread: it has a body that was not read, so that the connection ends with the answer."""

    environ: dict[str, Any]
    connection: Connection
    answered: asyncio.Future[None]
    is_unread: bool = False

    @property
    def length(self) -> int:
        declared = self.environ.get("CONTENT_LENGTH", "")
        return int(declared) if declared.isascii() and declared.isdigit() else 0

    @property
    def has_body(self) -> bool:
        return bool(self.length) or "HTTP_TRANSFER_ENCODING" in self.environ

    def send(self, response: HttpResponseBase, *, is_last: bool = False) -> None:
        """Hand the answer over to granian, which sends it without any of our threads. is_last: end the connection after it."""
        headers = _headers_of(response)
        if is_last:
            headers.append(("connection", "close"))
        self.connection.response_bytes(response.status_code, headers, b"".join(response))


class _Look:
    """A thread's look at the caller of a request whose body has not arrived at once. A refusal ends the reading of the body."""

    def __init__(self, pool: Pool, request: _Request) -> None:
        self.pool, self.request = pool, request
        self.loop = asyncio.get_running_loop()
        self.reading = asyncio.current_task()
        self.result: asyncio.Future[bool] | None = None
        self.timer = self.loop.call_later(AT_ONCE_SECONDS, self._begin)

    @property
    def has_refused(self) -> bool:
        return self.result is not None and self.result.done() and self.result.result()

    async def refusal_after_all(self) -> bool:
        """The body is there: whether a look that has begun nevertheless ends with a refusal."""
        self.stop()
        return self.result is not None and await self.result

    def stop(self) -> None:
        self.timer.cancel()
        self.reading = None

    def _begin(self) -> None:
        self.result = self.loop.create_future()
        self.pool.submit(partial(self._judge, self.result), partial(self._give_up, self.result))

    def _judge(self, result: asyncio.Future[bool]) -> None:
        """In a thread."""
        is_refused = True
        try:
            response = early_refusals.refusal_of(self.request.environ)
            is_refused = response is not None
            if response is not None:
                self.request.send(response, is_last=True)
        finally:
            self.loop.call_soon_threadsafe(self._report, result, is_refused)

    def _give_up(self, result: asyncio.Future[bool]) -> None:
        """In the event loop: no thread was free in time."""
        self.request.send(early_refusals.overloaded(self.request.environ), is_last=True)
        self._report(result, True)

    def _report(self, result: asyncio.Future[bool], is_refused: bool) -> None:
        _set(result, is_refused)
        if is_refused and self.reading is not None:
            self.reading.cancel()


class Application:
    """One in each process."""

    def __init__(self, threads: int, handler: Handler) -> None:
        self.threads, self.handler = threads, handler
        self.patience_seconds = settings.TOUCHSTONE.web_statement_seconds / 2
        self.arriving = 0
        self.done: deque[asyncio.Future[None]] = deque()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.answers = Pool("answers", self.threads)
        self.streams = Pool("streams", STREAMS)
        self.probes = {path: Pool(f"probe{path.replace('/', '-')}", 1) for path in PROBES - {ALIVE}}
        loop.call_soon(self._look_after)
        self.watch = Watch(loop)
        loop.call_soon(self.watch.start)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.watch.stop()
        self.answers.close(STOP_SECONDS)

    async def __rsgi__(self, scope: Scope, connection: Connection) -> None:
        self._resolve()
        request = _Request(environ_of(scope), connection, self.loop.create_future())
        length = request.length
        # What is longer, or has nothing that could be a key, the handler refuses whatever it holds.
        is_read = 0 < length <= LONGEST_BODY and scope.path not in PROBES and not early_refusals.is_hopeless(request.environ)
        if is_read and not await self._take_body(request):
            return
        request.is_unread = not is_read and request.has_body
        if scope.path == ALIVE:
            self._answer(request)
            self._resolve()
        else:
            pool = self.probes.get(scope.path, self.answers)
            pool.submit(partial(self._answer, request), partial(self._give_up, request))
        # No wake-up of the event loop for each answer: `_resolve` ends what is answered when the next request comes.
        await request.answered
        if request.is_unread:
            await _linger(connection)

    async def _take_body(self, request: _Request) -> bool:
        """Put the body where the handler reads it. False where the request was answered instead."""
        look = _Look(self.answers, request) if early_refusals.needs_caller(request.environ) else None
        refusal: HttpResponse | None = None
        try:
            async with asyncio.timeout(BODY_SECONDS):
                request.environ["wsgi.input"] = BytesIO(await self._whole_body(request))
                return look is None or not await look.refusal_after_all()
        except asyncio.CancelledError:
            if look is None or not look.has_refused:
                raise
            return False
        except TimeoutError:
            refusal = early_refusals.too_slow(request.environ, BODY_SECONDS)
        except _BrokenOffError:
            refusal = early_refusals.broken_off(request.environ)
        except _TooMuchError:
            refusal = early_refusals.too_much(request.environ)
        finally:
            if look is not None:
                look.stop()
        request.send(refusal, is_last=True)
        return False

    async def _whole_body(self, request: _Request) -> bytes:
        """The body, of exactly that length. Raises `_BrokenOffError`, `_TooMuchError`."""
        pieces: list[bytes] = []
        held = 0
        try:
            async for piece in request.connection:
                pieces.append(piece)
                held += len(piece)
                self.arriving += len(piece)
                if held >= request.length:
                    break
                if self.arriving > MOST_ARRIVING:
                    raise _TooMuchError
        finally:
            self.arriving -= held
        if held != request.length:
            raise _BrokenOffError
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _answer(self, request: _Request) -> None:
        """In a thread: the handler's answer, sent."""
        is_streamed = False
        try:
            response = self.handler(request.environ, _ignore)
            if isinstance(response, StreamingHttpResponse) and not _is_short(response):
                is_streamed = True
                # The rows of an export are read by the thread that sends them, on its own database connection.
                stream, give_up = partial(self._stream, request, response), partial(self._give_up, request)
                self.loop.call_soon_threadsafe(self.streams.submit, stream, give_up)
                return
            try:
                request.send(response, is_last=request.is_unread)
            finally:
                response.close()
        finally:
            if not is_streamed:
                self.done.append(request.answered)

    def _stream(self, request: _Request, response: StreamingHttpResponse) -> None:
        """In a thread of `streams`: piece by piece, each of which the client must take in time."""
        try:
            transport = request.connection.response_stream(response.status_code, _headers_of(response))
            for piece in response:
                sent = asyncio.run_coroutine_threadsafe(_sent(transport, bytes(piece)), self.loop)
                try:
                    sent.result(PIECE_SECONDS)
                except BaseException:
                    sent.cancel()
                    raise
        except Exception as error:
            log.warning("A streamed answer broke off: %s", type(error).__name__)
        finally:
            self.done.append(request.answered)
            response.close()

    def _give_up(self, request: _Request) -> None:
        """In the event loop: no thread was free in time."""
        request.send(early_refusals.overloaded(request.environ), is_last=True)
        self.done.append(request.answered)

    def _look_after(self) -> None:
        self._resolve()
        for pool in (self.answers, *self.probes.values()):
            pool.expire(self.patience_seconds)
        self.streams.expire(PIECE_SECONDS)
        self.loop.call_later(EXPIRY_SECONDS, self._look_after)

    def _resolve(self) -> None:
        while self.done:
            _set(self.done.popleft(), None)


async def _linger(connection: Connection) -> None:
    """Pass over what still arrives of a body, for a moment: who sends while the connection ends may never see the answer."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(LINGER_SECONDS):
            async for _ in connection:
                pass


async def _sent(transport: Transport, piece: bytes) -> None:
    await transport.send_bytes(piece)


def _set(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _ignore(status: str, headers: Headers, error: Any = None) -> None:
    """WSGI's `start_response`: the response itself says the same."""


def _is_short(response: StreamingHttpResponse) -> bool:
    length = response.headers.get("Content-Length", "")
    return length.isdigit() and int(length) <= LARGEST_WHOLE_ANSWER


def _headers_of(response: HttpResponseBase) -> Headers:
    cookies = [("set-cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    return [(name.lower(), value) for name, value in response.items()] + cookies


def _allow_files() -> None:
    """Each connection is an open file, and many machines start processes with room for a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_allow_files()
use(web_limits(settings.TOUCHSTONE))
limit_sending()
for warning in (*its_own_address_is_known(), *the_proxy_is_known()):
    log.warning("%s %s", warning.msg, warning.hint)
application = Application(settings.TOUCHSTONE.web_threads, WSGIHandler())
gc.freeze()  # what stands here for good: a whole collection would walk through it for 25 ms while a request waits
