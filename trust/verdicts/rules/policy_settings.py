"""What every group of settings of the trust policy demands of its values, and how it refuses them."""

from datetime import timedelta

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=3660)


class InvalidTrustPolicyError(ValueError):
    """A trust policy that cannot judge. The message names the setting, its value, and what it may be."""


def demand(holds: bool, name: str, value: object, allowed: str) -> None:
    """Raise `InvalidTrustPolicyError` unless `holds`."""
    if not holds:
        raise InvalidTrustPolicyError(f"Trust policy setting {name} is {value}; it must be {allowed}.")


def demand_span(name: str, value: timedelta) -> None:
    """Raise `InvalidTrustPolicyError` unless `value` is 1 minute to 3660 days."""
    demand(_SHORTEST <= value <= _LONGEST, name, value, "a time from 1 minute to 3660 days")
