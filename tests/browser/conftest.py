"""A served city of its own and a browser that complains: console errors and refused contents fail the test."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from civicloop.ops.ports import free_port
from tests.conftest import ROOT, SCREENS, _clone, _drop

PHONE, DESK = 390, 1440
HEIGHT = {PHONE: 844, DESK: 900}
HERE = {"longitude": 117.02, "latitude": 39.05, "accuracy": 9}  # world.SPOT


@dataclass(frozen=True)
class City:
    """The served city: where it answers, who is signed in, which matters stand where."""

    address: str
    sessions: dict[str, str]
    matters: dict[str, str]
    receipts: dict[str, tuple[str, str]]


@dataclass
class Sitting:
    """Somebody at a screen, and what the browser complained of meanwhile."""

    page: Page
    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the city, as somebody would type its address."""
        self.page.goto(self.address + path)
        return self.page

    def picture(self, name: str) -> None:
        """A picture of the whole page, for people who look after the pages."""
        width = (self.page.viewport_size or {"width": 0})["width"]
        self.page.screenshot(path=SCREENS / f"{name}-{width}.png", full_page=True)


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended by itself"
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the server did not answer within a minute")


@pytest.fixture(scope="session")
def city(database_server: Any, database_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A clone of the tiny city with matters at every step, served by the product's own command."""
    name, port = f"b_{os.getpid()}", free_port()
    _clone(database_server, name, database_template)
    both = database_server.addresses(name)
    environment = os.environ | {
        "DATABASE_URL": both.application, "DATABASE_OWNER_URL": both.owner, "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(tmp_path_factory.mktemp("data")), "DJANGO_SETTINGS_MODULE": "civicloop.settings",
    }  # fmt: skip
    seeding = subprocess.run(
        [sys.executable, "-m", "tests.browser.seeding"], env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    facts = json.loads(seeding.stdout)
    command = [sys.executable, "-m", "civicloop.ops.cli", "serve", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(command, env=environment, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield City(address, facts["sessions"], facts["matters"], {k: tuple(v) for k, v in facts["receipts"].items()})
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
        _drop(database_server, name)


Sit = Callable[..., Sitting]
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember a failure, so that what the screens showed then is kept."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def sit(request: pytest.FixtureRequest, chromium: Browser, city: City) -> Iterator[Sit]:
    """sit(user, width, language=, scripts=): somebody at a screen; nobody signed in without a user.

    At the end of the test no browser may have complained.
    """
    sittings: list[Sitting] = []

    def begin(user: str = "", width: int = PHONE, language: str = "zh-CN", scripts: bool = True) -> Sitting:
        context = chromium.new_context(
            viewport={"width": width, "height": HEIGHT[width]}, locale=language, geolocation=HERE,  # type: ignore[arg-type]
            permissions=["geolocation"], java_script_enabled=scripts, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(6_000)
        if user:
            context.add_cookies([{"name": "sessionid", "value": city.sessions[user], "url": city.address}])
        sitting = Sitting(context.new_page(), context, city.address)
        sitting.page.on("pageerror", lambda error: sitting.complaints.append(f"{sitting.page.url}: {error}"))
        sitting.page.on("console", lambda line: _note(sitting, line))
        sittings.append(sitting)
        return sitting

    yield begin
    complaints = [words for sitting in sittings for words in sitting.complaints]
    for number, sitting in enumerate(sittings):
        if request.node.stash.get(FAILED, False):
            sitting.picture(f"failed-{request.node.name[:60]}-{number}")
        sitting.context.close()
    assert not complaints, complaints


def _note(sitting: Sitting, line: Any) -> None:
    """Errors of the console. That a page itself answers 4xx is no error of the page: the tests look at its words."""
    if line.type != "error":
        return
    document = line.location.get("url", "").split("#")[0] == sitting.page.url.split("#")[0]
    if "Failed to load resource" in line.text and "status of 4" in line.text and document:
        return
    sitting.complaints.append(f"{line.location.get('url') or sitting.page.url}: {line.text}")


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """photo(seed): the file of a drawn picture."""
    from tests.evidence import pictures

    folder = tmp_path_factory.mktemp("photos")

    def made(seed: int = 1) -> Path:
        file = folder / f"photo-{seed}.jpg"
        if not file.exists():
            file.write_bytes(pictures.encoded(pictures.drawn(800, 600, seed)))
        return file

    return made
