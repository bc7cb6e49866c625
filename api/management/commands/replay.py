"""Works a logged answer out again and says whether it comes out the same."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.replay import replay_decision
from catalog.rules.errors import DomainError
from trust.clock import database_now
from trust.models import Decision


class Command(BaseCommand):
    help = "Replay a logged answer from what is stored. Prints the differences as JSON; exit status 1 if there are any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("decision_id", type=int, help="The decision_id of the answer.")

    def handle(self, *args: Any, **options: Any) -> None:
        decision = Decision.objects.filter(pk=options["decision_id"]).first()
        if decision is None:
            message = f"There is no decision {options['decision_id']}. Give the decision_id of an answer."
            raise CommandError(message, returncode=2)
        try:
            replayed = replay_decision(decision, now=database_now())
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        answer = {"is_identical": replayed.identical, **asdict(replayed)}
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
        if not replayed.identical:
            raise CommandError(f"Decision {decision.pk} differs from the logged answer; the differences are above.")
