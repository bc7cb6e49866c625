"""What a contract that is registered again changes for others: what it asks less of, what it takes away, what it overwrites."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings

from catalog.contracts.document import ContractDocument
from catalog.contracts.reader import read_contract
from catalog.models import Consumer, Contract, DataProduct, Field
from catalog.queries.agreements import agreements_standing
from catalog.rules.differences import differences as claim_differences
from catalog.rules.errors import DomainError
from catalog.rules.moments import rfc_3339
from catalog.rules.vocabulary import SourceKind
from catalog.services.notifications import notify
from catalog.services.ports import claims_of_port
from catalog.services.products import claims_of
from trust.decisions.services.recall_notices import who_relied
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.product_facts import differences_of, review_status
from trust.verdicts.rules.review import ReviewedClaims

_UNREAD = SourceKind.UNSUPPORTED.value


@dataclass(frozen=True, slots=True)
class Before:
    """A product as it was before its contract was registered again. fields: port and field name -> (type, is required)."""

    claims: ReviewedClaims
    fields: Mapping[tuple[str, str], tuple[str | None, bool]]
    contract: Contract | None
    overwritten: tuple[str, ...]


def read_before(product: DataProduct, document: ContractDocument, now: datetime) -> Before:
    """What is to be compared once the document holds."""
    contract = product.contracts.filter(is_current=True).first()
    return Before(
        review_status(product.pk, now).claims, _fields(product), contract, _set_elsewhere(product, contract, document, now)
    )


def loosened(product: DataProduct, before: Before, now: datetime) -> list[str]:
    """What the document asks less of than the product did before, a line each."""
    found = differences_of(product.pk, before.claims, review_status(product.pk, now).claims)
    # A port that could not be read before asks for more as soon as it can, wherever it lies.
    unread = tuple(f"port {name}," for name, port in before.claims.ports.items() if port.source.get("kind") == _UNREAD)
    return [f"loosened: {one}" for one in found if one.is_looser and not one.subject.startswith(unread)]


def taken_away(product: DataProduct, before: Before) -> list[str]:
    """What consumers could build on and can no longer: fields that are gone, of another type, or may be empty now."""
    after, lines = _fields(product), []
    for (port, name), (kind, is_required) in before.fields.items():
        now = after.get((port, name))
        if now is None:
            lines.append(f"{port}.{name} is gone")
        elif now[0] != kind and kind is not None:
            lines.append(f"{port}.{name} was {kind} and is {now[0] or 'of any type'}")
        elif is_required and not now[1]:
            lines.append(f"{port}.{name} may be without a value now")
    return lines


def same_version(document: ContractDocument, content: bytes, before: Before) -> list[str]:
    """A warning where other content comes under the version that is registered already."""
    contract = before.contract
    if contract is None or contract.version != document.version or contract.sha256 == sha256(content).hexdigest():
        return []
    return [f"version: {document.version} is registered already, with other content; give what changed a version of its own"]


def tell_consumers(*, product: DataProduct, lines: list[str], version: str, now: datetime) -> int:
    """Number of consumers that were notified: those with an agreement, and those that were given a yes lately. The log of
    decisions is read only where there is something to say.
    """
    if not lines:
        return 0
    by_agreement = set(agreements_standing(now).filter(product=product).values_list("consumer_id", flat=True))
    since = now - max(current_policy()[1].recall_window, timedelta(days=1))
    concerned = by_agreement | {one.consumer_id for one in who_relied(product.pk, since=since, until=now)}
    consumers = list(Consumer.objects.filter(pk__in=concerned).select_related("owner"))
    if not consumers:
        return 0
    notify(
        key=f"contract:{product.pk}:{version}:{rfc_3339(now)}",
        kind="contract.field_changed",
        subject=f"Data product {product.slug}: fields were changed by version {version} of its contract",
        text="\n".join(
            [f"Version {version} of the contract of data product {product.slug} takes something away that you may use:", *lines]
        ),
        now=now,
        persons=[],
        consumers=consumers,
        payload={"product": product.slug, "version": version, "changes": lines},
    )
    return len(consumers)


def _fields(product: DataProduct) -> dict[tuple[str, str], tuple[str | None, bool]]:
    rows = Field.objects.filter(port__product=product, port__removed_at=None)
    found = rows.values_list("port__name", "name", "logical_type", "required")
    return {(port, name): (kind, required) for port, name, kind, required in found}


def _set_elsewhere(
    product: DataProduct, contract: Contract | None, document: ContractDocument, now: datetime
) -> tuple[str, ...]:
    """Warnings about what somebody set since the contract was registered, and the document sets otherwise."""
    if contract is None:
        return ()
    try:
        old = read_contract(bytes(contract.original), today=now.date(), variables=settings.TOUCHSTONE.variables_by_name)
    except DomainError:  # it was registered by rules of another time
        return ()
    here = claims_of(product)
    written = replace(old.product, owner=here.owner, owner_is_provisional=here.owner_is_provisional, stewards=here.stewards)
    wanted = replace(document.product, owner=here.owner, owner_is_provisional=here.owner_is_provisional, stewards=here.stewards)
    found = {line.partition(":")[0] for line in claim_differences(written, here)}
    lines = [line for line in claim_differences(here, wanted) if line.partition(":")[0] in found]
    ports = {port.name: port for port in old.ports}
    for port in document.ports:
        present = product.output_ports.filter(name=port.name).first()
        if present is None or port.name not in ports or present.source_kind == SourceKind.UNSUPPORTED:
            continue
        claims, prefix = claims_of_port(present), f"port {port.name}."
        found = {line.partition(":")[0] for line in claim_differences(ports[port.name], claims, prefix=prefix)}
        lines += [line for line in claim_differences(claims, port, prefix=prefix) if line.partition(":")[0] in found]
    return tuple(f"set since the contract was registered, and overwritten by it: {line}" for line in lines)
