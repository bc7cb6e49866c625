"""Use cases: registered, changed, acknowledged by their business owners; obligations confirmed by the owners of consumers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.use_cases import (
    ConfirmationAnswer,
    ConfirmationRequest,
    UseCaseAnswer,
    UseCaseChange,
    UseCaseEntry,
    UseCaseQuery,
    UseCaseRequest,
    use_case_claims,
    with_claims,
)
from catalog.models import Consumer, DataProduct, Measure, UseCase, UseCaseProduct
from catalog.queries import visible_products, visible_use_cases
from catalog.rules.errors import InvalidError
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Lifecycle, UseCaseStage
from catalog.services.use_cases import acknowledge_use_case, claims_of, confirm_obligation, register_use_case, update_use_case
from trust.messages import enqueue_deliveries
from trust.models import Readiness, StageMove
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.queries.use_case_report import hidden_from
from trust.use_cases.services.readiness import current_readiness
from trust.use_cases.services.stages import end_overrides
from trust.vocabulary import Gap, ReadinessLevel, StageMoveStatus


@dataclass(frozen=True, slots=True)
class ReadinessInShort:
    """The newest assessment. From `valid_until` on the level is `unknown`: what it was found on may have changed."""

    level: ReadinessLevel
    weakest: Gap
    open_gaps: tuple[Gap, ...]
    assessed_at: datetime
    valid_until: datetime


def with_status(use_cases: Sequence[UseCase], now: datetime) -> Sequence[UseCase]:
    """The same use cases, each with its last `approval`, the `overrides` in force and its newest `readiness`.

    Three queries, however many use cases there are.
    """
    keys = [use_case.pk for use_case in use_cases]
    approvals = _approvals(keys)
    in_force = overrides(keys)
    assessments = {pk: _in_short(row, now) for pk, row in current_readiness(keys, now).items()}
    for use_case in use_cases:
        approval = approvals.get(use_case.pk) if UseCaseStage(use_case.stage).needs_readiness else None
        vars(use_case).update(approval=approval, overrides=in_force[use_case.pk], readiness=assessments.get(use_case.pk))
    return use_cases


def _approvals(keys: Sequence[int]) -> dict[int, StageMove]:
    """The newest move of each up to a stage that needs an approver."""
    moves = StageMove.objects.filter(
        use_case__in=keys,
        status=StageMoveStatus.DONE,
        to_stage__in=[stage for stage in UseCaseStage if stage.needs_readiness],
    ).exclude(from_stage=UseCaseStage.PRODUCTION)
    newest = moves.select_related("decided_by").order_by("use_case_id", "-id").distinct("use_case_id")
    return {move.use_case_id: move for move in newest}


def _in_short(row: Readiness, now: datetime) -> ReadinessInShort:
    return ReadinessInShort(
        level=ReadinessLevel(row.level) if now < row.valid_until else ReadinessLevel.UNKNOWN,
        weakest=Gap(row.weakest),
        open_gaps=tuple(Gap(gap) for gap in row.open_gaps),
        assessed_at=row.assessed_at,
        valid_until=row.valid_until,
    )


MOST_WORDS = 10
Row = TypeVar("Row", Consumer, DataProduct)


def shown(view: ApiView, key: int, *, status: int = 200) -> Response:
    """The use case as it is after a change, for whoever was allowed to make that: they may no longer see it."""
    rows = UseCase.objects.select_related("business_owner", "outputs_owner", "exceptions_owner", "acknowledged_by")
    use_case = rows.prefetch_related(
        "consumers",
        Prefetch(
            "products",
            UseCaseProduct.objects.select_related("product", "port").defer("product__search").order_by("product__slug", "pk"),
        ),
        Prefetch("measures", Measure.objects.select_related("owner")),
    ).get(pk=key)
    with_status([use_case], view.now)
    headers = {"Location": f"/api/v1/use-cases/{use_case.slug}"} if status == 201 else None
    has_drafts = any(one.product.lifecycle == Lifecycle.DRAFT for one in use_case.products.all())
    hidden = hidden_from(view.actor, use_case) if has_drafts else ()
    return Response(UseCaseAnswer(use_case, context={"hidden": hidden}).data, status=status, headers=headers)


def matching(rows: QuerySet[UseCase], parameters: dict[str, Any]) -> QuerySet[UseCase]:
    """Those that match every filter. Retired ones only where `stage` asks for them."""
    stage = Q(stage=parameters["stage"]) if "stage" in parameters else ~Q(stage=UseCaseStage.RETIRED)
    rows = rows.filter(stage)
    if "business_owner" in parameters:
        rows = rows.filter(business_owner__username=parameters["business_owner"])
    for word in parameters.get("q", "").split()[:MOST_WORDS]:
        rows = rows.filter(Q(slug__icontains=word) | Q(name__icontains=word) | Q(decision__icontains=word))
    return rows


class UseCasesView(ApiView):
    query = UseCaseQuery
    pagination_class = KeysetPagination
    keyset = ("slug",)

    @extend_schema(operation_id="list_use_cases", responses=UseCaseEntry(many=True), tags=["use-cases"])
    def get(self, request: Request) -> Response:
        """Use cases that you may see, by slug: you are named in them, or own one of their consumers or products.

        Governance and auditors see all. All filters must match.
        """
        paginator = KeysetPagination()
        end_overrides(now=self.now)
        rows = visible_use_cases(self.actor).select_related("business_owner")
        page = paginator.paginate_queryset(matching(rows, self.parameters), request, self)
        return paginator.get_paginated_response(UseCaseEntry(with_status(page, self.now), many=True).data)

    @extend_schema(operation_id="register_use_case", request=UseCaseRequest, responses={201: UseCaseAnswer}, tags=["use-cases"])
    def post(self, request: Request) -> Response:
        """Register a use case at the stage `idea`. You own its decision, unless governance names somebody else."""
        given = self.body(UseCaseRequest)
        claims = use_case_claims(given, business_owner=self.actor.username)
        use_case = register_use_case(claims=claims, actor=self.actor, now=self.now, reason=given["reason"])
        transaction.on_commit(enqueue_deliveries)
        return shown(self, use_case.pk, status=201)


class UseCaseView(ApiView):
    @extend_schema(operation_id="get_use_case", responses=UseCaseAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """One use case: what is claimed, its stage and who approved that, overrides in force, and its readiness in short."""
        return shown(self, find_use_case(self.actor, slug).pk)

    @extend_schema(operation_id="update_use_case", request=UseCaseChange, responses=UseCaseAnswer, tags=["use-cases"])
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is claimed, as its business owner or governance. All but name and description voids the acknowledgement.

        A measure that is left out of `measures` is deleted where no value was reported for it; else it is retired, which needs
        a `reason`.
        """
        given = self.body(UseCaseChange)
        with transaction.atomic():  # two changes at once must not undo one another
            use_case = find_use_case(self.actor, slug, is_to_change=True)
            before = claims_of(use_case)
            claims = with_claims(before, given)
            if "products" in given:  # drafts of others were not shown, and stay
                hidden = hidden_from(self.actor, use_case)
                unseen = [one for one in before.products if one.product in hidden and one not in claims.products]
                claims = replace(claims, products=(*claims.products, *unseen))
            update_use_case(use_case=use_case, claims=claims, actor=self.actor, now=self.now, reason=given.get("reason", ""))
        transaction.on_commit(enqueue_deliveries)
        return shown(self, use_case.pk)


class AcknowledgeUseCaseView(ApiView):
    write_scope = Scope.ADMIN  # a person answers for the decision: no machine says so in their name
    is_personal = True

    @extend_schema(operation_id="acknowledge_use_case", request=None, responses=UseCaseAnswer, tags=["use-cases"])
    def post(self, request: Request, slug: str) -> Response:
        """Say as its business owner: this decision is mine, and what is claimed here is right."""
        use_case = find_use_case(self.actor, slug)
        acknowledge_use_case(use_case=use_case, actor=self.actor, now=self.now)
        return shown(self, use_case.pk)


class ConfirmationsView(ApiView):
    write_scope = Scope.ADMIN  # a person says how an obligation is met, not the machine that is bound by it
    is_personal = True
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_confirmations", responses=ConfirmationAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Obligations that the owners of the consumers have confirmed. Which there are is told by the readiness."""
        rows = find_use_case(self.actor, slug).confirmations.select_related("consumer", "product", "confirmed_by")
        rows = rows.filter(product__in=visible_products(self.actor).order_by().values("pk"))
        return self.page(rows.defer("product__search"), ConfirmationAnswer)

    @extend_schema(
        operation_id="confirm_obligation",
        request=ConfirmationRequest,
        responses={201: ConfirmationAnswer},
        tags=["use-cases"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Say as the owner of a consumer how it meets an obligation with a product. Saying it again renews it."""
        given = self.body(ConfirmationRequest)
        use_case = find_use_case(self.actor, slug)
        confirmation = confirm_obligation(
            use_case=use_case,
            consumer=_named(use_case.consumers.select_related("owner"), "consumer", given["consumer"]),
            product=_named(DataProduct.objects.filter(used_by__use_case=use_case).distinct(), "product", given["product"]),
            obligation=given["obligation"],
            how=given["how"],
            actor=self.actor,
            now=self.now,
        )
        return Response(ConfirmationAnswer(confirmation).data, status=201)


def _named(rows: QuerySet[Row], field: str, slug: str) -> Row:
    row = rows.filter(slug=slug).first()
    if row is None:
        raise InvalidError(
            f"The use case names no {field} {slug[:80]}.",
            remedy="GET /api/v1/use-cases/{slug} lists those that it names.",
            field=field,
        )
    return row
