"""The studio in a real browser, see `browsers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsers import browser as browser
from browsers import browser_path as browser_path
from studios import Studio, Watcher

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Reported to the console, which tests watch.
TELL_OF_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


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
