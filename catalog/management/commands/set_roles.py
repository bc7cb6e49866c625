"""`manage.py set_roles USERNAME`: exactly the roles that are named, and the domains in which a person acts for governance."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import add_actor_argument, find_account, find_actor
from catalog.rules.errors import DomainError
from catalog.rules.roles import PersonRole
from catalog.services.people import set_domains, set_roles


class Command(BaseCommand):
    help = "Give a person exactly these roles; with --domain, let them act for governance in exactly these domains instead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        roles = [role.value for role in PersonRole]
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument("--role", action="append", default=[], choices=roles, help="may be given more than once")
        given.add_argument("--domain", action="append", default=[], help="slug; may be given more than once")
        given.add_argument("--no-role", action="store_true", help="take all roles away")
        given.add_argument("--no-domain", action="store_true", help="take all domains away")
        parser.add_argument("--reason", required=True, help="kept in the history")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        person, actor, reason = find_account(options["username"]), find_actor(options["actor"]), options["reason"]
        try:
            if options["domain"] or options["no_domain"]:
                set_domains(person=person, domains=options["domain"], reason=reason, actor=actor)
                has = f"acts for governance in {', '.join(options['domain']) or 'no domain'}"
            else:
                roles = [PersonRole(role) for role in options["role"]]
                set_roles(person=person, roles=roles, reason=reason, actor=actor)
                has = f"is in {', '.join(roles) or 'no group'}"
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{person.username} {has}.")
