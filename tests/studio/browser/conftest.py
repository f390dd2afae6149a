"""The studio in a real browser: Debian's Chromium, driven by Playwright.

Where no browser is found, these tests are skipped; with CHORALE_BROWSER=required in the
environment they fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from studios import NO_BROWSER, Studio, Watcher, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Reported to the console, which tests watch.
TELL_OF_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Return the path of Chromium; skip or fail tests where there is none."""
    path = find_browser()
    if path is not None:
        return path
    if os.environ.get("CHORALE_BROWSER") == "required":
        pytest.fail(NO_BROWSER, pytrace=False)
    pytest.skip(NO_BROWSER)


@pytest.fixture(scope="session")
def server(
    browser_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """Return a running server that tests share; they must not end it."""
    studio = Studio(tmp_path_factory.mktemp("studio"))
    try:
        studio.start()
        yield studio
    finally:
        studio.kill()


# As long as a browser is open, this thread counts as running an event loop. It is
# closed before the tests of other modules, which may start one. (The scope "package"
# would last as long as the session, since folders of tests are no packages.)
@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    """Return Chromium without a window."""
    from playwright.sync_api import sync_playwright

    words = ["--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        words.append("--no-sandbox")  # which root cannot have
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=words)
        yield browser
        browser.close()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    """Fail the test on faults of its pages, other than those it allows."""
    watcher = Watcher()
    yield watcher
    assert watcher.faults() == []


@pytest.fixture
def new_context(
    browser: Browser, watcher: Watcher
) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a browser without history, as another person's.

    It takes a server and options of Playwright's `new_context`.
    """
    with ExitStack() as stack:

        def new(server: Studio, **options: Any) -> BrowserContext:
            watcher.servers.append(server.url)
            size = {"width": 1440, "height": 900}
            settings = {"base_url": server.url, "viewport": size, "locale": "en-GB"}
            context = browser.new_context(**{**settings, **options})
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            context.add_init_script(TELL_OF_VIOLATIONS)
            context.on("page", watcher.watch)
            context.on("request", watcher.read_request)
            return context

        yield new


@pytest.fixture
def page(server: Studio, new_context: Callable[..., BrowserContext]) -> Page:
    """Return an empty page of a new browser; `page.goto("/")` opens the studio."""
    return new_context(server).new_page()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Studio]:
    """Return a server that is not started yet, for tests that end it."""
    studio = Studio(tmp_path)
    yield studio
    studio.kill()
