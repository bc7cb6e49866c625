"""From what somebody claims to the policy that is stored: what cannot hold is refused, with every fault that Cedar finds."""

from dataclasses import dataclass, replace

from catalog.cedar import InvalidCedarError, demand_free_annotations, demand_valid, read_policy
from catalog.models import DataProduct, Domain, Purpose
from catalog.rules.access_policy import InvalidAccessPolicyError, PolicySpec, obligations_from_json, validate_access_policy
from catalog.rules.cedar_text import NAMESPACE, quoted
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import Effect


@dataclass(frozen=True, slots=True)
class Scope:
    """What a policy is about: a product, or, for a guardrail, whatever its claims say."""

    product: DataProduct | None

    @property
    def slug(self) -> str | None:
        return None if self.product is None else self.product.slug

    def __str__(self) -> str:
        return "of the guardrails" if self.product is None else f"of data product {self.product.slug}"


def checked_policy(claims: PolicyClaims, scope: Scope) -> PolicySpec:
    """The policy that `claims` describe. Raises `InvalidError` for one that cannot hold, with every fault that Cedar finds."""
    try:
        policy = PolicySpec(
            effect=claims.effect,
            consumer_kinds=frozenset(claims.consumer_kinds),
            purposes=frozenset(claims.purposes),
            minimum_score=claims.minimum_score,
            obligations=obligations_from_json(claims.obligations),
            expires_at=claims.expires_at,
            agreement_required=claims.agreement_required,
            is_guardrail=scope.product is None,
            domain=claims.domain,
            minimum_sensitivity=claims.minimum_sensitivity,
            cedar=None if claims.cedar is None else claims.cedar.strip(),
        )
        if policy.cedar is not None:
            policy = replace(policy, effect=_effect_of_raw(policy.cedar, claims.name, scope))
        validate_access_policy(policy, list(Purpose.objects.values_list("name", flat=True)))
    except InvalidAccessPolicyError as error:
        raise InvalidError(
            f"The access policy '{claims.name}' is not valid. {error}",
            remedy="Correct the setting that is named and try again.",
            field=error.setting,
        ) from error
    if scope.product is not None and (policy.domain or policy.minimum_sensitivity):
        raise InvalidError(
            f"The access policy '{claims.name}' of data product {scope.slug} cannot name a domain or a sensitivity.",
            remedy="Leave them out, or ask governance for a guardrail.",
            field="domain" if policy.domain else "minimum_sensitivity",
        )
    return policy


def demand_cedar_holds(text: str, name: str) -> None:
    """Raise `InvalidError` with every fault that Cedar finds in the text of the policy `name` against the schema."""
    try:
        demand_valid(text)
    except InvalidCedarError as error:
        raise _refused(name, error) from error


def domain_of(claims: PolicyClaims) -> Domain | None:
    """The domain that a guardrail names. Raises `InvalidError` where there is none of that slug."""
    if claims.domain is None:
        return None
    found = Domain.objects.filter(slug=claims.domain).first()
    if found is None:
        raise InvalidError(
            f"There is no domain '{claims.domain[:80]}'.",
            remedy="Name the slug of a domain, or leave it out for all domains.",
            field="domain",
        )
    return found


def _effect_of_raw(text: str, name: str, scope: Scope) -> Effect:
    """What a text that governance wrote does, after making sure that it is one policy about what it is stored for."""
    try:
        read = read_policy(text)
        demand_free_annotations(read)
        demand_valid(text)
        if scope.product is None and read.effect is not Effect.FORBID:
            raise InvalidCedarError("A guardrail must be a forbid; what permits belongs to one data product.")
        if scope.product is not None and read.product != scope.slug:
            bound = f"resource == {NAMESPACE}::DataProduct::{quoted(scope.product.slug)}"
            raise InvalidCedarError(f"The scope of the policy must be bound to its data product by `{bound}`.")
    except InvalidCedarError as error:
        raise _refused(name, error) from error
    return read.effect


def _refused(name: str, error: InvalidCedarError) -> InvalidError:
    return InvalidError(
        f"The Cedar text of the policy '{name}' cannot be published.",
        remedy="Correct what is listed; GET /api/v1/policies/schema shows what a policy may speak about.",
        code="invalid_cedar",
        field="cedar",
        details=error.faults,
    )
