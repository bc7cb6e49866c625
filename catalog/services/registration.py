"""Takes in what a contract says: product, stage of life, ports, inputs, access policies, and the document itself.

`trust.intake` calls this and adds what only `trust` knows: whether a location may be read, and the suites.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import zip_longest

from catalog.callers import machine
from catalog.contracts.document import ContractDocument
from catalog.contracts.findings import NotExecutable
from catalog.models import AccessPolicy, Contract, DataProduct, OutputPort, Person, PolicyStatus
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import Lifecycle
from catalog.services.people import add_person, find_person
from catalog.services.permissions import is_governance, require_can_change
from catalog.services.policies import draft_policy, publish_policy, withdraw_policy
from catalog.services.ports import lock_inputs, put_input_ports, put_output_port, remove_output_port
from catalog.services.products import create_product, deprecate_product, publish_product, retire_product, update_product
from catalog.services.recording import recorded

_NO_ACCOUNT = "there is no active account of this name, so it answers for nothing; add the person, then register again"
_NOT_YET = "registered by {actor}, who is not of governance and owns it provisionally; hand it over to {owner}"


@dataclass(slots=True)
class TakenIn:
    """What became of the claims: `ports` are those that the product offers now, by name; `changes` a line each."""

    product: DataProduct
    is_new: bool
    ports: dict[str, OutputPort] = field(default_factory=dict)
    removed: list[OutputPort] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def add_missing_people(*, document: ContractDocument, owner: str = "", actor: Person | None) -> list[str]:
    """Make an active person without a password of `owner` and of everybody in the contract's team who has none; the changes, a
    line each."""
    wanted = {**({owner: ""} if owner else {}), **document.people}
    present = set(Person.objects.filter(username__in=list(wanted)).values_list("username", flat=True))
    changes = []
    for username, name in wanted.items():
        if username not in present:
            with recorded("add_missing_people", actor):
                add_person(username=username, full_name=name)
            changes.append(f"person {username}: added")
    return changes


def with_people(
    *, document: ContractDocument, owner: str, actor: Person | None
) -> tuple[ContractDocument, list[NotExecutable]]:
    """The document, with people who have accounts for owner and stewards, and each who was named and has none.

    owner: username of whoever is to own a product whose contract names nobody. The owner is, in this order: who the contract
    names, `owner`, who owns the product already, and, provisionally, `actor`, who registers it. A machine or the operator
    provides none, and a person who is not of governance makes nobody but themselves the owner of a new product. Raises
    `InvalidError` where `owner` has no active account.
    """
    claims = document.product
    named = {claims.owner, *claims.stewards} - {""}
    known = set(Person.objects.filter(username__in=named, is_active=True).values_list("username", flat=True))
    lacking = [
        NotExecutable("team", f"{'owner' if username == claims.owner else 'steward'} {username}"[:200], _NO_ACCOUNT)
        for username in sorted(named - known)
    ]
    present = DataProduct.objects.filter(slug=claims.slug).select_related("owner").first()
    if owner:
        find_person(username=owner, part="owner")
    found, is_provisional = claims.owner if claims.owner in known else owner, False
    if present is not None and present.owner is not None and not found:
        found, is_provisional = present.owner.username, present.owner_is_provisional
    may_name = is_governance(actor) or (present is not None and present.owner is not None)
    if actor is not None and (not found or (not may_name and found != actor.username)):
        if found:
            lacking.append(NotExecutable("team", f"owner {found}"[:200], _NOT_YET.format(actor=actor.username, owner=found)))
        found, is_provisional = ("", False) if machine() else (actor.username, True)
    stewards = tuple(username for username in claims.stewards if username in known)
    claims = replace(claims, owner=found, owner_is_provisional=is_provisional, stewards=stewards)
    return replace(document, product=claims), lacking


def take_in(*, document: ContractDocument, actor: Person | None, publish_policies: bool, now: datetime) -> TakenIn:
    """Make the claims of `document` hold; nothing is written where nothing changes.

    A port, field, input or policy that the document does not name any more is removed, withdrawn or deleted. The stage of life
    moves only when the document's status moved since it was last registered, so that a decision taken in the admin stays.
    Raises `ConflictError` for a slug or a contract id that is taken and for a retired product, and what the services raise.
    """
    with recorded("register_contract", actor):
        if document.inputs:
            lock_inputs()  # before any row is locked, so that two registrations cannot wait for one another
        known = _known_product(document)
        if known is None:
            product = create_product(claims=document.product, actor=actor, now=now, may_lack_owner=True)
            result, waited = TakenIn(product, is_new=True, changes=[f"product {product.slug}: added"]), False
        else:
            result = TakenIn(known, is_new=False)
            require_can_change(actor, known)
            _demand_alive(known, document)
            result.warnings += _version_warnings(known, document)
            if waited := _waits(known):  # before the stage of life moves: what is offered has an owner
                result.changes += update_product(product=known, claims=document.product, actor=actor)
        result.changes += _move(result, document, actor, now, waited=waited)
        if result.product.lifecycle == Lifecycle.RETIRED:
            return result
        if not result.is_new:
            result.changes += update_product(product=result.product, claims=document.product, actor=actor)
        for claims in document.ports:
            port, changes = put_output_port(product=result.product, claims=claims, actor=actor)
            result.ports[claims.name] = port
            result.changes += changes
        for port in result.product.output_ports.exclude(name__in=list(result.ports)):
            remove_output_port(port=port, actor=actor, now=now)
            result.removed.append(port)
            result.changes.append(f"port {port.name}: removed; its runs and verdicts are kept")
        result.changes += put_input_ports(product=result.product, inputs=document.inputs, actor=actor, may_be_missing=True)
        result.warnings += [
            f"input {slug}: not registered, or not visible to you; register it, then register this contract again"
            for slug in sorted({one.product for one in document.inputs} - set(_inputs(result.product)))
        ]
        _put_policies(result, document, actor, publish_policies=publish_policies, now=now)
    return result


def keep_contract(
    *,
    product: DataProduct,
    document: ContractDocument,
    content: bytes,
    filename: str,
    not_executable: Sequence[NotExecutable],
    actor: Person | None,
) -> list[str]:
    """Keep the document as it came, with its SHA-256, as the product's current contract; the changes, a line each.

    The very same bytes as the current contract's change nothing.
    """
    digest = sha256(content).hexdigest()
    current = product.contracts.filter(is_current=True).first()
    if current is not None and current.sha256 == digest:
        return []
    with recorded("keep_contract", actor):
        product.contracts.filter(is_current=True).update(is_current=False)
        Contract.objects.create(
            product=product,
            contract_id=document.contract_id,
            version=document.version[:50],
            api_version=document.api_version[:20],
            status=document.status[:50],
            filename=filename[:255],
            original=content,
            sha256=digest,
            not_executable=[entry.as_json() for entry in not_executable],
            registered_by=actor,
        )
    if current is None:
        return [f"contract: none -> {document.contract_id} {document.version} (SHA-256 {digest[:12]})"]
    return [f"contract: {current.version} (SHA-256 {current.sha256[:12]}) -> {document.version} (SHA-256 {digest[:12]})"]


def _inputs(product: DataProduct) -> list[str]:
    return list(product.input_ports.values_list("upstream__slug", flat=True))


def _known_product(document: ContractDocument) -> DataProduct | None:
    """The product of the document's slug, locked. Raises `ConflictError` where slug or contract id belong to another."""
    slug = document.product.slug
    product = DataProduct.objects.select_for_update(no_key=True).filter(slug=slug).first()
    current = None if product is None else product.contracts.filter(is_current=True).first()
    if current is not None and current.contract_id != document.contract_id:
        raise ConflictError(
            f"The slug '{slug}' belongs to contract '{current.contract_id}', not to contract '{document.contract_id}'.",
            remedy=f"Give this contract another touchstone.slug, or the id '{current.contract_id}' if it is that one.",
            code="slug_exists",
            field="slug",
        )
    other = (
        DataProduct.objects.filter(contracts__contract_id=document.contract_id, contracts__is_current=True)
        .exclude(slug=slug)
        .first()
    )
    if other is not None:
        raise ConflictError(
            f"Contract '{document.contract_id}' is registered as data product '{other.slug}', not as '{slug}'.",
            remedy=f"Keep touchstone.slug '{other.slug}', or give the contract of a new product an id of its own.",
            code="contract_exists",
            field="id",
        )
    return product


def _demand_alive(product: DataProduct, document: ContractDocument) -> None:
    if product.lifecycle == Lifecycle.RETIRED and document.lifecycle is not Lifecycle.RETIRED:
        raise ConflictError(
            f"Data product {product.slug} is retired; its contract cannot be registered with the status '{document.status}'.",
            remedy="Retired is final: register a new data product under another slug and contract id.",
            code="product_retired",
        )


def _waits(product: DataProduct) -> bool:
    """Whether nobody, or somebody provisionally, owns the product: it stays a draft until then."""
    return product.owner is None or product.owner_is_provisional


def _move(result: TakenIn, document: ContractDocument, actor: Person | None, now: datetime, *, waited: bool) -> list[str]:
    """Take the steps of life that the document's status asks for; a new product that starts deprecated is published first.

    waited: the product had no owner of its own when its contract was registered last.
    """
    product, target = result.product, document.lifecycle
    contract = product.contracts.filter(is_current=True).first()
    is_same_status = contract is not None and contract.status == document.status and not waited
    ends_at = document.deprecation_ends_at
    is_new_end = target is Lifecycle.DEPRECATED == Lifecycle(product.lifecycle) and ends_at != product.deprecation_ends_at
    if (is_same_status and not is_new_end) or (target == product.lifecycle and not is_new_end):
        if target != product.lifecycle:
            result.warnings.append(
                f"status: the contract says '{document.status}' as before, and the product stays {product.lifecycle}"
            )
        return []
    if _waits(product) and target is not Lifecycle.DRAFT:
        who = f"until {product.owner_name} acknowledges the product, or hands it over" if product.owner else "for an owner"
        result.warnings.append(f"status: '{document.status}' waits {who}; until then the product is a draft")
        return []
    if target is Lifecycle.DRAFT:
        result.warnings.append(f"status: '{document.status}' is passed over; a product that is {product.lifecycle} stays so")
        return []
    before, before_end = product.lifecycle, product.deprecation_ends_at
    if result.is_new and target is Lifecycle.DEPRECATED:
        publish_product(product=product, actor=actor, now=now)
    if target is Lifecycle.PUBLISHED:
        publish_product(product=product, actor=actor, now=now)
    elif target is Lifecycle.DEPRECATED:
        deprecate_product(product=product, ends_at=ends_at, actor=actor, now=now)
    else:
        retire_product(product=product, actor=actor, now=now)
    lines = [f"lifecycle: {before} -> {product.lifecycle}"] if before != product.lifecycle else []
    if before_end != product.deprecation_ends_at:
        lines.append(f"deprecation_ends_at: {before_end or 'none'} -> {product.deprecation_ends_at or 'none'}")
    return lines


def _put_policies(
    result: TakenIn, document: ContractDocument, actor: Person | None, *, publish_policies: bool, now: datetime
) -> None:
    product = result.product
    for claims in document.policies:
        newest = product.access_policies.filter(name=claims.name).order_by("-version").first()
        before = "none" if newest is None else _standing(newest)
        policy = draft_policy(product=product, claims=claims, actor=actor)
        if publish_policies and policy.status == PolicyStatus.DRAFT:
            publish_policy(policy=policy, actor=actor, now=now)
        if before != _standing(policy):
            result.changes.append(f"access policy {claims.name}: {before} -> {_standing(policy)}")
        if policy.status == PolicyStatus.DRAFT:
            result.warnings.append(f"access policy {claims.name}: v{policy.version} is a draft until governance publishes it")
    names = {claims.name for claims in document.policies}
    for policy in product.access_policies.exclude(status=PolicyStatus.WITHDRAWN).exclude(name__in=names):
        _remove_policy(policy, result, actor, now)


def _remove_policy(policy: AccessPolicy, result: TakenIn, actor: Person | None, now: datetime) -> None:
    if policy.status == PolicyStatus.PUBLISHED and not is_governance(actor):
        result.warnings.append(
            f"access policy {policy.name}: no longer in the contract; it stays in force until governance withdraws it"
        )
        return
    after = "deleted" if policy.status == PolicyStatus.DRAFT else "withdrawn"
    result.changes.append(f"access policy {policy.name}: v{policy.version} {policy.status} -> {after}")
    withdraw_policy(policy=policy, actor=actor, now=now)


def _standing(policy: AccessPolicy) -> str:
    return f"v{policy.version} {policy.status} ({policy.digest[:8]})"


def _version_warnings(product: DataProduct, document: ContractDocument) -> list[str]:
    contract = product.contracts.filter(is_current=True).first()
    if contract is None or not _is_before(document.version, contract.version):
        return []
    return [f"version: {contract.version} -> {document.version} goes backwards; consumers may take the contract for an old one"]


def _is_before(new: str, old: str) -> bool:
    """Whether version `new` comes before `old`, number by number; false where either has parts that are no numbers."""
    parts = [version.lstrip("vV").split(".") for version in (new, old)]
    if not all(part.isdecimal() and len(part) <= 50 for version in parts for part in version):
        return False
    for ours, theirs in zip_longest(*parts, fillvalue="0"):
        if int(ours) != int(theirs):
            return int(ours) < int(theirs)
    return False
