"""Who may ask, by the rules alone: how a consumer is named, where its notices may go, and what may become of it."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity

SLUG_FORM = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
LONGEST_SLUG = 80
LONGEST_URL = 500
MACHINES = frozenset({ConsumerKind.AI_AGENT, ConsumerKind.AI_MODEL})
"""The kinds that act without a person at the keyboard: their keys change no claims and no checks, and administer nothing."""
ASKING_SCOPES = frozenset({"trust:read", "decide"})
"""Scopes of keys that ask and read. A key with any other speaks for the consumer's owner: only the owner may hold one."""

MOVES: dict[ConsumerStatus, frozenset[ConsumerStatus]] = {
    ConsumerStatus.ACTIVE: frozenset({ConsumerStatus.SUSPENDED, ConsumerStatus.RETIRED}),
    ConsumerStatus.SUSPENDED: frozenset({ConsumerStatus.ACTIVE, ConsumerStatus.RETIRED}),
    ConsumerStatus.RETIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class ConsumerDetails:
    """What may be said of a consumer and changed later by its owner."""

    name: str
    description: str = ""
    contact_email: str = ""
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class ConsumerClaims:
    """A consumer to be registered. owner: username; empty for whoever registers it."""

    slug: str
    kind: ConsumerKind
    details: ConsumerDetails
    owner: str = ""
    clearance: Sensitivity = field(default=Sensitivity.INTERNAL)


def demand_slug(slug: str) -> None:
    """Raise `InvalidError` unless `slug` may name a registered consumer. A person's own consumer is named by the username."""
    if len(slug) > LONGEST_SLUG or not SLUG_FORM.fullmatch(slug):
        raise InvalidError(
            f"'{slug[:LONGEST_SLUG]}' cannot name a consumer.",
            remedy=f"Use lower-case letters and digits in parts joined by . _ or -, at most {LONGEST_SLUG} characters.",
            field="slug",
        )


def demand_registrable(kind: ConsumerKind) -> None:
    """Raise `InvalidError` for a kind that is not registered: people are consumers by themselves."""
    if kind is ConsumerKind.PERSON:
        raise InvalidError(
            "A person is not registered as a consumer: their own consumer is made with their first key.",
            remedy="Make a key with POST /api/v1/keys, or register a service, an ai_agent or an ai_model.",
            field="kind",
        )


def demand_move_of_status(slug: str, kind: ConsumerKind, before: ConsumerStatus, after: ConsumerStatus) -> None:
    """Raise `ConflictError` where the consumer cannot come from `before` to `after`. Staying where it is is no move."""
    if before is after:
        return
    if after not in MOVES[before]:
        raise ConflictError(
            f"Consumer {slug} is retired and stays so.",
            remedy="Register a new consumer under another slug.",
            code="consumer_retired",
        )
    if after is ConsumerStatus.RETIRED and kind is ConsumerKind.PERSON:
        raise ConflictError(
            f"Consumer {slug} is a person, and goes with the person's account.",
            remedy="Suspend it, or make the account inactive in the admin.",
            code="consumer_is_a_person",
        )


def demand_webhook_url(url: str, *, allows_loopback: bool) -> None:
    """Raise `InvalidError` unless notices may be posted to `url`; empty is allowed: no webhook.

    https to a public name or address; where `allows_loopback`, http or https to this machine as well. No credentials: an
    address is shown to people. What a name resolves to is looked at when a notice is sent, not here.
    """
    if not url:
        return
    if fault := _fault_of(url, allows_loopback=allows_loopback):
        raise InvalidError(
            f"The webhook URL cannot be used: {fault}.",
            remedy="Give an address such as https://example.org/touchstone, or none.",
            code="invalid_webhook_url",
            field="webhook_url",
        )


def _fault_of(url: str, *, allows_loopback: bool) -> str | None:  # noqa: PLR0911  one sentence per fault
    if len(url) > LONGEST_URL:
        return f"it is longer than {LONGEST_URL} characters"
    if not (url.isascii() and url.isprintable()) or set(url) & set(' \\"<>^`{|}'):
        return "it contains a space or another character that no URL has"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is not a URL"
    if port == 0 or not parts.hostname:
        return "it names no host, or no port that there is"
    if "@" in parts.netloc:
        return "it contains a user name or password, which every reader of the consumer would see"
    if "#" in url:
        return "it has a fragment (#), which is never sent"
    return _fault_of_place(parts, allows_loopback=allows_loopback)


def _fault_of_place(parts: SplitResult, *, allows_loopback: bool) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        address = None
        if re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", host):
            return "its host is a number in a form that hides which address it is"
    is_loopback = address.is_loopback if address else host == "localhost" or host.endswith(".localhost")
    if is_loopback and allows_loopback and parts.scheme in {"http", "https"}:
        return None
    if parts.scheme != "https":
        return "it must begin with https://"
    if is_loopback or (address is not None and not address.is_global):
        return "it leads to this machine or into a private network"
    return None
