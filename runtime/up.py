"""`bin/up`: servers, tables, worker, beat, web, demo, verdicts; then watch until it is stopped."""

import argparse
import fcntl
import hashlib
import os
import signal
import sys
import time
from typing import TextIO

from runtime.caller import NO, YES, Caller
from runtime.directories import servers_directory
from runtime.launch import DEFAULT_PORT, HOST, ROOT
from runtime.options import up_options
from runtime.ports import find_free_port, require_free
from runtime.registry import Record
from runtime.screen import CommandFailedError, say, step, tail
from runtime.services import OWNER_URL, application_environment, is_set, start_services, without_owner
from runtime.supervisor import ExitReport, StopRequestedError, StopSignals, Supervisor
from runtime.web import web_command

LOCAL = ROOT / ".local"
READY_SECONDS = 60.0
WORKER_PROCESSES = 2
DEMO_MARK = "demo-loaded"
REPORT = "/use-cases/delay-forecast/report"  # of the demo's use case: a page, and below /api/v1 the same as JSON
RUN_FAILED = 2  # exit statuses of show_verdicts
STILL_RUNNING = 3
OTHER_LAYOUT = 4  # exit status of migrate: another version made the database
ROLES_REMEDY = f"Set {OWNER_URL} too: docs/operations.md, `Two roles of PostgreSQL`, says how."


def take_lock() -> TextIO:
    """Held as long as this process lives, so that a second bin/up in the same clone is refused."""
    lock = (LOCAL / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandFailedError("bin/up is already running here. Stop it with Ctrl-C there, or with bin/down.") from None
    return lock


def choose_port(options: argparse.Namespace) -> int:
    if options.port is None and options.once:
        return find_free_port(HOST)  # nobody has to know it, and two at a time do not meet
    port: int = options.port or DEFAULT_PORT
    require_free(HOST, port)
    return port


def static_fingerprint() -> str:
    """Changes when a package or one of our own static files does."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(path for folder in ROOT.glob("[a-z]*/static") for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()


def show(verdicts: ExitReport, readiness: str) -> None:
    say("\n" + verdicts.output.strip("\n") + "\n")
    if readiness:  # there are use cases
        say(f"{readiness}\n")
    if verdicts.status != 0:
        say(verdicts.errors.strip("\n") + "\n")


class Up:
    """One start."""

    def __init__(self, options: argparse.Namespace, supervisor: Supervisor) -> None:
        self.options = options
        self.supervisor = supervisor
        self.port = choose_port(options)
        self.owner_environment: dict[str, str] = {}
        self.environment: dict[str, str] = {}  # without what only the owner of the tables may know
        self.address = f"http://{HOST}:{self.port}"
        self.caller = Caller(HOST, self.port, supervisor.logs / "web.log")

    def start(self) -> int:
        """Start everything and show the verdicts. Returns 0, 2 when a run failed, 3 when runs were not done in time."""
        say("Starting Touchstone")
        self.start_servers()
        self.supervisor.open_console(self.owner_environment)
        self.make_tables()
        self.supervisor.manage(["signing_key", "--ensure"], "signing key")
        self.collect_static()
        self.start_programs()
        if self.options.demo:
            self.load_demo()
        self.wait_until_ready()
        verdicts = self.ask_verdicts()
        readiness = self.supervisor.manage(["show_readiness"], "readiness of use cases").output.strip("\n")
        key = self.supervisor.manage(["create_demo_key"], "key for the first request").output.strip()
        if self.options.once:  # everything stops in a moment: the request is made here, and no password is lost
            self.ask_as_a_caller(key, verdicts)
            show(verdicts, readiness)
        else:
            # Last of what can fail: its password is shown this once.
            admin = self.supervisor.manage(["create_admin", "--once"], "admin account").output
            show(verdicts, readiness)
            self.show_addresses(admin.strip("\n"), key)
        self.supervisor.close_console()
        return verdicts.status

    def start_servers(self) -> None:
        wanted = [name for variable, name in (("DATABASE_URL", "PostgreSQL"), ("REDIS_URL", "Valkey")) if not is_set(variable)]
        directory = servers_directory(LOCAL) if wanted else LOCAL
        with step(f"{' and '.join(wanted)}" if wanted else "servers named by DATABASE_URL and REDIS_URL"):
            urls = start_services(self.supervisor, directory, durable=True)
        self.owner_environment = application_environment(LOCAL, urls) | self.supervisor.record.child_environment()
        self.environment = without_owner(self.owner_environment)
        if self.options.demo or self.has_demo():
            self.environment.setdefault("TOUCHSTONE_PUBLIC_HOME", "true")

    def make_tables(self) -> None:
        """As their owner, where the processes run as another role; that one then gets its rights, also on the new tables."""
        migrated = self.supervisor.manage(["migrate", "--no-input"], "database tables", (0, OTHER_LAYOUT))
        if migrated.status == OTHER_LAYOUT:
            raise CommandFailedError(migrated.errors.strip().removeprefix("CommandError: "))
        if self.owner_environment.get(OWNER_URL, "").strip():
            self.supervisor.manage(["grant_runtime_role"], "rights of the processes")
        else:
            what = "where the only database role that is named owns the tables, the processes could change decisions"
            say(f"  note: {what}. {ROLES_REMEDY}")

    def collect_static(self) -> None:
        mark = LOCAL / "static-collected"
        fingerprint = static_fingerprint()
        if mark.exists() and mark.read_text() == fingerprint:
            return
        self.supervisor.manage(["collectstatic", "--no-input", "--clear"], "style sheets")
        mark.write_text(fingerprint)

    def start_programs(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "config.celery:app"]
        pool = ["--pool", "prefork", "--concurrency", str(WORKER_PROCESSES)]
        # There is no other worker to ask for a second what it knows.
        worker = [*celery, "worker", *pool, "--without-mingle", "--loglevel", "INFO"]
        self.supervisor.start("worker", worker, self.environment)
        (LOCAL / "beat").mkdir(mode=0o700, exist_ok=True)
        beat = ["--schedule", str(LOCAL / "beat" / "schedule"), "--pidfile", "", "--loglevel", "INFO"]
        self.supervisor.start("beat", [*celery, "beat", *beat], self.environment)
        self.supervisor.start("web", web_command(HOST, self.port), self.environment)

    def load_demo(self) -> None:
        """On the first start, after a change of the demo, and for --once each time: it asks for fresh runs of what is there."""
        mark = LOCAL / DEMO_MARK
        database = self.environment["DATABASE_URL"] if is_set("DATABASE_URL") else "embedded"
        files = sorted(path for folder in ("demo/demo.yaml", "demo/contracts/*") for path in ROOT.glob(folder))
        digest = hashlib.sha256(b"".join([database.encode(), *(path.read_bytes() for path in files)])).hexdigest()
        if self.options.once or not self.has_demo() or mark.read_text() != digest:
            self.supervisor.manage(["load_demo"], "demo data products")
            mark.write_text(digest)

    def wait_until_ready(self) -> None:
        with step("web server"):
            deadline = time.monotonic() + READY_SECONDS
            while (answer := self.caller.status_of("/readyz")) != "200":
                if time.monotonic() > deadline:
                    log = self.supervisor.logs / "web.log"
                    message = (
                        f"{self.address}/readyz still says {answer} after {READY_SECONDS:.0f} s. The end of {log}:\n{tail(log)}"
                    )
                    raise CommandFailedError(message)
                self.supervisor.sleep(0.2)

    def lost_port(self) -> bool:
        """True when another program took the port between our look at it and the web server's start."""
        web = self.supervisor.programs.get("web")
        return (
            web is not None
            and web.poll() is not None
            and "Address already in use" in tail(self.supervisor.logs / "web.log", lines=200)
        )

    def ask_as_a_caller(self, key: str, verdicts: ExitReport) -> None:
        """The requests that are shown otherwise. After runs that all ended, the demo's yes must be a yes and its no a no."""
        self.caller.ask(self.first_path(), key)
        if self.options.demo:  # just loaded; a demo of an earlier version has no use case
            self.caller.ask(f"/api/v1{REPORT}", key)
        answers = [self.caller.ask_about(product, key) for product in (YES, NO)] if self.has_demo() else []
        if verdicts.status == 0 and answers not in ([], [True, False]):
            raise CommandFailedError(f"The demo's agent should have got yes for {YES} and no for {NO}. See the lines above.")

    def has_demo(self) -> bool:
        return (LOCAL / DEMO_MARK).exists()

    def first_path(self) -> str:
        return "/api/v1/products/nyc-flights/trust" if self.has_demo() else "/api/v1/products"

    def ask_verdicts(self) -> ExitReport:
        wait = ["--wait", str(self.options.wait)] if self.options.demo else []
        label = "verdicts of the workers" if wait else "verdicts"
        return self.supervisor.manage(["show_verdicts", *wait], label, accept=(0, RUN_FAILED, STILL_RUNNING))

    def show_addresses(self, admin: str, key: str) -> None:
        say(f"Home page   {self.address}/\nAPI docs    {self.address}/api/docs\nAdmin       {self.address}/admin/")
        if self.has_demo():
            say(f"Use case    {self.address}{REPORT}  (is it ready, and if not, who must act? Log in first)")
        say(f"\n{admin}\n")
        say("Ask (with a key for trying out, which the next start replaces):")
        say(f"  curl -H 'Authorization: Bearer {key}' {self.address}{self.first_path()}\n")
        if self.has_demo():
            say("May the demo's AI agent use it for ai.decision-support? One yes, and one no with what would change it:")
            for product in (YES, NO):
                say(f"  {self.caller.curl_line(key, product)}\n")


def run(options: argparse.Namespace) -> int:
    lock = take_lock()
    signals = StopSignals()
    record = Record(LOCAL / "run" / "up.json")
    supervisor = Supervisor(ROOT, record, signals)
    up = Up(options, supervisor)
    record.write()
    try:
        status = up.start()
        if options.once:
            return status
        say("Ctrl-C stops everything and keeps the data. Logs: .local/logs/")
        while True:
            supervisor.sleep(3600)
    except StopRequestedError as request:
        say()
        return 0 if request.number == signal.SIGINT and not options.once else 128 + request.number
    except CommandFailedError:
        if up.lost_port():
            require_free(HOST, up.port)
        raise
    finally:
        signals.ignore()
        with step("stopping"):
            supervisor.stop()
        lock.close()


def main(arguments: list[str]) -> int:
    os.umask(0o077)  # logs, records and passwords are nobody else's
    return run(up_options(arguments))
