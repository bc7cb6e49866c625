"""Data products with their verdicts: the list, and the page that tells the whole story of one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.views import ChangeList as UnfoldChangeList
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, WhyField, show_result
from catalog.admin.claim_history import claim_history
from catalog.admin.reach import person_of
from catalog.models import DataProduct, Person
from catalog.rules.claims import ProductClaims
from catalog.rules.vocabulary import Cadence, Sensitivity
from catalog.services.permissions import can_look_after
from catalog.services.products import claims_of, create_product, update_product
from trust.evidence.models.run import Run
from trust.presentation.admin.badges import VERDICT_LABEL
from trust.presentation.pages.labels import GATES, VERDICTS, ago, number
from trust.verdicts.admin.filters import DomainFilter, GateFilter, MissingFilter, OwnerFilter, VerdictFilter
from trust.verdicts.admin.product_actions import DEEDS, judge_again, may_review, offered, run_now
from trust.verdicts.pages.label import label_of
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.rules.review import claims_digest
from trust.verdicts.services import judging

TEXTS = ("name", "version", "description", "purpose", "usage", "limitations")


class ProductForm(ServiceForm):
    why = WhyField()

    class Meta:
        model = DataProduct
        widgets = {
            **{name: UnfoldAdminTextareaWidget(attrs={"rows": 4}) for name in TEXTS[2:]},
            "tags": UnfoldAdminTextInputWidget,
        }
        fields = ["slug", "domain", "owner", "stewards", "tags", "sensitivity", "cadence", *TEXTS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sensitivity" in self.fields:
            field = self.fields["sensitivity"]
            field.required = False
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", "unclassified"), *((word.value, word.value) for word in Sensitivity)]

    def act(self, actor: Person, now: datetime) -> DataProduct:
        data = self.cleaned_data
        if self.instance.pk is None:
            return create_product(claims=self._claims(ProductClaims(data["slug"], "", "", "")), actor=actor, now=now)
        product = DataProduct.objects.select_related("domain", "owner").get(pk=self.instance.pk)
        update_product(product=product, claims=self._claims(claims_of(product)), actor=actor, reason=data["why"])
        return product

    def _claims(self, before: ProductClaims) -> ProductClaims:
        data = self.cleaned_data
        said: dict[str, Any] = {name: _as_before(data[name], getattr(before, name)) for name in TEXTS}
        return replace(
            before,
            domain=data["domain"].name,
            owner=data["owner"].username if data["owner"] else "",
            stewards=tuple(sorted(person.username for person in data["stewards"])),
            tags=tuple(data["tags"] or ()),
            sensitivity=Sensitivity(data["sensitivity"]) if data["sensitivity"] else None,
            cadence=Cadence(data["cadence"]),
            **said,
        )


def _as_before(text: str, before: str) -> str:
    """The text as the browser sent it, or the old one where only line ends and outer space differ: that is no change."""
    said = text.replace("\r\n", "\n")
    return before if said.strip() == before.strip() else said


class FreshChangeList(UnfoldChangeList):
    """Judges what is stale among the rows to be shown, then reads them: no list shows an old verdict.

    A list by verdict judges nothing: what is stale counts as unknown there, as on the desk, until it is judged again.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if VerdictFilter.parameter_name in self.params:
            return
        judging.ensure_current(product_ids=list(self.result_list.values_list("pk", flat=True)), now=timezone.now())


@admin.register(DataProduct)
class DataProductAdmin(ServiceAdmin):
    form = ProductForm
    product_path = "pk"
    list_display = ["name_and_slug", "verdict", "score", "evidence_age", "open_gates", "owner", "sensitivity_word", "lifecycle"]
    list_display_links = ["name_and_slug"]
    list_filter = [
        VerdictFilter,
        GateFilter,
        ("sensitivity", ChoicesDropdownFilter),
        OwnerFilter,
        DomainFilter,
        ("lifecycle", ChoicesDropdownFilter),
        MissingFilter,
    ]
    search_fields = ["slug"]
    search_help_text = "Words of the name, description or purpose, or the beginning of a slug"
    autocomplete_fields = ["owner", "stewards"]
    ordering = ["slug"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["run_chosen", "judge_chosen"]
    change_form_outer_before_template = "touchstone/admin/product_story.html"
    fieldsets = [
        ("Claims", {"fields": [("name", "version"), ("domain", "tags"), ("owner", "stewards"), ("sensitivity", "cadence")]}),
        ("In words", {"fields": [name for name in TEXTS if name not in {"name", "version"}]}),
        ("Why", {"fields": ["why"]}),
    ]
    add_fieldsets = [("New data product", {"fields": ["name", *(name for name in ProductForm.Meta.fields if name != "name")]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataProduct]:
        rows = super().get_queryset(request).select_related("domain", "owner", "current_verdict")
        return rows.defer("search", "current_verdict__body")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FreshChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[DataProduct], search_term: str
    ) -> tuple[QuerySet[DataProduct], bool]:
        if not (words := search_term.replace("\0", "").strip()):
            return queryset, False
        found = Q(search=SearchQuery(words, search_type="websearch", config="english")) | Q(slug__startswith=words.lower())
        return queryset.filter(found), False

    def may_change(self, person: Person, obj: Any) -> bool:
        return isinstance(obj, DataProduct) and obj.lifecycle != "retired" and can_look_after(person, obj)

    # The list

    @display(description="Product", header=True, ordering="slug")
    def name_and_slug(self, product: DataProduct) -> list[str]:
        return [product.name, product.slug]

    @display(description="Verdict", label=VERDICT_LABEL, ordering="current_verdict__verdict")
    def verdict(self, product: DataProduct) -> str:
        return VERDICTS[product.current_verdict.verdict_at(timezone.now())].word

    @display(description="Score", ordering="current_verdict__effective_score")
    def score(self, product: DataProduct) -> str:
        return f"{number(product.current_verdict.effective_score)}\u00a0{product.current_verdict.grade}"

    @display(description="Evidence", ordering="current_verdict__evidence_at")
    def evidence_age(self, product: DataProduct) -> str:
        moment = product.current_verdict.evidence_at
        return ago(moment, timezone.now()).replace(" ", "\u00a0") if moment else "none yet"

    @display(description="Failing gates")
    def open_gates(self, product: DataProduct) -> str:
        if not product.current_verdict.is_current(timezone.now()):
            return "to be judged again"
        titles = [GATES.get(gate, gate) for gate in product.current_verdict.failing_gates]
        return ", ".join(titles[:2]) + (f" and {len(titles) - 2} more" if len(titles) > 2 else "") if titles else "none"

    @display(description="Sensitivity", ordering="sensitivity")
    def sensitivity_word(self, product: DataProduct) -> str:
        return product.sensitivity or "unclassified"

    # What can be done

    def has_actions_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("catalog.change_dataproduct"))

    @action(description="Run now", permissions=["actions"])
    def run_chosen(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> None:
        for product in queryset:
            show_result(request, lambda product=product: run_now(product, person_of(request), timezone.now()))  # type: ignore[misc]

    @action(description="Re-evaluate", permissions=["actions"])
    def judge_chosen(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> None:
        for product in queryset:
            show_result(request, lambda product=product: judge_again(product, person_of(request), timezone.now()))  # type: ignore[misc]

    def get_urls(self) -> list[URLPattern]:
        action_path = path("<int:pk>/do/<slug:name>/", self.admin_site.admin_view(self.do), name="catalog_dataproduct_do")
        return [action_path, *super().get_urls()]

    def do(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """One action, by POST only: a link must not change anything."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        product = self.get_queryset(request).filter(pk=pk).first()
        if product is None or name not in DEEDS or not self.has_view_permission(request, product):
            raise Http404
        person = person_of(request)
        seen = str(request.POST.get("seen", ""))
        show_result(request, lambda: DEEDS[name].act(product, person, timezone.now(), seen))
        return redirect("admin:catalog_dataproduct_change", pk)

    # The page of one product

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        product = kwargs.get("obj")
        if isinstance(product, DataProduct):
            context.update(self._story(request, product, timezone.now()))
        return super().render_change_form(request, context, *args, **kwargs)

    def _story(self, request: HttpRequest, product: DataProduct, now: datetime) -> Mapping[str, Any]:
        judging.ensure_current(product_ids=[product.pk], now=now)
        review = review_status(product.pk, now)
        runs = Run.objects.filter(port__product=product).select_related("port", "suite").order_by("-requested_at", "id")
        return {
            "now": now,
            "product": product,
            "label": label_of(product, now),
            "review": review,
            "review_seen": claims_digest(review.claims),
            "offered_actions": offered(person_of(request), product),
            "may_review": may_review(person_of(request), product),
            "runs": list(runs.defer("suite__expectations", "columns", "figures")[:10]),
            "ports": list(product.output_ports.all()),
            "policies": list(product.access_policies.order_by("name", "-version")[:30]),
            "contract": product.contracts.filter(is_current=True).defer("original").first(),
            "claim_history": claim_history(product),
        }
