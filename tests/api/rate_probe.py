"""A process of its own that asks `admit` about one key: `python -m tests.api.rate_probe DIGEST LIMIT ATTEMPTS`.

Prints how many of the attempts went on, and how many words it had with Valkey.
"""

import sys

import django

django.setup()

from api import throttling  # noqa: E402  needs the settings


def main() -> None:
    digest, limit, attempts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    words = 0
    take = throttling._shared.take

    def counted(digest: str, window: int, wanted: int, limit: int) -> int | None:
        nonlocal words
        words += 1
        return take(digest, window, wanted, limit)

    throttling._shared.take = counted  # type: ignore[method-assign]
    throttling.learn(digest, limit, is_charged=False)
    print(sum(throttling.admit(digest) is None for _ in range(attempts)), words)


main()
