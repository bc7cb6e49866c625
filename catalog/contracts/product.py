"""The product behind a contract: names, owner, stage of life, sensitivity, inputs and access policies."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar

from django.utils.text import slugify
from open_data_contract_standard.model import OpenDataContractStandard

from catalog.contracts.findings import Findings
from catalog.contracts.settings import Settings
from catalog.contracts.team import TeamClaims
from catalog.rules.access_policy import InvalidAccessPolicyError, access_policy_from_dict
from catalog.rules.claims import InputClaims, PolicyClaims, ProductClaims
from catalog.rules.obligation import sorted_obligations
from catalog.rules.vocabulary import Cadence, ConsumerKind, Lifecycle, Sensitivity

Word = TypeVar("Word", bound=StrEnum)

LIFECYCLE_OF = {
    "active": Lifecycle.PUBLISHED,
    "published": Lifecycle.PUBLISHED,
    "production": Lifecycle.PUBLISHED,
    "draft": Lifecycle.DRAFT,
    "proposed": Lifecycle.DRAFT,
    "development": Lifecycle.DRAFT,
    "deprecated": Lifecycle.DEPRECATED,
    "retired": Lifecycle.RETIRED,
}
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_POLICY_KEYS = {
    "effect": "effect",
    "consumerKinds": "consumer_kinds",
    "purposes": "purposes",
    "minimumScore": "minimum_score",
    "obligations": "obligations",
    "expiresAt": "expires_at",
    "agreementRequired": "agreement_required",
}


def read_product(contract: OpenDataContractStandard, team: TeamClaims, settings: Settings, findings: Findings) -> ProductClaims:
    """The claims about the product itself."""
    description = contract.description
    objects = contract.schema_ or []
    if not (contract.domain or "").strip():
        findings.warn("domain", "is missing; the product goes to the domain 'Unassigned'")
    sensitivity = read_word(Sensitivity, settings.text("sensitivity"), settings, "sensitivity", findings)
    if sensitivity is None:
        findings.warn("customProperties", "touchstone.sensitivity is missing; the gate 'sensitivity' fails without it")
    slug = read_slug(contract, settings, findings)
    return ProductClaims(
        slug=slug,
        name=(contract.name or contract.dataProduct or slug).strip()[:200],
        domain=(contract.domain or "").strip() or "Unassigned",
        owner=team.owner,
        stewards=tuple(sorted(team.stewards)),
        version=contract.version or "",
        description=(objects[0].description or "").strip() if len(objects) == 1 else "",
        purpose=(description.purpose or "").strip() if description else "",
        limitations=(description.limitations or "").strip() if description else "",
        usage=(description.usage or "").strip() if description else "",
        tags=tuple(dict.fromkeys(tag.strip() for tag in contract.tags or () if tag.strip())),
        sensitivity=sensitivity,
        cadence=read_word(Cadence, settings.text("cadence"), settings, "cadence", findings) or Cadence.SCHEDULED,
    )


def read_slug(contract: OpenDataContractStandard, settings: Settings, findings: Findings) -> str:
    """touchstone.slug as it is, else the data product's name, else the contract's name, else its id, made into a slug, else
    one made of the digest of the id."""
    slug = settings.text("slug")
    if slug:
        if not _SLUG.fullmatch(slug) or len(slug) > 80:
            findings.fault(settings.path("slug"), f"'{slug[:80]}' is not a slug; use a-z, 0-9 and single dashes, 80 at most")
        return slug
    for name in (contract.dataProduct, contract.name, contract.id):
        if made := slugify(name or "")[:80].strip("-_"):
            return made
    made = f"contract-{sha256((contract.id or '').encode()).hexdigest()[:12]}"
    findings.warn("customProperties", f"dataProduct, name and id have no letter or digit to make a slug of; it is '{made}'")
    return made


def read_lifecycle(contract: OpenDataContractStandard, findings: Findings) -> Lifecycle:
    """The stage of life that the contract's free text status stands for; a draft where it is unknown."""
    lifecycle = LIFECYCLE_OF.get((contract.status or "").strip().lower())
    if lifecycle is None:
        said = f"'{contract.status}' is unknown and" if contract.status else "is missing and"
        findings.warn("status", f"{said} taken as draft; known are {', '.join(LIFECYCLE_OF)}")
    return lifecycle or Lifecycle.DRAFT


def read_inputs(settings: Settings, findings: Findings) -> tuple[InputClaims, ...]:
    """touchstone.inputPorts: `[{product: <slug>, required: true}]`."""
    found: dict[str, InputClaims] = {}
    for path, entry in settings.mappings("inputPorts"):
        product, required = entry.get("product"), entry.get("required", True)
        if not isinstance(product, str) or not product.strip() or not isinstance(required, bool):
            findings.fault(path, "must have `product`, a slug, and may have `required`, true or false")
        elif product in found:
            findings.fault(path, f"names the input '{product}' a second time")
        else:
            found[product] = InputClaims(product.strip(), required)
        _report_unknown(entry, {"product", "required"}, path, findings)
    return tuple(found.values())


def read_policies(settings: Settings, findings: Findings) -> tuple[PolicyClaims, ...]:
    """touchstone.accessPolicies. Whether the purposes exist is looked up when the contract is registered."""
    found: dict[str, PolicyClaims] = {}
    for path, entry in settings.mappings("accessPolicies"):
        _report_unknown(entry, {"name", *_POLICY_KEYS}, path, findings)
        name = slugify(str(entry.get("name") or ""))
        if not name or name in found:
            findings.fault(path, f"must have a name of its own; '{entry.get('name') or ''}' is missing or taken")
            continue
        try:
            given = {ours: entry[theirs] for theirs, ours in _POLICY_KEYS.items() if theirs in entry}
            # Left out means every kind, written out: a kind that is added to Touchstone later is not let in by an old policy.
            policy = access_policy_from_dict({"consumer_kinds": list(ConsumerKind), **given})
        except InvalidAccessPolicyError as error:
            findings.fault(path, str(error))
            continue
        score = policy.minimum_score
        if score is not None and score != int(score):
            findings.fault(path, f"minimumScore is {score}; give a whole number from 0 to 100")
            continue
        if policy.expires_at is not None and not _is_moment(policy.expires_at):
            findings.fault(path, f"expiresAt is {policy.expires_at}; give its offset from UTC, such as 2027-01-31T00:00:00Z")
            continue
        found[name] = PolicyClaims(
            name=name,
            effect=policy.effect,
            consumer_kinds=tuple(sorted(policy.consumer_kinds)),
            purposes=tuple(sorted(policy.purposes)),
            minimum_score=None if score is None else int(score),
            obligations=tuple(one.as_written() for one in sorted_obligations(policy.obligations)),
            expires_at=policy.expires_at,
            agreement_required=policy.agreement_required,
        )
    return tuple(found.values())


def read_moment(settings: Settings, key: str, findings: Findings) -> datetime | None:
    """A setting as a moment in UTC; a bare date is its first moment. None where it is not given."""
    text = settings.text(key)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        findings.fault(settings.path(key), f"is '{text[:40]}'; give a time such as 2027-01-31T00:00:00Z")
        return None


def read_word(words: type[Word], text: str, settings: Settings, key: str, findings: Findings) -> Word | None:
    """One of a closed set of words, in any case; None where it is not given or, as a fault, not one of them."""
    if not text:
        return None
    try:
        return words(text.lower())
    except ValueError:
        findings.fault(settings.path(key), f"is '{text[:40]}'; it must be one of {', '.join(words)}")
        return None


def _is_moment(time: datetime) -> bool:
    """Whether `time` has an offset and is a time in UTC too, which one at the very end of the calendar is not."""
    try:
        return time.tzinfo is not None and time.astimezone(UTC).tzinfo is UTC
    except OverflowError:
        return False


def _report_unknown(entry: dict[str, Any], known: set[str], path: str, findings: Findings) -> None:
    for key in sorted(set(entry) - known):
        findings.fault(f"{path}.{key}", f"is an unknown setting here; known are {', '.join(sorted(known))}")
