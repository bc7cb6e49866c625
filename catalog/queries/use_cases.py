"""Who may know of which use case: whoever answers for a part of it, and whoever sees everything."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Consumer, Measure, Person, UseCase, UseCaseProduct
from catalog.models.product import is_looked_after_by
from catalog.queries.visibility import is_insider


def visible_use_cases(person: Person) -> QuerySet[UseCase]:
    """All for governance and auditors; else those in which `person` is named (as business owner, for outputs, exceptions or a
    measure), and those with a consumer that they own or a product that they own or look after. One statement.
    """
    rows = UseCase.objects.all()
    if not person.is_active:
        return rows.none()
    if person.is_superuser:
        return rows
    consumers = Consumer.objects.filter(use_cases=OuterRef("pk"), owner=person)
    measures = Measure.objects.filter(use_case=OuterRef("pk"), retired_at=None, owner=person)
    uses = UseCaseProduct.objects.filter(use_case=OuterRef("pk"))
    return rows.filter(
        Q(business_owner=person)
        | Q(outputs_owner=person)
        | Q(exceptions_owner=person)
        | Exists(measures)
        | Exists(consumers)
        | Exists(uses.filter(is_looked_after_by(person, "product")))
        | is_insider(person)
    )
