"""The entities of a question, each as short as it can be."""

from typing import Any


def subject(slug: str = "flight-planner", kind: str = "consumer", **others: Any) -> dict[str, Any]:
    return {"type": kind, "id": slug, **others}


def resource(slug: str = "orders", **others: Any) -> dict[str, Any]:
    return {"type": "data_product", "id": slug, **others}


def action(purpose: str | None = "ai.decision-support", name: str = "consume") -> dict[str, Any]:
    return {"name": name, **({"properties": {"purpose": purpose}} if purpose else {})}


def question(**changes: Any) -> dict[str, Any]:
    """A question that is answered with yes; `None` leaves an entity out."""
    asked = {"subject": subject(), "action": action(), "resource": resource(), **changes}
    return {name: value for name, value in asked.items() if value is not None}
