"""The form of a product's claims. It gives the services the whole of the claims; they say what changed and who may."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.admin.base import ServiceForm, WhyField
from catalog.models import DataProduct, Person
from catalog.rules.claims import ProductClaims
from catalog.rules.vocabulary import Cadence, Sensitivity
from catalog.services.products import claims_of, create_product, update_product

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
        said = {name: _as_before(data[name], getattr(before, name)) for name in TEXTS}
        return replace(
            before,
            domain=data["domain"].name,
            owner=data["owner"].username,
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
