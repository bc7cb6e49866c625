"""`manage.py config_table`: the README's table of environment variables, made from `config.environment.Environment`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.environment import PROJECT_ROOT, Environment

START = "<!-- configuration: written by `manage.py config_table --write README.md` -->"
END = "<!-- configuration ends -->"


def variable_name(name: str, field: FieldInfo) -> str:
    """The environment variable behind a setting: its own alias, or `TOUCHSTONE_` and its name in capitals."""
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{Environment.model_config['env_prefix']}{name}".upper()


def default_text(value: object) -> str:
    """A default as one would write it in the environment; paths in the project are relative to it."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = str(value).removeprefix(f"{PROJECT_ROOT}/")
    if isinstance(value, list):
        value = ",".join(str(item).removeprefix(f"{PROJECT_ROOT}/") for item in value)
    if isinstance(value, bool):
        value = json.dumps(value)
    return f"`{value}`" if value not in {"", None} else "empty"


def configuration_table() -> str:
    """The markdown table: one line a variable, in the order of `Environment`."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Environment.model_fields.items():
        lines.append(f"| `{variable_name(name, field)}` | {default_text(field.default)} | {field.description} |")
    return "\n".join(lines)


def with_table(document: str) -> str:
    """`document` with the table between its two markers. Raises `CommandError` where they are missing."""
    before, start, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        message = f"The document has no place for the table. Put the lines {START} and {END} where it belongs."
        raise CommandError(message)
    return f"{before}{START}\n{configuration_table()}\n{END}{after}"


class Command(BaseCommand):
    help = "Print the table of environment variables, or write it into a document between its two markers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", metavar="FILE", help="write the table into this document")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["write"] is None:
            self.stdout.write(configuration_table())
            return
        path = Path(options["write"])
        try:
            document = path.read_text(encoding="utf-8")
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror}. Name an existing document."
            raise CommandError(message) from error
        path.write_text(with_table(document), encoding="utf-8")
        self.stdout.write(f"{path} now contains the table.")
