"""Why a source cannot be looked at, as an exception that carries the `Failure` which the run will store."""

from trust.evidence.rules.evidence import Failure


class SourceProblemError(Exception):
    """A source that cannot be read, or must not be."""

    def __init__(self, code: str, message: str, remedy: str, *, retryable: bool = False) -> None:
        super().__init__(f"{message} {remedy}")
        self.failure = Failure(code, message, remedy, retryable)
