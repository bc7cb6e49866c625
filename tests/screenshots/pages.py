"""Which pages are taken, how, and into which files."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file's name, the address, how wide and how high at most (pixels), in the dark or not.

    since, until: selectors of the first and the last thing on it; empty: from the top, to the end.
    """

    name: str
    path: str
    width: int = 1360
    highest: int = 1200
    dark: bool = False
    since: str = ""
    until: str = ""


def shots(*, use_case: str, decision: int, verdict: int, product: int, use_case_id: int) -> tuple[Shot, ...]:
    """The pictures of docs/desk.md and of the README, in their order."""
    return (
        Shot("desk", "/admin/", highest=1400, until="section[aria-labelledby=desk-heat]"),
        Shot(
            "desk-work",
            "/admin/",
            highest=1600,
            since="section[aria-labelledby=queues]",
            until="section[aria-labelledby=desk-open]",
        ),
        Shot("desk-dark", "/admin/", highest=1400, until="section[aria-labelledby=desk-heat]", dark=True),
        Shot("desk-mobile", "/admin/", width=400, highest=1600, until="section[aria-labelledby=desk-trend]"),
        Shot("use-cases", "/admin/catalog/usecase/", highest=560),
        Shot("use-case", f"/admin/catalog/usecase/{use_case_id}/change/"),
        Shot("readiness-report", f"/use-cases/{use_case}/report", width=1000, highest=980),
        Shot("decisions", "/admin/trust/decision/", highest=900),
        Shot("decision", f"/admin/trust/decision/{decision}/change/"),
        Shot("verdict", f"/admin/trust/verdict/{verdict}/change/"),
        Shot("incidents", "/admin/trust/incident/", highest=520),
        Shot("waivers", "/admin/trust/waiver/", highest=520),
        Shot("product", f"/admin/catalog/dataproduct/{product}/change/"),
        Shot("audit-trail", "/admin/audit/", highest=1000),
        Shot("ledger", "/admin/trust/ledgerbatch/", highest=520),
    )
