"""`manage.py acknowledge SLUG --as OWNER`: the owner says that the product is theirs and right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.management.actors import add_actor_argument, find_actor, find_product
from catalog.rules.errors import DomainError
from catalog.services.products import acknowledge_product


class Command(BaseCommand):
    help = "Record that the owner acknowledges a data product and its claims."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        add_actor_argument(parser, is_required=True)

    def handle(self, *_: Any, **options: Any) -> None:
        product = find_product(options["slug"])
        try:
            acknowledge_product(product=product, actor=find_actor(options["actor"]), now=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['actor']} acknowledged {product.slug}.")
