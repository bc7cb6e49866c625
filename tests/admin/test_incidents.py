"""Incidents in the admin: a page with a timeline and a button for each step."""

from tests.admin.cast import Cast, World
from trust.models import Incident

PAGE = "trust_incident_change"


def opened(cast: Cast, world: World) -> Incident:
    form = {"product": world.product.pk, "title": "Late", "severity": "critical", "description": "", "owner": ""}
    assert cast.steward.post("trust_incident_add", **form).status_code == 302
    return Incident.objects.get()


def fields(incident: Incident, **said: str) -> dict[str, str]:
    incident.refresh_from_db()
    return {"severity": incident.severity, "owner": str(incident.owner_id or ""), "said": "", **said}


def test_an_incident_is_opened_worked_on_and_resolved_and_decides_meanwhile(cast: Cast, world: World) -> None:
    incident = opened(cast, world)
    assert (incident.opened_by, incident.title, incident.owner) == (cast.steward.person, "Late", cast.owner.person)
    assert "No open incident" in cast.owner.sees("catalog_dataproduct_change", world.product.pk)

    steps = {
        "comment": {"said": "Since noon."},
        "hand_on": {"owner": str(cast.steward.person.pk)},
        "weigh": {"severity": "warning", "said": "Less than feared."},
        "resolve": {"said": "Caught up."},
    }
    for button, said in steps.items():
        form = {**fields(incident, **said), f"trust_incident_{button}": ""}
        response = cast.owner.post(PAGE, incident.pk, **form)
        assert response.status_code == 302, response.content.decode()

    incident.refresh_from_db()
    assert (incident.resolution, incident.severity, incident.owner) == ("Caught up.", "warning", cast.steward.person)
    page = cast.auditor.sees(PAGE, incident.pk)
    for told in ("Since noon.", "olga → stan", "critical → warning", "Less than feared.", "Caught up."):
        assert told in page
    assert f"{incident.opened_at:%-d %b %Y, %H:%M} UTC</div>" in page


def test_a_step_without_its_words_is_told_in_the_form_and_changes_nothing(cast: Cast, world: World) -> None:
    incident = opened(cast, world)
    for button in ("comment", "weigh", "resolve"):
        response = cast.owner.post(PAGE, incident.pk, **fields(incident), **{f"trust_incident_{button}": ""})
        assert response.status_code == 200
    form = {**fields(incident, owner=""), "trust_incident_hand_on": ""}
    assert "It has no owner." in cast.owner.post(PAGE, incident.pk, **form).content.decode()
    assert "No action selected" in cast.owner.post(PAGE, incident.pk, **fields(incident, said="x")).content.decode()
    incident.refresh_from_db()
    assert (incident.resolved_at, incident.entries.count()) == (None, 1)


def test_buttons_are_offered_to_whom_they_are_for(cast: Cast, world: World) -> None:
    form = {"product": world.product.pk, "title": "Held", "severity": "critical", "description": "", "owner": ""}
    cast.governance.post("trust_incident_add", **form)
    incident = Incident.objects.get()
    of_owner, of_governance = cast.owner.sees(PAGE, incident.pk), cast.governance.sees(PAGE, incident.pk)
    assert 'name="trust_incident_comment"' in of_owner
    assert 'name="trust_incident_resolve"' not in of_owner
    assert 'name="trust_incident_resolve"' in of_governance
    assert 'name="_save"' not in of_governance
    assert "only governance lowers or resolves it" in of_owner
    assert 'name="trust_incident_' not in cast.auditor.sees(PAGE, incident.pk)
    response = cast.owner.post(PAGE, incident.pk, **fields(incident, said="Mine."), trust_incident_resolve="")
    assert "may not resolve" in response.content.decode()
    incident.refresh_from_db()
    assert incident.resolved_at is None


def test_who_was_handed_one_finds_it_in_the_list(cast: Cast, world: World) -> None:
    incident = opened(cast, world)
    assert "Late" not in cast.other.sees("trust_incident_changelist")
    cast.owner.post(PAGE, incident.pk, **fields(incident, owner=str(cast.other.person.pk)), trust_incident_hand_on="")
    assert "Late" in cast.other.sees("trust_incident_changelist")
    assert 'name="trust_incident_resolve"' in cast.other.sees(PAGE, incident.pk)
    assert "Late" in cast.owner.sees("trust_incident_changelist", standing="open")
    assert "Late" not in cast.owner.sees("trust_incident_changelist", standing="resolved")
