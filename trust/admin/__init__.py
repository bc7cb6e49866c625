"""Admin of products, evidence and judgement."""

from django.contrib import admin

from trust.admin import decisions, exceptions, ledger, policies, products, runs, trust_policies, verdicts

admin.site.index_title = "What needs attention"

__all__ = ["decisions", "exceptions", "ledger", "policies", "products", "runs", "trust_policies", "verdicts"]
