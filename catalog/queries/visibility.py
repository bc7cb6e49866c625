"""Who may know of which product or use case, and who sees everything, as conditions within one statement.

`catalog.services.permissions.sees_everything` asks the same of one person; `resolved_question` of decisions repeats it in SQL.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Consumer, DataProduct, DomainGovernor, Measure, Person, UseCase, UseCaseProduct
from catalog.models.product import DataProductQuerySet, is_looked_after_by
from catalog.queries.ownership import stands_in_for
from catalog.rules.roles import SEES_EVERYTHING
from catalog.rules.vocabulary import Lifecycle


def is_insider(person: Person) -> Exists:
    """Whether the person is in a group that sees everything. Superusers need none."""
    names = [role.value for role in SEES_EVERYTHING]
    return Exists(Person.groups.through.objects.filter(person=person, group__name__in=names))


def visible_products(person: Person | None) -> DataProductQuerySet:
    """Everything but drafts for everybody; drafts for their owner and the owner's deputy, their stewards, governance and
    auditors, and for who governs their domain. One statement.

    None: somebody who is not signed in. A retired product stays visible, and says that it is retired: whoever follows an old
    link must learn that.
    """
    products = DataProduct.objects.defer("search")
    offered = ~Q(lifecycle=Lifecycle.DRAFT)
    if person is None or not person.is_active:
        return products.filter(offered)
    if person.is_superuser:
        return products
    governed = Q(domain__in=DomainGovernor.objects.filter(person=person).values("domain"))
    absent = Q(owner__in=stands_in_for(person).values("person"))
    return products.filter(offered | is_looked_after_by(person) | absent | governed | is_insider(person))


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
