"""Purposes: why data is wanted, from a list that governance keeps."""

from catalog.models import Purpose
from catalog.rules.errors import InvalidError


def demand_known_purpose(name: str) -> None:
    """Raise `InvalidError` unless the purpose is on the controlled list."""
    known = list(Purpose.objects.values_list("name", flat=True))
    if name not in known:
        raise InvalidError(
            f"There is no purpose {name[:80]!r}.",
            remedy=f"Name one of {', '.join(known)}; governance can add others.",
            code="purpose_unknown",
            field="purpose",
        )
