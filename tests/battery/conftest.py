"""Fixtures of the battery."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.battery.bench import Bench, make_bench


@pytest.fixture
def bench(tmp_path: Path, settings: Settings, db: None) -> Bench:
    """A product that is production-grade with 400 good rows."""
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    return make_bench(tmp_path)
