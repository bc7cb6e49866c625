"""The three roles that a person can have, and what each may do in Django's terms. Ownership is per product, not a role."""

from enum import StrEnum


class PersonRole(StrEnum):
    """Names of groups. `data owners` register and change their own products; governance changes everything but evidence and
    verdicts; auditors read."""

    DATA_OWNERS = "data owners"
    GOVERNANCE = "governance"
    AUDITORS = "auditors"


SEES_EVERYTHING = frozenset({PersonRole.GOVERNANCE, PersonRole.AUDITORS})
"""Roles that may read every product, drafts too, and everybody's consumers, agreements, decisions and recalls."""

_CLAIMS = ("domain", "dataproduct", "outputport", "field", "inputport", "accesspolicy")
_EVIDENCE = ("suite", "run", "checkresult", "verdict", "currentverdict")
_PROOF = ("decision", "ledgerbatch", "ledgercheck", "signingkey", "recall", "recalledconsumer", "export", "erasure")
_JUDGEMENT = ("trustpolicyversion", "incident", "waiver")
_CONSUMERS = ("consumer", "agreement")
_USE_CASE_CLAIMS = ("usecase", "usecaseproduct", "measure", "obligationconfirmation")
_USE_CASE_EVIDENCE = ("readiness", "stagemove", "outcomereport", "decisionuse", "outputexception")
_CATALOG_READABLE = (*_CLAIMS, *_CONSUMERS, *_USE_CASE_CLAIMS, "contract", "purpose", "person", "notification", "delivery")
_TRUST_READABLE = (*_EVIDENCE, *_JUDGEMENT, *_PROOF, *_USE_CASE_EVIDENCE)


def _grants(app: str, models: tuple[str, ...], actions: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((app, f"{action}_{model}") for model in models for action in actions)


_READ = _grants("catalog", _CATALOG_READABLE, ("view",)) | _grants("trust", _TRUST_READABLE, ("view",))

PERMISSIONS: dict[PersonRole, frozenset[tuple[str, str]]] = {
    PersonRole.AUDITORS: _READ | _grants("catalog", ("apikey",), ("view",)),
    PersonRole.DATA_OWNERS: _READ
    | _grants("catalog", ("dataproduct", "outputport", "field", "inputport", "accesspolicy", "consumer"), ("add", "change"))
    | _grants("catalog", ("outputport", "field", "inputport"), ("delete",))
    | _grants("catalog", ("usecase",), ("add", "change"))
    | _grants("trust", ("incident", "stagemove"), ("add", "change"))
    | _grants("trust", ("waiver",), ("add",))
    | _grants("trust", ("outputexception",), ("change",)),
    PersonRole.GOVERNANCE: _READ
    | _grants("catalog", _CLAIMS, ("add", "change"))
    | _grants("catalog", ("outputport", "field", "inputport", "accesspolicy"), ("delete",))
    | _grants("catalog", ("purpose", "consumer"), ("add", "change"))
    | _grants("catalog", ("person",), ("add", "change"))
    | _grants("catalog", ("usecase",), ("add", "change"))
    | _grants("trust", (*_JUDGEMENT, "stagemove"), ("add", "change"))
    | _grants("trust", ("outputexception",), ("change",))
    | _grants("catalog", ("apikey",), ("view", "change")),
}
"""What each role may do: (app label, codename of a Django permission). Nobody may add, change or delete evidence."""
