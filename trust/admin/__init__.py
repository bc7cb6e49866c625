"""Admin of products, evidence and judgement."""

from django.contrib import admin

from trust.decisions.admin import decisions, policies, recalls
from trust.evidence.admin import runs
from trust.ledger.admin import ledger
from trust.use_cases.admin import output_exceptions, readiness, stage_moves, use_cases
from trust.verdicts.admin import incidents, products, verdicts, waivers

admin.site.index_title = "What needs attention"

__all__ = [
    "decisions",
    "incidents",
    "ledger",
    "output_exceptions",
    "policies",
    "products",
    "readiness",
    "recalls",
    "runs",
    "stage_moves",
    "use_cases",
    "verdicts",
    "waivers",
]
