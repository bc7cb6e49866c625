"""Is this process alive, and is it ready? For supervisors and load balancers; neither address needs a key."""

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.problems import FieldFault, Problem, problem_response
from catalog.triggers import is_up_to_date

log = logging.getLogger(__name__)
View = Callable[[HttpRequest], HttpResponse]
ALLOW = {"Allow": "GET, HEAD, OPTIONS"}
BROKER_TIMEOUT_SECONDS = 2.0


def only_reads(view: View) -> View:
    """GET and HEAD reach the view, not to be cached unless it says so; OPTIONS names them; anything else is a 405 problem."""

    @csrf_exempt  # else a POST without a cookie would get a page about forms
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"}:
            response = view(request)
            response.headers.setdefault("Cache-Control", "no-store")
            return response
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=ALLOW)
        detail = f"{request.method} is not possible at this address."
        return problem_response(request, Problem(405, "method_not_allowed", detail, "Use GET.", headers=ALLOW))

    return answer


@only_reads
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nothing of the database: a supervisor must not restart us for that."""
    return JsonResponse({"status": "alive"})


@only_reads
def readyz(request: HttpRequest) -> HttpResponse:
    """The database is reachable and migrated, and the broker answers; else 503 and which of them does not."""
    faults = [*database_faults(), *broker_faults()]
    if not faults:
        return JsonResponse({"status": "ready"})
    detail = " ".join(fault.message for fault in faults)
    remedy = "Start what is named in `errors` and look into its log; this address turns to 200 by itself."
    return problem_response(request, Problem(503, "not_ready", detail, remedy, tuple(faults), {"Retry-After": "5"}))


def database_faults() -> list[FieldFault]:
    """What is wrong with the database, in words that hold no address and no credential."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if fault := migration_fault():
            return [FieldFault(fault, "database", "not_migrated")]
    except DatabaseError:
        log.warning("The database does not answer", exc_info=True)
        return [FieldFault("The database does not answer.", "database", "unreachable")]
    return []


class _Migrated:
    """Once this process has seen the database migrated it needs not look again: code only changes with a restart."""

    seen = False


def migration_fault() -> str | None:
    """What the database lacks of this code's tables, functions and triggers; None where it has them all.

    A `migrate` that was ended early may leave tables without the triggers that guard them and mark verdicts as outdated.
    """
    if _Migrated.seen:
        return None
    executor = MigrationExecutor(connection)
    if waiting := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
        return f"The database lacks {waiting} migrations: run `bin/manage migrate`."
    if not is_up_to_date():
        return "The database lacks functions or triggers of this version: run `bin/manage migrate`."
    _Migrated.seen = True
    return None


def broker_faults() -> list[FieldFault]:
    """What is wrong with the broker. A broken one delays runs, it loses none: they wait in the database."""
    timeouts = {"socket_connect_timeout": BROKER_TIMEOUT_SECONDS, "socket_timeout": BROKER_TIMEOUT_SECONDS}
    try:
        url = settings.TOUCHSTONE.redis_url.get_secret_value()
        with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **timeouts) as broker:
            broker.ping()
    except (redis.RedisError, OSError, ValueError):
        log.warning("The broker does not answer", exc_info=True)
        return [FieldFault("The broker does not answer.", "broker", "unreachable")]
    return []
