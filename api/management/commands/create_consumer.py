"""`manage.py create_consumer SLUG --kind KIND --owner USERNAME`: registers a consumer, for the operator."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalog.rules.consumers import ConsumerClaims, ConsumerDetails
from catalog.rules.errors import DomainError
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.consumers import register_consumer, set_enforcement_point


class Command(BaseCommand):
    help = "Registers a consumer: a service, an AI agent or an AI model, and its owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="its permanent name in requests and decisions")
        parser.add_argument(
            "--kind", required=True, choices=[kind.value for kind in ConsumerKind if kind != ConsumerKind.PERSON]
        )
        parser.add_argument("--owner", required=True, metavar="USERNAME", help="its owner")
        parser.add_argument("--name", help="a short name; default: the slug")
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--clearance",
            default=Sensitivity.INTERNAL.value,
            choices=[sensitivity.value for sensitivity in Sensitivity],
            help="highest sensitivity that it may be given (default internal)",
        )
        parser.add_argument("--enforcement-point", action="store_true", help="it asks about other consumers, whom it serves")
        parser.add_argument("--contact-email", default="", metavar="ADDRESS", help="where notices go besides its owner")
        parser.add_argument("--webhook-url", default="", metavar="URL", help="where signed notices are posted")

    def handle(self, *args: Any, **options: Any) -> None:
        details = ConsumerDetails(
            name=options["name"] or options["slug"],
            description=options["description"],
            contact_email=options["contact_email"],
            webhook_url=options["webhook_url"],
        )
        claims = ConsumerClaims(
            slug=options["slug"],
            kind=ConsumerKind(options["kind"]),
            details=details,
            owner=options["owner"],
            clearance=Sensitivity(options["clearance"]),
        )
        try:
            with transaction.atomic():
                consumer = register_consumer(claims=claims, actor=None)
                if options["enforcement_point"]:
                    consumer = set_enforcement_point(consumer=consumer, is_enforcement_point=True, actor=None)
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Consumer {consumer.slug} ({consumer.kind}) is registered; {consumer.owner.username} answers for it. "
            f"Make its key with `bin/manage create_api_key --consumer {consumer.slug} --name NAME --scope decide`."
        )
