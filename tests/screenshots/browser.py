"""Headless Chromium over the WebDriver protocol (W3C), spoken to chromedriver with the standard library alone."""

import base64
import json
import os
import shutil
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from runtime.ports import find_free_port
from runtime.screen import CommandFailedError

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No {what} is on PATH. Debian: apt install chromium chromium-driver; Ubuntu and others: Chrome or Chromium with the "
    "chromedriver of the same version. Then start again."
)
# Nothing is looked up or fetched but what is asked for; root, as in a container, has no sandbox.
ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
# Some room above the first and below the last thing.
_EDGES = """
const edge = (selector, side, otherwise) =>
    selector ? document.querySelector(selector).getBoundingClientRect()[side] + window.scrollY : otherwise;
const root = document.documentElement;
const since = edge(arguments[0], "top", 0), until = edge(arguments[1], "bottom", root.scrollHeight);
return [root.clientWidth, Math.max(0, since - 16), Math.min(root.scrollHeight, until + 20)];
"""
START_SECONDS = 30.0
PAGE_SECONDS = 30.0


def find_browser() -> tuple[str, str]:
    """Chromium and chromedriver. Raises `CommandFailedError` with what to install where one is missing."""
    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if chromium is None:
        raise CommandFailedError(MISSING.format(what="Chromium or Chrome"))
    driver = shutil.which("chromedriver")
    if driver is None:
        raise CommandFailedError(MISSING.format(what="chromedriver"))
    return chromium, driver


class Browser:
    """One window. Use it as a context: the processes end with it."""

    def __init__(self, profile: Path) -> None:
        self.chromium, self.driver = find_browser()
        self.profile = profile
        self.port = find_free_port()
        self.session = ""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Browser":
        log = (self.profile.parent / "chromedriver.log").open("wb")
        self.process = subprocess.Popen([self.driver, f"--port={self.port}"], stdout=log, stderr=log, start_new_session=True)
        log.close()
        self._wait_for_driver()
        arguments = [*ARGUMENTS, f"--user-data-dir={self.profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        options = {"binary": self.chromium, "args": arguments}
        logs = {"browser": "ALL"}
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logs}}
        self.session = self._call("POST", "/session", {"capabilities": wanted})["sessionId"]
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.session:
                self._call("DELETE", f"/session/{self.session}")
        finally:
            if self.process is not None:
                self.process.terminate()
                self.process.wait(timeout=10)

    def shape(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        """What the pages that are opened from now on are made for."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.order("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.order("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        self._session("POST", "/url", {"url": url})
        deadline = time.monotonic() + PAGE_SECONDS
        while self.run("return document.readyState") != "complete":
            if time.monotonic() > deadline:
                raise CommandFailedError(f"{url} was not loaded after {PAGE_SECONDS:.0f} s.")
            time.sleep(0.1)
        self.run("return document.fonts.ready.then(() => true)")

    def violations(self) -> list[str]:
        """What the content security policy of the pages since the last call has blocked, in the console's words."""
        lines = [str(entry["message"]) for entry in self._session("POST", "/se/log", {"type": "browser"})]
        return [line for line in lines if "Content Security Policy" in line or "unsafe-eval" in line]

    def run(self, script: str, *arguments: object) -> Any:
        """What a script in the page returns."""
        return self._session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def order(self, method: str, **parameters: object) -> Any:
        """A command of the DevTools protocol."""
        return self._session("POST", "/goog/cdp/execute", {"cmd": method, "params": parameters})

    def height(self) -> int:
        """Of the whole page, in pixels."""
        return int(self.run("return document.documentElement.scrollHeight"))

    def picture(self, *, since: str, until: str, highest: int) -> bytes:
        """The page as PNG: from the element `since` (empty: the top) to the element `until` (the end), `highest` at most."""
        width, top, end = self.run(_EDGES, since, until)
        clip = {"x": 0, "y": top, "width": width, "height": min(end - top, highest), "scale": 1}
        taken = self.order("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(taken["data"])

    def _session(self, method: str, path: str, body: object) -> Any:
        return self._call(method, f"/session/{self.session}{path}", body)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answered = json.load(connection.getresponse())["value"]
        finally:
            connection.close()
        if isinstance(answered, dict) and "error" in answered:
            raise CommandFailedError(f"The browser refused {path}: {answered['error']}: {answered.get('message')}")
        return answered

    def _wait_for_driver(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:  # not listening yet
                pass
            if time.monotonic() > deadline or (self.process is not None and self.process.poll() is not None):
                raise CommandFailedError(f"chromedriver did not start; see {self.profile.parent / 'chromedriver.log'}.")
            time.sleep(0.1)
