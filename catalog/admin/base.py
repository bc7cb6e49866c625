"""What all admin pages share: reading is a permission, writing is a service call, and evidence is only ever read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.forms import ActionForm
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.admin.reach import person_of, within_reach
from catalog.models import Person
from catalog.rules.errors import DomainError
from catalog.services.requests import LONGEST_REASON


class ReadingAdmin(ModelAdmin):
    """Nothing can be added, changed or deleted here, whoever asks. `product_path` leads from a row to its product."""

    product_path: ClassVar[str] = ""
    list_fullwidth = True
    compressed_fields = True
    list_filter_submit = False
    actions_on_top = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return within_reach(rows, person_of(request), path=self.product_path) if self.product_path else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LargeTableAdmin(ReadingAdmin):
    """For tables that grow for ever: never a `count(*)`, and an order that an index gives."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50


class WhyField(forms.CharField):
    """The reason of a change, which the history keeps beside who and when."""

    def __init__(self, **options: Any) -> None:
        given = {"required": False, "max_length": LONGEST_REASON, "label": "Why", "widget": UnfoldAdminTextInputWidget}
        super().__init__(**{**given, "help_text": "The reason for the change; it is kept in the history.", **options})


class ReasonForm(ActionForm):
    """The list's actions with a reason beside them, for those that need one."""

    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="",
        widget=UnfoldAdminTextInputWidget(
            {"placeholder": "Reason, to reject or revoke", "aria-label": "Reason, to reject or revoke"}
        ),
    )


class WaitingFilter(DropdownFilter):
    """Requests that the person signed in can answer: `waiting_for(person, now)` of the page that lists them."""

    title = "waits for"
    parameter_name = "waits_for"

    def __init__(self, request: HttpRequest, params: dict[str, list[str]], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.waiting_for: Callable[[Person, datetime], QuerySet[Any]] = model_admin.waiting_for

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "me":
            return queryset
        return queryset.filter(pk__in=self.waiting_for(person_of(request), timezone.now()).order_by().values("pk"))


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # the model differs from subclass to subclass
    """A form whose saving is a call of a service, in `act`; what the service refuses shows beside the field at fault.

    The service validates, so the model's own validation is left out: it would look at an instance that is not changed here.
    """

    request: ClassVar[HttpRequest]
    result: Model

    def act(self, actor: Person, now: datetime) -> Model:
        """Do what the form is for with `cleaned_data`; the row as it is then."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.result = self.act(person_of(self.request), timezone.now())
        except DomainError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))

    def save(self, commit: bool = True) -> Model:
        return self.result


class ServiceAdmin(ReadingAdmin):
    """Adds and changes through a `ServiceForm`. Who may is said by Django's permissions and, for each row, by `may_change`."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self._permission("add")))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if not request.user.has_perm(self._permission("change")):
            return False
        return obj is None or self.may_change(person_of(request), obj)

    def may_change(self, person: Person, obj: Any) -> bool:
        """Whether this row may be changed by `person`, who may change rows of this kind."""
        return True

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.request = request
        return form

    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        """The service has saved."""

    def save_related(self, request: HttpRequest, form: forms.Form, formsets: Any, change: bool) -> None:
        """The service has saved what belongs to the row, too; so `save_m2m`, which Django would call here, is not needed."""

    def _permission(self, action: str) -> str:
        return f"{self.opts.app_label}.{action}_{self.opts.model_name}"


def show_result(request: HttpRequest, action: Callable[[], str]) -> bool:
    """Whether `action` succeeded; says so on the next page, in its own words or in those of the refusal. One transaction."""
    try:
        with transaction.atomic():
            said = action()
    except DomainError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, said)
    return True
