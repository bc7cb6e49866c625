"""What governance reviewed, beside what is claimed today; and the review itself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.v1.base import ApiView, StrictSerializer
from api.v1.fields import OptionalTextField
from api.v1.views.products import ProductAnswer, product_answer
from catalog.rules.scopes import Scope
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.rules.review import claims_digest
from trust.verdicts.services.reviews import review_product


class ReviewDifferenceAnswer(serializers.Serializer[Any]):
    subject = serializers.CharField(help_text="What is claimed, such as `port rows, field amount`.")
    before = serializers.CharField(help_text="As it was reviewed.")
    after = serializers.CharField(help_text="As it is claimed today.")
    is_looser = serializers.BooleanField(
        help_text="Not shown to ask for as much as before: the gate `review` waits for governance."
    )


class ReviewAnswer(serializers.Serializer[Any]):
    product = serializers.CharField()
    reviewed_at = serializers.DateTimeField(allow_null=True, help_text="null: governance has never reviewed the product.")
    reviewed_by = serializers.CharField(allow_null=True)
    is_recorded = serializers.BooleanField(
        help_text="Whether it is known what the last review was about; without it there are no differences to show."
    )
    claims_digest = serializers.CharField(help_text="SHA-256, hex, of what is claimed today. A review may name it in `seen`.")
    differences = ReviewDifferenceAnswer(many=True, help_text="Those that ask for less first.")


class ReviewRequest(StrictSerializer):
    seen = OptionalTextField(
        required=False,
        default="",
        max_length=64,
        help_text="`claims_digest` of what you have read; where the product has changed since, the review is refused.",
    )


class ReviewView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="get_review", responses=ReviewAnswer, tags=["products"])
    def get(self, request: Request, slug: str) -> Response:
        """What changed since governance last reviewed the product: each claim as it was reviewed and as it is today."""
        product = find_product(self.actor, slug)
        status = review_status(product.pk, self.now)
        shown = {
            "product": product.slug,
            "reviewed_at": product.reviewed_at,
            "reviewed_by": product.reviewed_by.username if product.reviewed_by else None,
            "is_recorded": status.is_recorded,
            "claims_digest": claims_digest(status.claims),
            "differences": status.differences,
        }
        return Response(ReviewAnswer(shown).data)

    @extend_schema(operation_id="review_product", request=ReviewRequest, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Record that governance has reviewed the product as it is claimed now."""
        seen = self.body(ReviewRequest)["seen"]
        review_product(product=find_product(self.actor, slug), actor=self.actor, now=self.now, seen=seen)
        return Response(product_answer(self, slug))
