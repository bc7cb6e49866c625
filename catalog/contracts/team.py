"""Who answers for a contract: its owner and stewards, out of a team that is a list (3.0) or an object with members (3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from open_data_contract_standard.model import OpenDataContractStandard, Team, TeamMember

from catalog.contracts.findings import Findings

_OWNERS = {"owner", "data owner", "data product owner", "product owner"}
_STEWARDS = {"steward", "data steward"}


@dataclass(frozen=True, slots=True)
class TeamClaims:
    """Usernames; `owner` is empty where nobody, or more than one, is named. `people` maps them to full names."""

    owner: str
    stewards: tuple[str, ...]
    people: Mapping[str, str]


def read_team(contract: OpenDataContractStandard, today: date, findings: Findings) -> TeamClaims:
    """Owner and stewards who have joined and not left by `today`. Of two owners none counts: one person is accountable."""
    is_object = isinstance(contract.team, Team)
    members = (contract.team.members or []) if isinstance(contract.team, Team) else contract.team or []
    owners: dict[str, str] = {}
    stewards: dict[str, str] = {}
    for position, member in enumerate(members):
        path = f"team.members[{position}]" if is_object else f"team[{position}]"
        if not (member.username or "").strip():
            findings.cannot_execute(
                path, member.name or member.role or "team member", "it has no username, so no account is meant"
            )
            continue
        role = " ".join((member.role or "").lower().replace("-", " ").replace("_", " ").split())
        if role not in _OWNERS | _STEWARDS or not _is_present(member, path, today, findings):
            continue
        username = (member.username or "").strip()
        (owners if role in _OWNERS else stewards)[username] = (member.name or "").strip()
    if len(owners) > 1:
        reason = "one person is accountable, so none of them is the owner until one is left"
        findings.cannot_execute("team", f"{len(owners)} owners: {', '.join(owners)}"[:200], reason)
    return TeamClaims(next(iter(owners), "") if len(owners) == 1 else "", tuple(stewards), {**stewards, **owners})


def _is_present(member: TeamMember, path: str, today: date, findings: Findings) -> bool:
    try:
        joined, left = (_day(getattr(member, name), name) for name in ("dateIn", "dateOut"))
    except ValueError as error:
        findings.warn(path, f"{error}, so {member.username} answers for nothing")
        return False
    if left is not None and left <= today:
        findings.warn(path, f"{member.username} left on {left} and answers for nothing any more")
        return False
    if joined is not None and joined > today:
        findings.warn(path, f"{member.username} joins only on {joined} and does not answer yet")
        return False
    return True


def _day(text: str | None, name: str) -> date | None:
    """Raises `ValueError`, with what is wrong, for what is no date."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        message = f"{name} is '{text[:40]}' and no date such as 2026-01-31" if text else name
        raise ValueError(message) from None
