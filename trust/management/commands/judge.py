"""`manage.py judge`: judge data products now, whether anything changed or not."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.models import DataProduct
from catalog.rules.errors import DomainError
from trust.clock import database_now
from trust.verdicts.services.judging import ensure_current, judge_product

_AT_ONCE = 500


class Command(BaseCommand):
    help = "Re-evaluate data products on the current facts and show their verdicts. A new verdict is kept only if it differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="data products; all of them where none is named")

    def handle(self, *args: Any, **options: Any) -> None:
        slugs = options["slugs"]
        known = dict(DataProduct.objects.filter(slug__in=slugs).values_list("slug", "id"))
        if unknown := sorted(set(slugs) - set(known)):
            message = f"There is no data product {', '.join(unknown)}. `bin/manage show_verdicts` lists all."
            raise CommandError(message)
        try:
            for piece in [known] if slugs else _all_products():
                ensure_current(list(piece.values()), database_now())
                for slug, product_id in piece.items():
                    row = judge_product(product_id=product_id, now=database_now(), cause="judged on request")
                    self.stdout.write(f"{slug}: {row.verdict.replace('_', ' ')}, score {row.score:g}, grade {row.grade}")
        except DomainError as error:
            raise CommandError(str(error)) from error


def _all_products() -> Iterator[dict[str, int]]:
    """Slug -> id, some products at a time, in the order of their ids."""
    last = 0
    while piece := dict(DataProduct.objects.filter(pk__gt=last).order_by("pk").values_list("slug", "pk")[:_AT_ONCE]):
        yield piece
        last = max(piece.values())
