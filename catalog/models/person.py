"""Who can own, look after, ask and audit: Django's user under the catalog's name, so that it can grow fields later."""

import pghistory
from django.contrib.auth.models import AbstractUser


@pghistory.track(fields=["username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"])
class Person(AbstractUser):
    """A named person. An inactive person owns nothing: the `owner` gate fails."""

    class Meta(AbstractUser.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.get_full_name() or self.username
