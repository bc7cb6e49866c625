"""Admin of products, evidence and judgement."""

from django.contrib import admin

from trust.admin import (
    decisions,
    incidents,
    ledger,
    output_exceptions,
    policies,
    products,
    readiness,
    recalls,
    runs,
    stage_moves,
    trust_policies,
    use_cases,
    verdicts,
    waivers,
)

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
    "trust_policies",
    "use_cases",
    "verdicts",
    "waivers",
]
