"""The application that pictures are taken of: servers, tables and rows of its own in a folder that goes when it is done."""

import json
import os
import secrets
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from runtime.embedded import EmbeddedPostgres, EmbeddedValkey
from runtime.ports import find_free_port
from runtime.screen import CommandFailedError, tail
from runtime.web import web_command

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0


class Application:
    """Use it as a context: what it started ends with it, and nothing of the clone's own data is touched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder / "postgres", durable=False)
        self.valkey = EmbeddedValkey(folder / "valkey", durable=False)
        self.port = find_free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "application.log"
        self.password = secrets.token_urlsafe(15)
        self.secret_key = secrets.token_urlsafe(64)
        self.web: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Application":
        self.postgres.start()
        self.valkey.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.web is not None:
            self.web.terminate()
            self.web.wait(timeout=15)
        self.valkey.stop()
        self.postgres.stop()

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE_")},
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "TOUCHSTONE_SECRET_KEY": self.secret_key,
            "TOUCHSTONE_SIGNING_KEYS": str(self.folder / "signing"),
            "TOUCHSTONE_PUBLIC_HOME": "true",
            "TOUCHSTONE_LOG_LEVEL": "WARNING",
            "SCREENSHOTS_PASSWORD": self.password,
            "PYTHONPATH": str(ROOT),
        }

    def do(self, *words: str) -> str:
        """The output of a Python program in the application's environment; its log tells where it failed."""
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        with self.log.open("a") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise CommandFailedError(f"{' '.join(words)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def manage(self, *words: str) -> str:
        return self.do("manage.py", *words)

    def stage(self, *words: str) -> dict[str, Any]:
        """What a step of `tests.screenshots.stage` answered."""
        code = f"from tests.screenshots.stage import play; play({', '.join(map(repr, words))})"
        answered: dict[str, Any] = json.loads(self.manage("shell", "--no-imports", "-c", code).splitlines()[-1])
        return answered

    def serve(self) -> None:
        """Start the web server; returns once it answers."""
        command = web_command("127.0.0.1", self.port, workers=1)
        with self.log.open("ab") as log:
            self.web = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self.web.poll() is not None:
                raise CommandFailedError(f"The web server did not start:\n{tail(self.log)}")
            time.sleep(0.2)

    def ask(self, path: str, key: str, body: object) -> dict[str, Any]:
        """The JSON answer to a POST with an API key."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        status, said = self._request("POST", path, json.dumps(body), headers)
        if status != 200:
            raise CommandFailedError(f"{path} was answered {status}: {said[:2000]!r}")
        answered: dict[str, Any] = json.loads(said)
        return answered

    def _answers(self) -> bool:
        try:
            return self._request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def _request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
