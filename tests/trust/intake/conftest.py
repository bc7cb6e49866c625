"""The data of contracts that are tried."""

from tests.catalog.conftest import data

__all__ = ["data"]
