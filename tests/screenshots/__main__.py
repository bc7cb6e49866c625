"""`bin/screenshots`: starts an application, fills it, takes pictures of its pages into docs/screenshots/, and ends it."""

import argparse
import sys
import time
from pathlib import Path

from runtime.embedded import throwaway_directory
from runtime.screen import CommandFailedError, complain, say, step
from tests.screenshots.application import ROOT, Application
from tests.screenshots.browser import Browser, find_browser
from tests.screenshots.pages import Shot, shots

MORE_PAGES = (
    "/admin/",
    "/admin/catalog/dataproduct/",
    "/admin/catalog/dataproduct/add/",
    "/admin/catalog/person/add/",
    "/admin/catalog/accesspolicy/add/",
    "/admin/catalog/usecase/add/",
    "/admin/trust/decision/",
    "/admin/trust/verdict/",
    "/admin/audit/",
    "/admin/password_change/",
    "/account/email",
    "/",
    "/api/docs",
)
"""Opened as well, for what their content security policy blocks."""
FOLDER = ROOT / "docs" / "screenshots"
LARGEST_BYTES = 300_000
HELP = "Take the pictures of the documents in headless Chromium, from an application that is started for that."
# Who asks for what, and whether the answers come from before the fall of a product does not matter here.
QUESTIONS = (("rebooking-agent", "bookings", "rebooking"), ("standby-planner", "ground-crew-rota", "crew-standby"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/screenshots", description=HELP)
    parser.add_argument("--only", metavar="NAME", action="append", help="only this picture; may be given several times")
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER", help="default: docs/screenshots")
    options = parser.parse_args(arguments)
    find_browser()
    with throwaway_directory() as folder, Application(folder) as application:
        wanted = fill(application)
        with step("browser"):
            browser = Browser(folder / "profile")
        with browser:
            log_in(browser, application)
            for path in MORE_PAGES:
                look(browser, application, path)
            for shot in wanted:
                if not options.only or shot.name in options.only:
                    take(browser, application, shot, options.into)
    return 0


def fill(application: Application) -> tuple[Shot, ...]:
    """All rows, by the services and by questions over HTTP; what there is to take pictures of."""
    with step("database tables"):
        application.manage("migrate", "--no-input")
        application.manage("signing_key", "--ensure")
    with step("demo and its runs"):
        application.stage("demo")
    with step("an invented airline"):
        company = application.stage("company")
    with step("web server"):
        application.serve()
    with step("questions and their answers"):
        asked = ask(application, company["key"], company["products"])
        application.stage("trouble", *map(str, asked))
        found = application.stage("standing")
    with step("ledger"):
        application.manage("ledger", "seal")
    return shots(**found["shots"])


def ask(application: Application, key: str, products: list[str]) -> list[int]:
    """Ids of the decisions, oldest first."""
    found = []
    for consumer, _, use_case in QUESTIONS:
        for product in products:
            body = {
                "subject": {"type": "consumer", "id": consumer},
                "action": {"name": "consume", "properties": {"purpose": "ai.decision-support"}},
                "resource": {"type": "data_product", "id": product},
                "context": {"use_case": use_case},
            }
            answered = application.ask("/access/v1/evaluation", key, body)
            found.append(int(answered["context"]["decision_id"]))
    return found


def log_in(browser: Browser, application: Application) -> None:
    browser.shape(width=1360)
    browser.open(f"{application.address}/admin/login/")
    browser.run(
        "document.querySelector('[name=username]').value = arguments[0];"
        "document.querySelector('[name=password]').value = arguments[1];"
        "document.querySelector('[name=password]').form.submit();",
        "ruth.adler",
        application.password,
    )
    browser.open(f"{application.address}/admin/")
    if browser.run("return document.querySelector('[name=password]') !== null"):
        raise CommandFailedError("The login was refused; look at trust/admin and catalog/admin, or at the stage's password.")


def look(browser: Browser, application: Application, path: str) -> None:
    """Open a page of which no picture is taken. Raises `CommandFailedError` for what its content security policy blocks."""
    with step(path):
        browser.open(application.address + path)
        time.sleep(1)  # its scripts have run
        if blocked := browser.violations():
            raise CommandFailedError(f"The content security policy of {path} blocks what the page needs: {blocked}")


def take(browser: Browser, application: Application, shot: Shot, folder: Path) -> None:
    """Write one picture; raises `CommandFailedError` for a page that is an error or a picture that is too large."""
    with step(f"{shot.name}.png"):
        lowest = min(900, shot.highest)
        browser.shape(width=shot.width, height=lowest, dark=shot.dark)
        browser.open(application.address + shot.path)
        title = browser.run("return document.title")
        if any(word in title for word in ("404", "403", "500", "not found", "Error")):
            raise CommandFailedError(f"{shot.path} shows {title!r} instead of a page.")
        if shot.width >= 600:  # what sticks to the edges of the window lies at those of the whole page then
            browser.shape(width=shot.width, height=max(lowest, min(browser.height(), 4000)), dark=shot.dark)
        if blocked := browser.violations():
            raise CommandFailedError(f"The content security policy of {shot.path} blocks what the page needs: {blocked[0]}")
        picture = browser.picture(since=shot.since, until=shot.until, highest=shot.highest)
        if len(picture) > LARGEST_BYTES:
            raise CommandFailedError(f"{shot.name}.png has {len(picture):,} bytes; make it narrower or lower in pages.py.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{shot.name}.png").write_bytes(picture)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CommandFailedError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say()
        sys.exit(130)
