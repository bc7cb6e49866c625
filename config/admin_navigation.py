"""The admin's look and its sidebar, grouped as the rooms are: claims, evidence, judgement, access."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may_view(app: str, model: str) -> Callable[[HttpRequest], bool]:
    return lambda request: any(request.user.has_perm(f"{app}.{action}_{model}") for action in ("view", "change"))


def _item(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    link = reverse_lazy(f"admin:{app}_{model}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": _may_view(app, model)}


def _style(name: str) -> Callable[[HttpRequest], str]:
    return lambda _: static(f"touchstone/{name}.css")


NAVIGATION = [
    {
        "title": "Catalog",
        "separator": False,
        "items": [
            _item("Data products", "verified", "catalog", "dataproduct"),
            _item("Output ports", "output", "catalog", "outputport"),
            _item("Contracts", "contract", "catalog", "contract"),
            _item("Domains", "category", "catalog", "domain"),
        ],
    },
    {
        "title": "Evidence",
        "separator": True,
        "items": [
            _item("Runs", "play_circle", "trust", "run"),
            _item("Suites", "rule", "trust", "suite"),
        ],
    },
    {
        "title": "Verdicts",
        "separator": True,
        "items": [
            _item("Verdicts", "gavel", "trust", "verdict"),
            _item("Incidents", "report", "trust", "incident"),
            _item("Waivers", "approval_delegation", "trust", "waiver"),
            _item("Trust policies", "balance", "trust", "trustpolicyversion"),
        ],
    },
    {
        "title": "Use cases",
        "separator": True,
        "items": [
            _item("Use cases", "lightbulb", "catalog", "usecase"),
            _item("Stage changes", "moving", "trust", "stagemove"),
            _item("Use-case readiness", "speed", "trust", "readiness"),
            _item("Output exceptions", "feedback", "trust", "outputexception"),
        ],
    },
    {
        "title": "Audit",
        "separator": True,
        "items": [
            _item("Decisions", "fact_check", "trust", "decision"),
            _item("Recalls", "campaign", "trust", "recall"),
            _item("Ledger", "link", "trust", "ledgerbatch"),
            _item("Ledger checks", "task_alt", "trust", "ledgercheck"),
            _item("Erasures", "ink_eraser", "trust", "erasure"),
            _item("Exports", "download", "trust", "export"),
            {**_item("Audit trail", "history", "trust", "export"), "link": reverse_lazy("audit_trail")},
            _item("Signing keys", "signature", "trust", "signingkey"),
        ],
    },
    {
        "title": "Access",
        "separator": True,
        "items": [
            _item("Access policies", "policy", "catalog", "accesspolicy"),
            _item("Consumers", "smart_toy", "catalog", "consumer"),
            _item("Agreements", "handshake", "catalog", "agreement"),
            _item("Purposes", "target", "catalog", "purpose"),
            _item("People", "group", "catalog", "person"),
            {**_item("API keys", "key", "catalog", "apikey"), "permission": _may_view("catalog", "dataproduct")},
            _item("Notices", "notifications", "catalog", "notification"),
            _item("Deliveries", "outgoing_mail", "catalog", "delivery"),
        ],
    },
]

# Gold on stone, as on the pages; every pair that unfold puts together has a contrast of 4.5 or more.
_GOLD = {
    "50": "#fbf6e9",
    "100": "#f6ebcb",
    "200": "#ecd698",
    "300": "#e3bf63",
    "400": "#d3a136",
    "500": "#b4820f",
    "600": "#8a6209",
    "700": "#6f4e06",
    "800": "#573d06",
    "900": "#423008",
    "950": "#2a1e04",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Touchstone",
    "SITE_HEADER": "Touchstone",
    "SITE_SUBHEADER": "Data product trust catalog",
    "SITE_SYMBOL": "verified",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("touchstone/mark.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [_style("parts"), _style("admin"), _style("desk")],
    "COLORS": {"primary": _GOLD},
    "DASHBOARD_CALLBACK": "trust.desk.admin.dashboard.dashboard",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}
