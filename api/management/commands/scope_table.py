"""`manage.py scope_table`: the table of docs/scopes.md, which scope each address needs, made from the views."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from api.inspection import PERSONAL, SCOPE
from api.schema import document, operations_of
from catalog.rules.scopes import NOT_FOR_AI, Scope

START = "<!-- scopes: written by `manage.py scope_table --write docs/scopes.md`; what follows is made from the code -->"


def needed_scopes() -> Iterator[tuple[str, str, Scope | None, bool]]:
    """(method, path, scope, whether only people may) of every address that takes a key; no scope: any key may use it."""
    described = json.loads(document())
    for path, operation in operations_of(described):
        if {} not in operation.get("security", []):
            method = next(word for word, one in described["paths"][path].items() if one is operation)
            yield method.upper(), path, Scope(operation[SCOPE]) if SCOPE in operation else None, operation.get(PERSONAL, False)


def scope_table() -> str:
    """The markdown table, by scope in the order of `Scope`, then by path."""
    order = [None, *Scope]
    rows = sorted(needed_scopes(), key=lambda row: (order.index(row[2]), row[1], row[0]))
    lines = ["| scope | method | address | keys of |", "| --- | --- | --- | --- |"]
    for method, path, scope, is_personal in rows:
        kinds = "people" if is_personal else "people, services" if scope in NOT_FOR_AI else "all kinds"
        lines.append(f"| {f'`{scope}`' if scope else 'any'} | {method} | `{path}` | {kinds} |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    return f"{text.partition(START)[0]}{START}\n\n{scope_table()}\n"


class Command(BaseCommand):
    help = "Print the table of scopes and addresses, or write it at the end of a document."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", metavar="FILE", help="write the table into this document")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["write"] is None:
            self.stdout.write(scope_table())
            return
        path = Path(options["write"])
        path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
        self.stdout.write(f"{path} now contains the table.")
