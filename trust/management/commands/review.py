"""`manage.py review SLUG --as USERNAME`: governance has reviewed the product."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.management.actors import add_actor_argument, find_actor, find_product
from catalog.rules.errors import DomainError
from catalog.rules.roles import PersonRole
from trust.verdicts.services.reviews import review_product


class Command(BaseCommand):
    help = "Record that a member of the group 'governance' has reviewed a data product."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        add_actor_argument(parser, is_required=True)

    def handle(self, *_: Any, **options: Any) -> None:
        product = find_product(options["slug"])
        try:
            review_product(product=product, actor=find_actor(options["actor"], PersonRole.GOVERNANCE), now=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['actor']} reviewed {product.slug}.")
