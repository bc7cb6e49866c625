"""Publishing batches outside the database, where whoever changes the database cannot reach: a file, an address."""

import fcntl
import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from catalog.rules.errors import InvalidError
from trust.clock import database_now
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.signing import canonical_json

logger = logging.getLogger(__name__)

AT_ONCE = 500  # batches a call; the next call goes on
TIMEOUT_SECONDS = 10.0
END_OF_FILE_BYTES = 256 * 1024


def publish() -> int:
    """Publish what is not published yet, oldest first. Returns how many batches were; 0 where no place is set.

    Safe to repeat: a batch may reach the address twice, the file holds it once. What fails is logged and tried again.
    """
    file, address = settings.TOUCHSTONE.ledger_publish_file, settings.TOUCHSTONE.ledger_publish_url
    if file is None and not address:
        return 0
    waiting = LedgerBatch.objects.filter(published_at=None).order_by("number").defer("row_ids", "leaves", "segments")
    batches = list(waiting[:AT_ONCE])
    try:
        if file is not None:
            _append(Path(file), batches)
        for done, batch in enumerate(batches):
            if address and not _is_delivered(address, batch):
                return done
            LedgerBatch.objects.filter(pk=batch.pk).update(published_at=database_now())
    except OSError as error:
        logger.error("The ledger cannot be published in %s: %s. It is tried again.", file, error.strerror)
        return 0
    return len(batches)


def published_line(batch: LedgerBatch) -> bytes:
    """What is published of a batch: one line of JSON."""
    line = {"number": batch.number, "root": batch.root, "statement": batch.statement, "signature": batch.signature}
    return canonical_json(line) + b"\n"


def read_published(path: Path) -> dict[int, str]:
    """The statements of a published file by number. Raises InvalidError where a line says nothing or contradicts another."""
    statements: dict[int, str] = {}
    with path.open("rb") as file:
        for place, line in enumerate(file, start=1):
            try:
                published = json.loads(line)
                number, statement = int(published["number"]), str(published["statement"])
            except (ValueError, KeyError, TypeError) as error:
                message = f"Line {place} of {path} is no published batch."
                raise InvalidError(message, remedy="Give the file that TOUCHSTONE_LEDGER_PUBLISH_FILE names.") from error
            if statements.setdefault(number, statement) != statement:
                message = f"{path} holds two different statements of batch {number}: the ledger was forked."
                raise InvalidError(message, remedy="Find out which of the two is the true one before you verify.")
    return statements


def _append(path: Path, batches: Sequence[LedgerBatch]) -> None:
    """Add the lines that the file does not hold yet. One process at a time, on the disk before it returns."""
    if not batches:
        return
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        wanted = [published_line(batch) for batch in batches]
        if _last_number(file) >= batches[0].number:  # a call before this one wrote some of them and did not get further
            file.seek(0)
            held = set(wanted).intersection(file)
            wanted = [line for line in wanted if line not in held]
        file.write(b"".join(wanted))
        file.flush()
        os.fsync(file.fileno())


def _last_number(file: BinaryIO) -> int:
    """The number of the last line, 0 for an empty file. A line that broke off when it was written is taken away first."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_OF_FILE_BYTES))
    end = file.read()
    whole = end[: end.rfind(b"\n") + 1]
    if whole != end:
        file.truncate(size - len(end) + len(whole))
    if not whole:
        return 0
    try:
        return int(json.loads(whole.splitlines()[-1])["number"])
    except (ValueError, KeyError, TypeError):
        return 2**63  # unreadable: look through the whole file


def _is_delivered(address: str, batch: LedgerBatch) -> bool:
    """Whether the address took the batch (2xx); a redirect is no answer."""
    headers = {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(address, published_line(batch), headers, method="POST")  # noqa: S310
        if request.type not in {"http", "https"}:
            message = f"{request.type} is no scheme to post to"
            raise ValueError(message)
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS):
            return True
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        logger.error(
            "Batch %d cannot be published at TOUCHSTONE_LEDGER_PUBLISH_URL: %s. It is tried again.", batch.number, error
        )
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """Following one would turn the POST into a GET."""


_OPENER = urllib.request.build_opener(_NoRedirect)
