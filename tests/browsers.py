"""A real browser for tests: Debian's Chromium, driven by Playwright.

Where no browser is found, these tests are skipped; with CHORALE_BROWSER=required in the
environment they fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from studios import NO_BROWSER, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Return the path of Chromium; skip or fail tests where there is none."""
    path = find_browser()
    if path is not None:
        return path
    if os.environ.get("CHORALE_BROWSER") == "required":
        pytest.fail(NO_BROWSER, pytrace=False)
    pytest.skip(NO_BROWSER)


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
