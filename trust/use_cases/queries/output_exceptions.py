"""Who may see which exception of an output: whoever sees its use case, and whoever it is assigned to."""

from django.db.models import Q, QuerySet

from catalog.models import Person
from catalog.queries import visible_use_cases
from trust.use_cases.models.use_case import OutputException

RELATED = (
    "use_case__outputs_owner",
    "use_case__business_owner",
    "consumer__owner",
    "opened_by",
    "caller__consumer",
    "assigned_to",
    "closed_by",
)


def exceptions_as_shown() -> QuerySet[OutputException]:
    """Exceptions with all that an answer or a notice names of them."""
    return OutputException.objects.select_related(*RELATED)


def visible_exceptions(person: Person) -> QuerySet[OutputException]:
    """Those that `person` may see, all for governance and auditors. One statement."""
    use_cases = visible_use_cases(person).order_by().values("pk")
    return exceptions_as_shown().filter(Q(use_case__in=use_cases) | Q(assigned_to=person))
