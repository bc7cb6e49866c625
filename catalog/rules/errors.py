"""What can be wrong with a request, in words that its reader can act on. Only HTTP and the command line map these."""

from collections.abc import Sequence


class DomainError(Exception):
    """Something cannot be done. `code` is stable, `message` says what happened to what, `remedy` what to do next.

    `field` names the argument at fault where there is one; `details` holds further faults of the same request, a line each.
    """

    code = "refused"

    def __init__(
        self, message: str, *, remedy: str, code: str | None = None, field: str | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or self.code
        self.field = field
        self.details = tuple(details)

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, *self.details, self.remedy) if part)


class NotFoundError(DomainError):
    """What the request names does not exist, or its asker may not know that it does."""

    code = "not_found"


class InvalidError(DomainError):
    """The request says something that cannot be."""

    code = "invalid"


class TooLargeError(DomainError):
    """The request holds more than Touchstone keeps; the message names the limit."""

    code = "too_large"


class ConflictError(DomainError):
    """The request is well formed, but not in this state: a slug that exists, a run on a retired product."""

    code = "conflict"


class ForbiddenError(DomainError):
    """The actor may not do this."""

    code = "forbidden"


class UnavailableError(DomainError):
    """Nothing is wrong with the request; what it needs is missing at the moment, and the same request may succeed later."""

    code = "unavailable"
