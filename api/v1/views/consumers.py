"""Consumers: services, AI agents and AI models that ask, each with somebody who answers for it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_consumer, visible_consumers, with_key_count
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import FlagField, OptionalEmailField, OptionalTextField, TextField, choices
from catalog.models import Consumer
from catalog.rules.consumers import LONGEST_SLUG, LONGEST_URL, ConsumerClaims, ConsumerDetails
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity
from catalog.services.consumers import (
    change_consumer,
    details_of,
    hand_over_consumer,
    reactivate_consumer,
    register_consumer,
    retire_consumer,
    set_clearance,
    set_enforcement_point,
    suspend_consumer,
)


class ConsumerAnswer(ModelAnswer[Consumer]):
    kind = serializers.ChoiceField(choices(ConsumerKind))
    owner = serializers.CharField(source="owner.username", help_text="Who answers for it.")
    clearance = serializers.ChoiceField(choices(Sensitivity), help_text="The highest sensitivity that it may be given.")
    status = serializers.ChoiceField(choices(ConsumerStatus))
    keys = serializers.IntegerField(source="key_count", help_text="Its API keys that were not revoked.")

    class Meta:
        model = Consumer
        fields = [
            "slug",
            "name",
            "description",
            "kind",
            "owner",
            "clearance",
            "is_enforcement_point",
            "status",
            "contact_email",
            "webhook_url",
            "keys",
            "created_at",
            "updated_at",
        ]


class ConsumerQuery(StrictSerializer):
    kind = serializers.ChoiceField(choices(ConsumerKind), required=False)
    status = serializers.ChoiceField(choices(ConsumerStatus), required=False)
    owner = TextField(max_length=150, required=False, help_text="Username of who answers for it.")


class ConsumerChange(StrictSerializer):
    name = TextField(max_length=200)
    description = OptionalTextField(max_length=5000, required=False)
    contact_email = OptionalEmailField(max_length=254, required=False, help_text="Where notices go besides its owner.")
    webhook_url = OptionalTextField(max_length=LONGEST_URL, required=False, help_text="Where signed notices are posted: https.")


class ConsumerRequest(ConsumerChange):
    slug = TextField(max_length=LONGEST_SLUG, help_text="Its name in questions and decisions, for ever.")
    kind = serializers.ChoiceField(choices(ConsumerKind), help_text="service, ai_agent or ai_model: a person is one already.")
    owner = TextField(max_length=150, required=False, help_text="Who answers for it; you, unless governance says otherwise.")
    clearance = serializers.ChoiceField(
        choices(Sensitivity), default=Sensitivity.INTERNAL.value, help_text="Above internal: for governance."
    )


class ClearanceRequest(StrictSerializer):
    clearance = serializers.ChoiceField(choices(Sensitivity))


class EnforcementPointRequest(StrictSerializer):
    is_enforcement_point = FlagField(help_text="Whether it may ask about other consumers.")


class ConsumerAssignRequest(StrictSerializer):
    owner = TextField(max_length=150, help_text="Username of the active person who will answer for it.")


def consumer_claims(given: Mapping[str, Any]) -> ConsumerClaims:
    own = {"slug", "kind", "owner", "clearance"}
    details = ConsumerDetails(**{name: value for name, value in given.items() if name not in own})
    return ConsumerClaims(
        slug=given["slug"],
        kind=ConsumerKind(given["kind"]),
        details=details,
        owner=given.get("owner", ""),
        clearance=Sensitivity(given["clearance"]),
    )


LOOKUPS = {"kind": "kind", "status": "status", "owner": "owner__username"}


def shown(consumer: Consumer, *, status: int = 200) -> Response:
    return Response(ConsumerAnswer(with_key_count(consumer)).data, status=status)


class ConsumersView(ApiView):
    write_scope = Scope.ADMIN
    query = ConsumerQuery
    pagination_class = KeysetPagination
    keyset = ("slug",)

    @extend_schema(operation_id="list_consumers", responses=ConsumerAnswer(many=True), tags=["consumers"])
    def get(self, request: Request) -> Response:
        """The consumers that you answer for, by slug. Governance and auditors see all."""
        return self.page(self.matching(visible_consumers(self.actor), LOOKUPS), ConsumerAnswer)

    @extend_schema(
        operation_id="register_consumer", request=ConsumerRequest, responses={201: ConsumerAnswer}, tags=["consumers"]
    )
    def post(self, request: Request) -> Response:
        """Register a service, an AI agent or an AI model. You answer for it, unless governance names somebody else.

        A clearance above `internal` is for governance. Make its keys with POST /api/v1/consumers/{slug}/keys.
        """
        consumer = register_consumer(claims=consumer_claims(self.body(ConsumerRequest)), actor=self.actor)
        answer = shown(consumer, status=201)
        answer["Location"] = f"/api/v1/consumers/{consumer.slug}"
        return answer


class ConsumerView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="get_consumer", responses=ConsumerAnswer, tags=["consumers"])
    def get(self, request: Request, slug: str) -> Response:
        """One consumer."""
        return Response(ConsumerAnswer(find_consumer(self.actor, slug)).data)

    @extend_schema(operation_id="change_consumer", request=ConsumerChange, responses=ConsumerAnswer, tags=["consumers"])
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is said of a consumer: name, description, contact, webhook. Slug and kind never change."""
        consumer = find_consumer(self.actor, slug)
        details = replace(details_of(consumer), **self.body(ConsumerChange, partial=True))
        return shown(change_consumer(consumer=consumer, details=details, actor=self.actor))


class StatusView(ApiView):
    """A move of a consumer's status; `move` is the service behind it."""

    write_scope = Scope.ADMIN
    move: ClassVar[Callable[..., Consumer]]

    def post(self, request: Request, slug: str) -> Response:
        consumer = find_consumer(self.actor, slug)
        return shown(type(self).move(consumer=consumer, actor=self.actor))


class SuspendConsumerView(StatusView):
    move = staticmethod(suspend_consumer)

    @extend_schema(operation_id="suspend_consumer", request=None, responses=ConsumerAnswer, tags=["consumers"])
    def post(self, request: Request, slug: str) -> Response:
        """Take all power from its keys at once, as its owner or governance. Only governance gives it back."""
        return super().post(request, slug)


class ReactivateConsumerView(StatusView):
    move = staticmethod(reactivate_consumer)

    @extend_schema(operation_id="reactivate_consumer", request=None, responses=ConsumerAnswer, tags=["consumers"])
    def post(self, request: Request, slug: str) -> Response:
        """Let a suspended consumer ask again, as governance. Its keys that were not revoked work again."""
        return super().post(request, slug)


class RetireConsumerView(StatusView):
    move = staticmethod(retire_consumer)

    @extend_schema(operation_id="retire_consumer", request=None, responses=ConsumerAnswer, tags=["consumers"])
    def post(self, request: Request, slug: str) -> Response:
        """Take it out of use for ever, as its owner or governance. Its name is never given again."""
        return super().post(request, slug)


class ClearanceView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="set_clearance", request=ClearanceRequest, responses=ConsumerAnswer, tags=["consumers"])
    def post(self, request: Request, slug: str) -> Response:
        """Set the highest sensitivity that it may be given, as governance."""
        consumer = find_consumer(self.actor, slug)
        clearance = Sensitivity(self.body(ClearanceRequest)["clearance"])
        return shown(set_clearance(consumer=consumer, clearance=clearance, actor=self.actor))


class EnforcementPointView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(
        operation_id="set_enforcement_point", request=EnforcementPointRequest, responses=ConsumerAnswer, tags=["consumers"]
    )
    def post(self, request: Request, slug: str) -> Response:
        """Let it ask about other consumers, or no longer, as governance: a gateway that serves them. No AI gets that right."""
        consumer = find_consumer(self.actor, slug)
        return shown(set_enforcement_point(consumer=consumer, **self.body(EnforcementPointRequest), actor=self.actor))


class AssignConsumerView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="assign_consumer", request=ConsumerAssignRequest, responses=ConsumerAnswer, tags=["consumers"])
    def post(self, request: Request, slug: str) -> Response:
        """Make somebody else answer for it. Keys that only ask and read go on where governance does; all others are revoked.

        A key acts for the consumer's owner: who knows one must not get the rights of a person whom they name themselves.
        """
        consumer, owner = find_consumer(self.actor, slug), self.body(ConsumerAssignRequest)["owner"]
        return shown(hand_over_consumer(consumer=consumer, owner=owner, actor=self.actor))
