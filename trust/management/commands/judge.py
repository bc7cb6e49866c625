"""`manage.py judge`: judge data products now, whether anything changed or not."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.models import DataProduct
from catalog.rules.errors import DomainError
from trust.queries.clock import database_now
from trust.services.judging import ensure_current, judge_product


class Command(BaseCommand):
    help = "Judge data products on the facts as they are now and show their verdicts. A new verdict is kept only if it differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="data products; all of them where none is named")

    def handle(self, *args: Any, **options: Any) -> None:
        slugs = options["slugs"]
        products = dict(DataProduct.objects.values_list("slug", "id"))
        if unknown := sorted(set(slugs) - set(products)):
            message = f"There is no data product {', '.join(unknown)}. `bin/manage show_verdicts` lists those that there are."
            raise CommandError(message)
        try:
            ensure_current(list(products.values()), database_now())
            for slug in slugs or products:
                row = judge_product(product_id=products[slug], now=database_now(), cause="judged on request")
                self.stdout.write(f"{slug}: {row.verdict.replace('_', ' ')}, score {row.score:g}, grade {row.grade}")
        except DomainError as error:
            raise CommandError(str(error)) from error
