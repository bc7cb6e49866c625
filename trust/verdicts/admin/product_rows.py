"""What the pages of incidents and waivers share: rows that belong to a product within reach."""

from typing import Any

from django.http import HttpRequest

from catalog.admin.base import ServiceAdmin
from catalog.admin.reach import person_of, within_reach
from catalog.models import DataProduct


class ProductRowAdmin(ServiceAdmin):
    """Rows that belong to a product: only products within reach are offered."""

    product_path = "product"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "product":
            kwargs["queryset"] = within_reach(DataProduct.objects.defer("search"), person_of(request), path="pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
