"""Fixtures of moves between stages."""

import pytest

from tests.factories import make_governance, make_owner, make_use_case
from tests.trust.use_cases.rows import make_approvable
from tests.trust.use_cases.stages import PILOT, Cast


@pytest.fixture
def cast() -> Cast:
    """A pilot of olga that lacks nothing for `approved`; gina and greta are governance."""
    olga, gina, greta = make_owner("olga"), make_governance("gina"), make_governance("greta")
    found = Cast(make_approvable("delays", business_owner=olga), olga, gina, greta)
    found.move(PILOT)
    return found


@pytest.fixture
def lacking() -> Cast:
    """A pilot that lacks what `approved` asks for."""
    olga, gina, greta = make_owner("olga"), make_governance("gina"), make_governance("greta")
    found = Cast(make_use_case("delays", business_owner=olga), olga, gina, greta)
    found.move(PILOT)
    return found
