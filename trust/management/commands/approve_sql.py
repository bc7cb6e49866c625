"""`manage.py approve_sql SLUG [--digest DIGEST --as USERNAME]`: the SQL rules of a product, and governance's word on them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.management.actors import add_actor_argument, find_actor, find_product
from catalog.rules.errors import DomainError
from catalog.rules.roles import PersonRole
from trust.evidence.queries.sql_rules import sql_rules
from trust.evidence.services.sql_approvals import approve_sql, withdraw_sql


class Command(BaseCommand):
    help = "List the SQL rules of a data product; with --digest, approve one of them (or withdraw the approval) as governance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--digest", default="", help="the SQL to approve, by its digest or the beginning of it")
        parser.add_argument("--withdraw", action="store_true", help="withdraw the approval instead")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        product = find_product(options["slug"])
        digest = options["digest"]
        if not digest:
            self._list(product)
            return
        actor = find_actor(options["actor"], PersonRole.GOVERNANCE)
        act = withdraw_sql if options["withdraw"] else approve_sql
        try:
            act(product=product, digest=digest, actor=actor, now=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["withdraw"]:
            self.stdout.write(f"The SQL {digest[:12]} of {product.slug} is not run any more.")
        else:
            self.stdout.write(f"{options['actor']} approved the SQL {digest[:12]} of {product.slug}: the next run runs it.")

    def _list(self, product: Any) -> None:
        rules = sql_rules(product)
        for rule in rules:
            state = f"approved by {rule.approved_by}" if rule.approved_by else "not approved, so it is not run"
            self.stdout.write(f"{rule.digest}  {', '.join(rule.ports)}: {state}")
            self.stdout.write("".join(f"    {line}\n" for line in rule.query.strip().splitlines()))
        if not rules:
            self.stdout.write(f"{product.slug} has no SQL rules.")
