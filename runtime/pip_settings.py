"""How this machine reaches its package index: pip's settings said again in uv's words, since uv does not read them."""

import ast
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# pip's setting, uv's variable, and whether pip separates several values with spaces where uv wants commas.
TRANSLATION = (
    ("index-url", "UV_DEFAULT_INDEX", False),
    ("extra-index-url", "UV_INDEX", False),
    ("find-links", "UV_FIND_LINKS", True),
    ("no-index", "UV_NO_INDEX", False),
    ("trusted-host", "UV_INSECURE_HOST", False),
    ("timeout", "UV_HTTP_TIMEOUT", False),
    ("default-timeout", "UV_HTTP_TIMEOUT", False),
    ("cert", "SSL_CERT_FILE", False),
    ("client-cert", "SSL_CLIENT_CERT", False),
    ("proxy", "ALL_PROXY", False),
)
SECTIONS = ("global", "install", ":env:")  # later ones win, as in pip


def read_settings(listing: str) -> dict[str, str]:
    """The settings in `pip config list`, whose lines read `global.index-url='https://...'`."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, setting = name.strip().partition(".")
        if section in found and value:
            try:
                found[section][setting] = str(ast.literal_eval(value))
            except (SyntaxError, ValueError):
                found[section][setting] = value
    return {setting: value for section in SECTIONS for setting, value in found[section].items()}


def uv_variables(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that make uv do what pip would. What the user has set for uv is left alone."""
    variables: dict[str, str] = {}
    for setting, variable, commas in TRANSLATION:
        value = settings.get(setting, "").strip()
        if value and variable not in environment:
            words = value.split()
            variables[variable] = ",".join(words) if commas else " ".join(words)
    if "UV_INDEX" in variables and "UV_INDEX_STRATEGY" not in environment:
        # As pip does: the best of all indexes. Which index it comes from cannot matter, since every file's hash is locked.
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def from_pip(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for this machine, asked of the pip that `python` has."""
    command: list[str | Path] = [python, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(environment), cwd=os.sep)
    return uv_variables(read_settings(answer.stdout), environment)
