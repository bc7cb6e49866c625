"""`manage.py ledger verify|seal|status|proof`: prove, seal and look at the ledger."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from catalog.rules.errors import DomainError
from trust.decisions.services.proofs import proof_of
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.services import ledger, ledger_publishing
from trust.ledger.services.ledger_verification import Against, Keys, verify
from trust.ledger.signing import own_jwks

SECONDS_BETWEEN_PROGRESS = 5.0


class Command(BaseCommand):
    help = "Verify, seal and show the ledger of decisions, verdicts and claim history. See docs/proof.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subcommands = parser.add_subparsers(dest="subcommand", required=True)
        subcommands.add_parser("status", help="the last batch, and how many rows wait to be sealed")
        subcommands.add_parser("seal", help="seal and publish now what worker and beat seal every minute")
        proof = subcommands.add_parser("proof", help="the inclusion proof of a decision, as JSON")
        proof.add_argument("decision", type=int)
        verifying = subcommands.add_parser("verify", help="recompute every batch from the rows, and check chain and signatures")
        verifying.add_argument("--from", dest="first", type=int, default=1, metavar="NUMBER", help="first batch to check")
        verifying.add_argument("--jwks", metavar="FILE", help="trust only the keys of this JWK Set, not those of the folder")
        verifying.add_argument("--published", metavar="FILE", help="compare with the batches published in this file")

    def handle(self, *_: Any, **options: Any) -> None:
        run: Callable[[dict[str, Any]], None] = getattr(self, f"_{options['subcommand']}")
        try:
            run(options)
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _verify(self, options: dict[str, Any]) -> None:
        jwks, published = options["jwks"], options["published"]
        keys, source = _believed(jwks)
        against = Against(
            keys=keys,
            published=_from_file(ledger_publishing.read_published, Path(published)) if published else {},
        )
        batches = rows = erased = removed = 0
        last, shown_at = "none", monotonic()
        for proved in verify(first=options["first"], against=against):
            batches, rows, last = batches + 1, rows + proved.rows, str(proved.batch.number)
            erased, removed = erased + proved.erased, removed + proved.removed
            if monotonic() - shown_at > SECONDS_BETWEEN_PROGRESS:
                shown_at = monotonic()
                self.stderr.write(f"batch {last}: {rows} rows verified so far")
        self.stdout.write(f"The ledger is intact: {batches} batches with {rows} rows, the last is {last}.")
        if erased or removed:
            self.stdout.write(
                f"On record, signed, in trust_erasure: names were erased from {erased} of these rows, and {removed} were "
                "removed. What they held can be shown no more."
            )
        self.stdout.write(f"Believed were the keys of {source}.")
        if not published:
            self.stdout.write("Not compared with anything published outside: --published FILE does that.")

    def _seal(self, options: dict[str, Any]) -> None:
        for number in ledger.seal():
            self.stdout.write(f"Sealed {LedgerBatch.objects.get(number=number)}.")
        self.stdout.write(f"Published {ledger_publishing.publish()} batches.")

    def _status(self, options: dict[str, Any]) -> None:
        last = LedgerBatch.objects.order_by("-number").first()
        summary = (
            "Nothing is sealed yet."
            if last is None
            else f"The last is {last}, sealed at {last.sealed_at:%Y-%m-%d %H:%M:%S} UTC."
        )
        self.stdout.write(summary)
        for table, count, first in ledger.waiting_rows(last):
            self.stdout.write(f"{count} rows of {table} wait to be sealed, from {first} on.")
        unpublished = LedgerBatch.objects.filter(published_at=None).count()
        self.stdout.write(f"{unpublished} batches are not published outside.")

    def _proof(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(asdict(proof_of(decision_id=options["decision"])), indent=2))


def _believed(jwks: str | None) -> tuple[Keys | None, str]:
    """The keys to believe and where they are from: pinned ones, else those of the folder, else (None) the database's own."""
    if jwks:
        return _pinned(Path(jwks)), jwks
    if own := own_jwks()["keys"]:
        return {jwk["kid"]: OKPKey.import_key(dict(jwk)) for jwk in own}, "this installation's folder"
    return None, "this database, which an intruder with write access could change too: pin them with --jwks FILE"


def _pinned(path: Path) -> Keys:
    try:
        keys = [OKPKey.import_key(jwk) for jwk in _from_file(lambda file: json.loads(file.read_text()), path)["keys"]]
    except (ValueError, KeyError, TypeError, JoseError) as error:
        message = f"{path} is no JWK Set with Ed25519 keys. Save /.well-known/jwks.json of a moment that you trust."
        raise CommandError(message) from error
    return {key.thumbprint(): key for key in keys}


def _from_file(read: Callable[[Path], Any], path: Path) -> Any:
    try:
        return read(path)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise CommandError(message) from error
