"""What a request must hold (AuthZEN 1.0, sections 5 to 8): names, types and lengths. Unknown names are passed over, as it asks.

A null is the same as nothing, so a required name that is null is missing. The lengths are those that the log of answers keeps.
"""

from enum import StrEnum
from typing import Annotated, Any

import msgspec

LONGEST_TYPE, LONGEST_SUBJECT_ID, LONGEST_RESOURCE_ID = 80, 150, 200
Type = Annotated[str, msgspec.Meta(max_length=LONGEST_TYPE)]
SubjectId = Annotated[str, msgspec.Meta(max_length=LONGEST_SUBJECT_ID)]
ResourceId = Annotated[str, msgspec.Meta(max_length=LONGEST_RESOURCE_ID)]
Properties = dict[str, Any] | None


class Subject(msgspec.Struct, frozen=True):
    type: Type
    id: SubjectId
    properties: Properties = None


class Resource(msgspec.Struct, frozen=True):
    type: Type
    id: ResourceId
    properties: Properties = None


class Action(msgspec.Struct, frozen=True):
    name: Type
    properties: Properties = None


class Kind(msgspec.Struct, frozen=True):
    """What is searched for: its type. An id is not read at all: it must be ignored."""

    type: Type
    properties: Properties = None


class Evaluation(msgspec.Struct, frozen=True):
    subject: Subject
    action: Action
    resource: Resource
    context: Properties = None


class Semantic(StrEnum):
    """How far a batch is worked through."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"

    @property
    def last_decision(self) -> bool | None:
        """The first item with this decision is the last that is answered; None where all are."""
        return {Semantic.DENY_ON_FIRST_DENY: False, Semantic.PERMIT_ON_FIRST_PERMIT: True}.get(self)


class Options(msgspec.Struct, frozen=True):
    evaluations_semantic: Semantic | None = None


class Batch(msgspec.Struct, frozen=True):
    """Items with defaults. An item that is wrong in itself is an error of that item only, so items are read one by one."""

    evaluations: list[Any] | None = None
    options: Options | None = None
    subject: dict[str, Any] | None = None
    action: dict[str, Any] | None = None
    resource: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class Page(msgspec.Struct, frozen=True):
    token: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    properties: Properties = None


class SubjectSearch(msgspec.Struct, frozen=True):
    subject: Kind
    action: Action
    resource: Resource
    context: Properties = None
    page: Page | None = None


class ResourceSearch(msgspec.Struct, frozen=True):
    subject: Subject
    action: Action
    resource: Kind
    context: Properties = None
    page: Page | None = None


class ActionSearch(msgspec.Struct, frozen=True):
    subject: Subject
    resource: Resource
    context: Properties = None
    page: Page | None = None
