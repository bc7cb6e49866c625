"""Who can own, look after, ask and audit: Django's user under the catalog's name, so that it can grow fields later."""

from typing import ClassVar

import pghistory
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet

from catalog.rules.roles import PersonRole


class PersonManager(UserManager["Person"]):
    use_in_migrations = False

    def governance(self) -> "QuerySet[Person]":
        """Active people of the group that acts for governance."""
        return self.filter(is_active=True, groups__name=PersonRole.GOVERNANCE.value)


@pghistory.track(
    fields=["username", "first_name", "last_name", "email", "email_to_confirm", "is_active", "is_staff", "is_superuser"],
    model_name="PersonUsernameFirstNameLastNameEmailIsActiveIsStaffIsSuperuserEvent",  # the table's name, also in SQL
    obj_field=pghistory.ObjForeignKey(
        related_name="username_first_name_last_name_email_is_active_is_staff_is_superuser_events"
    ),
)
@pghistory.track(
    pghistory.UpdateEvent("password_changed", condition=pghistory.AnyChange("password")),
    fields=["username"],
    model_name="PersonPasswordEvent",
    obj_field=pghistory.ObjForeignKey(related_name="password_events"),
)
class Person(AbstractUser):
    """A named person. An inactive person owns nothing: the `owner` gate fails.

    The history has every change of an account, and that a password was changed: never the password, nor its hash.

    email: verified; accounts are told apart by it. email_to_confirm: was given and is not confirmed yet. Two accounts are one
    person by either, and two people by the verified one alone.
    """

    email_to_confirm = models.EmailField(
        "e-mail address to confirm",
        blank=True,
        help_text="Counts, in place of the one above, once the person has confirmed it. They get a mail with a link.",
    )

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta(AbstractUser.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def clean(self) -> None:
        """History and notices name who acted by username: no account takes one that names another there."""
        super().clean()
        history = type(self).pgh_event_models["insert"].objects  # type: ignore[attr-defined]  # set by pghistory
        of_others = history.filter(username__iexact=self.username).exclude(pgh_obj=self.pk)
        if self.username.lower() == "system" or of_others.exists():
            raise ValidationError({"username": "The history already uses this name for another account."})


@pghistory.track()
class Deputy(models.Model):
    """Who does, for an absence, what a person is asked to do for what they answer for: under their own name, with no role of
    the person's. ended_at: where it was ended before its time.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="deputy_of")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        verbose_name_plural = "deputies"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="deputy_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(person=F("deputy")), name="deputy_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.person} until {self.ends_at:%Y-%m-%d}"


pghistory.track()(Person.groups.through)
pghistory.track()(Person.user_permissions.through)
