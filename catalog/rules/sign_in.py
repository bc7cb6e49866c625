"""How long the next attempt to sign in has to wait, by what failed before. All numbers are our choice.

Three counts, each with its own back-off: an account from one address, an account from everywhere, an address for all accounts.
The second is short, and does not hold for an address from which the account has signed in before: without the password one can
slow an account down, but not lock its person out.
"""

from dataclasses import dataclass
from datetime import timedelta

FREE_TOGETHER, FREE_OF_ACCOUNT, FREE_OF_ADDRESS = 5, 20, 30
"""Failures after which each back-off begins."""
WINDOW = timedelta(hours=1)
"""Failures of an account or an address are counted that far back."""
FORGET_AFTER = timedelta(hours=24)
"""After which the failures of an account from one address count no more."""
KNOWN_FOR = timedelta(days=90)
"""An address is known to an account that long after it signed in from there."""
LONGEST = timedelta(minutes=15)
LONGEST_OF_ACCOUNT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed before an attempt, and how long ago the latest was; None where there was none."""

    together: int = 0
    since_together: timedelta | None = None
    of_account: int = 0
    since_of_account: timedelta | None = None
    of_address: int = 0
    since_of_address: timedelta | None = None
    is_known: bool = False


def back_off(failures: Failures) -> timedelta:
    """How long this attempt has to wait still; zero where it may be made now."""
    waits = [
        _left(failures.together - FREE_TOGETHER, timedelta(minutes=1), LONGEST, failures.since_together),
        _left(failures.of_address - FREE_OF_ADDRESS, timedelta(seconds=10), LONGEST, failures.since_of_address),
    ]
    if not failures.is_known:
        waits.append(
            _left(failures.of_account - FREE_OF_ACCOUNT, timedelta(seconds=2), LONGEST_OF_ACCOUNT, failures.since_of_account)
        )
    return max(waits)


def _left(beyond: int, first: timedelta, longest: timedelta, since: timedelta | None) -> timedelta:
    """The first wait, doubled with each further failure, less the time that has passed."""
    if beyond < 0 or since is None:
        return timedelta(0)
    doubled = first * (1 << min(beyond, 20))
    return max(timedelta(0), min(longest, doubled) - since)
