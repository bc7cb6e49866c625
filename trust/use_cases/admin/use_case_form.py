"""The form of a use case's claims and measures. It gives the service the whole of the claims; that says what changed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.utils.duration import duration_iso_string
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.admin.base import ServiceForm, WhyField
from catalog.admin.reach import person_of
from catalog.models import Measure, Person, Purpose, UseCase
from catalog.rules.errors import InvalidError
from catalog.rules.use_case import MeasureClaims, UseCaseClaims, UsedProduct
from catalog.rules.vocabulary import Autonomy, Better
from catalog.services.use_cases import claims_of, register_use_case, update_use_case
from trust.use_cases.queries.use_case_report import hidden_from

WORDS = (
    "description",
    "decision",
    "workflow",
    "system",
    "step",
    "fallback",
    "explainability_requirement",
    "explainability_met",
)
LONG = ("description", "decision", "fallback", "explainability_requirement", "explainability_met")
PEOPLE = ("business_owner", "outputs_owner", "exceptions_owner")
MEASURED = ("name", "better", "target", "unit", "interval", "owner", "description")


class SpanField(forms.DurationField):
    """A time such as P7D or PT36H; days and hours as `7 12:00:00` are understood, too."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, timedelta):
            return value
        return f"P{value.days}D" if value == timedelta(days=value.days) else duration_iso_string(value)


class LinesField(forms.CharField):
    """Names, one a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=20_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}), **options)

    def clean(self, value: Any) -> Any:
        """The names as they came, without empty lines."""
        return tuple(line.strip() for line in super().clean(value).splitlines() if line.strip())


def known_purposes() -> list[tuple[str, str]]:
    return [(name, name) for name in Purpose.objects.order_by("name").values_list("name", flat=True)]


class MeasureForm(forms.ModelForm):  # type: ignore[type-arg]
    """One measure, checked by the service that gets all of them."""

    interval = SpanField(help_text="How often a value must be reported: P7D, PT36H.")

    class Meta:
        model = Measure
        fields = MEASURED

    def _post_clean(self) -> None:
        """Nothing: a name that a retired measure has brings that one back."""


class MeasureFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def validate_unique(self) -> None:
        """The service does: it knows the measures that are retired."""


Measures = inlineformset_factory(UseCase, Measure, form=MeasureForm, formset=MeasureFormSet, extra=0)


class UseCaseForm(ServiceForm):
    """Registers a use case, or changes what is claimed of it. Who may, and what may be named, is said by the service."""

    purpose = forms.ChoiceField(choices=known_purposes, widget=UnfoldAdminSelectWidget)
    exceptions_within = SpanField(required=False, help_text="By when an exception must be closed: P2D, PT36H.")
    product_lines = LinesField(
        label="Data products", help_text="One a line, by slug: orders for any of its ports, orders/rows for one of them."
    )
    consumer_lines = LinesField(
        label="Consumers",
        help_text="One a line, by slug: agents, models and services that act in it. Their owners are notified.",
    )
    why = WhyField()

    class Meta:
        model = UseCase
        fields = [
            "slug",
            "name",
            "purpose",
            "autonomy",
            *PEOPLE,
            "exceptions_within",
            "explainability_required",
            *WORDS,
        ]
        widgets = {name: UnfoldAdminTextareaWidget(attrs={"rows": 3}) for name in LONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            claims = claims_of(self.instance)
            hidden = hidden_from(person_of(self.request), self.instance)
            self.initial["product_lines"] = "\n".join(str(one) for one in claims.products if one.product not in hidden)
            self.initial["consumer_lines"] = "\n".join(claims.consumers)

    def act(self, actor: Person, now: datetime) -> UseCase:
        data = self.cleaned_data
        if self.instance.pk is None:
            blank = UseCaseClaims(slug=data["slug"], name="", decision="", purpose="")
            return register_use_case(claims=self._claims(blank, actor), actor=actor, now=now, reason=data["why"])
        use_case = UseCase.objects.select_related(*PEOPLE).get(pk=self.instance.pk)
        claims = self._claims(claims_of(use_case), actor)
        update_use_case(use_case=use_case, claims=claims, actor=actor, now=now, reason=data["why"])
        return use_case

    def _claims(self, before: UseCaseClaims, actor: Person) -> UseCaseClaims:
        """What was sent. Drafts that `actor` may not see were not shown, and stay."""
        data = self.cleaned_data
        people: dict[str, Any] = {name: data[name].username if data[name] else None for name in PEOPLE}
        measures = Measures(self.data, instance=self.instance, prefix="measures")
        lines = tuple(_product(line) for line in data["product_lines"])
        hidden = hidden_from(actor, self.instance) if self.instance.pk else ()
        unseen = tuple(one for one in before.products if one.product in hidden and one not in lines)
        return replace(
            before,
            name=data["name"],
            purpose=data["purpose"],
            autonomy=Autonomy(data["autonomy"]),
            exceptions_within=data["exceptions_within"],
            explainability_required=data["explainability_required"],
            products=lines + unseen,
            consumers=data["consumer_lines"],
            measures=_measures(measures),
            **{name: _as_before(data[name], getattr(before, name)) for name in WORDS},
            **people,
        )


def _measures(formset: Any) -> tuple[MeasureClaims, ...]:
    """What is claimed with the rows that were sent. Raises `InvalidError` where one is incomplete."""
    if not formset.is_valid():
        raise InvalidError("The measures are not complete.", remedy="Correct those that are marked.", field="measures")
    given = [form.cleaned_data for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    return tuple(
        MeasureClaims(
            name=one["name"],
            target=one["target"],
            interval=one["interval"],
            owner=one["owner"].username,
            better=Better(one["better"]),
            unit=one["unit"],
            description=one["description"],
        )
        for one in given
    )


def _product(line: str) -> UsedProduct:
    slug, _, port = line.partition("/")
    return UsedProduct(slug, port or None)


def _as_before(text: str, before: str) -> str:
    """The text as the browser sent it, or the old one where only line ends and outer space differ: that is no change."""
    said = text.replace("\r\n", "\n")
    return before if said.strip() == before.strip() else said
