"""Which causes of incidents hold: tables of cases. Runs are told newest first: f failed, p passed, e error, s skipped,
w failed at a lower severity, - not asked, x the run could not look."""

from collections.abc import Sequence

import pytest

from catalog.rules.vocabulary import Severity
from trust.verdicts.rules.incidents import Cause, CauseState, CheckSeen, RunSeen, causes_to_open, state_of
from trust.verdicts.rules.policy_settings import LONGEST_ROW, IncidentRules, IncidentSetting
from trust.verdicts.rules.trust_policy import (
    DEFAULT_POLICY,
    InvalidTrustPolicyError,
    policy_digest,
    policy_from_dict,
    policy_to_dict,
    with_changes,
)
from trust.vocabulary import CheckStatus, IncidentRule, RunStatus

CHECK = Cause(IncidentRule.CRITICAL_CHECK_FAILED, "rows:unique:id:1")
RUN = Cause(IncidentRule.RUN_FAILED)
RULES = IncidentRules()
_SEEN = {
    "f": CheckSeen(Severity.CRITICAL, CheckStatus.FAILED),
    "p": CheckSeen(Severity.CRITICAL, CheckStatus.PASSED),
    "e": CheckSeen(Severity.CRITICAL, CheckStatus.ERROR),
    "s": CheckSeen(Severity.CRITICAL, CheckStatus.SKIPPED),
    "w": CheckSeen(Severity.WARNING, CheckStatus.FAILED),
}


def runs(told: str) -> Sequence[RunSeen]:
    def run(letter: str) -> RunSeen:
        if letter == "x":
            return RunSeen(RunStatus.FAILED, {})
        return RunSeen(RunStatus.COMPLETED, {CHECK.check_key: _SEEN[letter]} if letter in _SEEN else {})

    return [run(letter) for letter in told]


@pytest.mark.parametrize(
    ("told", "opens"),
    [
        ("", False),
        ("f", False),
        ("ff", True),
        ("fff", True),
        ("fp", False),
        ("pf", False),
        ("fpf", False),
        ("fef", True),
        ("fsf", True),
        ("fxf", True),
        ("xff", True),
        ("eff", True),
        ("ef", False),
        ("ee", False),
        ("ww", False),
        ("fw", False),
        ("wff", False),
        ("-ff", False),
        ("f-f", True),
    ],
)
def test_a_critical_check_that_failed_twice_in_a_row_opens_an_incident(told: str, opens: bool) -> None:
    assert (CHECK in causes_to_open(runs(told), (), RULES)) is opens


@pytest.mark.parametrize(
    ("told", "opens"), [("x", False), ("xx", False), ("xxx", True), ("xxxx", True), ("pxxx", False), ("xxpx", False)]
)
def test_three_runs_in_a_row_that_could_not_look_open_an_incident(told: str, opens: bool) -> None:
    assert (RUN in causes_to_open(runs(told), (), RULES)) is opens


def test_a_check_under_waiver_opens_nothing() -> None:
    assert causes_to_open(runs("ff"), {CHECK.check_key}, RULES) == ()


def test_a_rule_that_is_off_opens_nothing_and_a_stricter_one_sooner() -> None:
    off = IncidentRules(IncidentSetting(0, Severity.CRITICAL), IncidentSetting(0, Severity.WARNING))
    once = IncidentRules(IncidentSetting(1, Severity.CRITICAL), IncidentSetting(1, Severity.WARNING))
    assert causes_to_open(runs("ffff"), (), off) == causes_to_open(runs("xxxx"), (), off) == ()
    assert causes_to_open(runs("f"), (), once) == (CHECK,)
    assert causes_to_open(runs("x"), (), once) == (RUN,)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("f", CauseState.HOLDS),
        ("pf", CauseState.GONE),
        ("xf", CauseState.HOLDS),
        ("xpf", CauseState.GONE),
        ("ef", CauseState.HOLDS),
        ("sp", CauseState.GONE),
        ("e", CauseState.UNSETTLED),
        ("-f", CauseState.UNSETTLED),  # whoever wrote the check out of the suite has repaired nothing
        ("x-f", CauseState.UNSETTLED),
        ("wf", CauseState.UNSETTLED),  # nor has who calls it less severe
        ("", CauseState.UNSETTLED),
    ],
)
def test_an_incident_about_a_check_is_over_once_the_check_passed(told: str, state: CauseState) -> None:
    assert state_of(CHECK, runs(told), (), RULES) is state


@pytest.mark.parametrize(
    ("told", "state"),
    [("x", CauseState.HOLDS), ("fx", CauseState.GONE), ("xp", CauseState.HOLDS), ("", CauseState.UNSETTLED)],
)
def test_an_incident_about_runs_is_over_once_one_could_look(told: str, state: CauseState) -> None:
    assert state_of(RUN, runs(told), (), RULES) is state


def test_a_waiver_excepts_and_a_rule_that_is_off_settles_nothing() -> None:
    off = IncidentRules(IncidentSetting(0, Severity.CRITICAL), IncidentSetting(0, Severity.WARNING))
    assert state_of(CHECK, runs("f"), {CHECK.check_key}, RULES) is CauseState.EXCEPTED
    assert state_of(CHECK, runs("p"), (), off) is CauseState.UNSETTLED
    assert state_of(RUN, runs("p"), (), off) is CauseState.UNSETTLED


def test_the_rules_stay_out_of_the_digest_at_their_defaults_and_in_it_otherwise() -> None:
    changed = with_changes(
        policy_to_dict(DEFAULT_POLICY), {"incident_rules": {"run_failed": {"times": 5, "severity": "critical"}}}
    )
    policy = policy_from_dict(changed)
    assert policy.incident_rules.run_failed == IncidentSetting(5, Severity.CRITICAL)
    assert policy.incident_rules.critical_check_failed == RULES.critical_check_failed
    assert policy_digest(policy) != policy_digest(DEFAULT_POLICY)
    without = {name: value for name, value in policy_to_dict(DEFAULT_POLICY).items() if name != "incident_rules"}
    assert policy_digest(policy_from_dict(without)) == policy_digest(DEFAULT_POLICY)


@pytest.mark.parametrize(
    "settings",
    [
        {"run_failed": {"times": -1, "severity": "info"}},
        {"run_failed": {"times": LONGEST_ROW + 1, "severity": "info"}},
        {"run_failed": {"times": 2}},
        {"run_failed": {"times": 2, "severity": "grave"}},
        {"run_fialed": {"times": 2, "severity": "info"}},
        {"run_failed": {"times": "twice", "severity": "info"}},
    ],
)
def test_rules_that_cannot_be_are_refused(settings: object) -> None:
    with pytest.raises(InvalidTrustPolicyError):
        policy_from_dict({"incident_rules": settings})
