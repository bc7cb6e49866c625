"""Loaded before Django's settings: gives each pytest worker process a Valkey database of its own.

`bin/test` runs pytest in several processes (pytest-xdist). Each has a PostgreSQL database of its own, see `tests.databases`.
"""

import os

VALKEY_DATABASES = 16  # the server's default; more workers than that would share rate limits

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # "gw0", "gw1" and so on; empty in the process that starts them

if WORKER and os.environ.get("REDIS_URL"):
    number = int(WORKER.removeprefix("gw")) % VALKEY_DATABASES
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number}"
