"""Fixtures of the tests that third parties' programs make; `bin/test --full` installs those and names their Pythons."""

import os

import pytest

from tests.e2e.conftest import broker, data_root, private_valkey, stage

__all__ = ["broker", "data_root", "private_valkey", "stage"]


def third_party_python(name: str) -> str:
    """The Python of the environment of that program. Fails, rather than skips, where it is not installed."""
    variable = f"TOUCHSTONE_TEST_PYTHON_{name.upper()}"
    if not os.environ.get(variable):
        pytest.fail(f"{variable} is not set: these tests run in `bin/test --full` only.")
    return os.environ[variable]
