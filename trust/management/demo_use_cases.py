"""The use cases of `demo/demo.yaml`, as those who answer for them would register them. Who is there stays as they are."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from catalog.models import Person, UseCase
from catalog.rules.use_case import MeasureClaims, UseCaseClaims, UsedProduct
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage
from catalog.services.use_cases import acknowledge_use_case, register_use_case
from trust.use_cases.services.stages import request_stage_move

_TEXTS = ("slug", "name", "description", "decision", "business_owner", "purpose", "workflow", "system", "step", "fallback")


def add_use_case(given: Mapping[str, Any], governance: Person, now: datetime) -> None:
    """Register one that is missing, as governance; its business owner acknowledges it and moves it to its stage."""
    if UseCase.objects.filter(slug=given["slug"]).exists():
        return
    use_case = register_use_case(claims=claims_of(given), actor=governance, now=now)
    owner = use_case.business_owner
    acknowledge_use_case(use_case=use_case, actor=owner, now=now)
    if given["stage"] != use_case.stage:
        request_stage_move(use_case=use_case, to_stage=UseCaseStage(given["stage"]), actor=owner, now=now)


def claims_of(given: Mapping[str, Any]) -> UseCaseClaims:
    """What the demo says of one use case, in the words of the catalog."""
    explained = given["explainability"]
    return UseCaseClaims(
        **{name: str(given[name]).strip() for name in _TEXTS},
        autonomy=Autonomy(given["autonomy"]),
        consumers=tuple(given["consumers"]),
        products=tuple(UsedProduct(slug) for slug in given["products"]),
        outputs_owner=given["outputs_owner"],
        exceptions_owner=given["exceptions_owner"],
        exceptions_within=timedelta(hours=given["exceptions_within_hours"]),
        explainability_required=explained["required"],
        explainability_requirement=explained.get("requirement", ""),
        explainability_met=explained.get("met", ""),
        measures=tuple(_measure(measure) for measure in given["measures"]),
    )


def _measure(given: Mapping[str, Any]) -> MeasureClaims:
    return MeasureClaims(
        name=given["name"],
        description=given["description"],
        unit=given["unit"],
        better=Better(given["better"]),
        target=float(given["target"]),
        interval=timedelta(days=given["interval_days"]),
        owner=given["owner"],
    )
