"""`manage.py create_demo_key`: prints a fresh key for the curl lines of `bin/up`, and nothing else."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import ApiKey, Consumer, Person
from catalog.rules.errors import DomainError
from catalog.rules.scopes import NOT_FOR_AI, Scope
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus
from catalog.services.api_keys import create_key

DEMO_AGENT = "route-advisor"
DEMO_PERSON = "demo-agent"


class Command(BaseCommand):
    help = (
        "Prints a fresh API key that may do what an AI agent may, of the demo's AI agent where there is one, else of a "
        "person. Its earlier keys of the same name are revoked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--person", help=f"username; default the agent {DEMO_AGENT}, or {DEMO_PERSON}, made if missing")
        parser.add_argument("--name", default="demo", help="name of the key (default demo)")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        agent = None if options["person"] else demo_agent()
        person = agent.owner if agent else person_named(options["person"] or DEMO_PERSON)
        whose = Q(consumer__owner=person, consumer__kind=ConsumerKind.PERSON)
        if not options["person"]:
            whose |= Q(consumer__slug=DEMO_AGENT) | Q(consumer__owner__username=DEMO_PERSON)
        ApiKey.objects.filter(whose, name=options["name"], revoked_at=None).update(revoked_at=now)
        try:
            scopes = [scope for scope in Scope if scope not in NOT_FOR_AI]
            _, text = create_key(person=person, consumer=agent, name=options["name"], scopes=scopes, now=now)
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(text)


def demo_agent() -> Consumer | None:
    """None without the demo, and where its agent or the person who answers for it is out of service."""
    usable = Consumer.objects.filter(status=ConsumerStatus.ACTIVE, owner__is_active=True).select_related("owner")
    return usable.filter(slug=DEMO_AGENT).first()


def person_named(username: str) -> Person:
    person, is_new = Person.objects.get_or_create(username=username, defaults={"first_name": "Demo", "last_name": "consumer"})
    if is_new:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    return person
