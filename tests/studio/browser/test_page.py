"""The page opens without a fault, and faults do not go unnoticed."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect
from studios import Watcher

SECONDS = 10  # until a busy machine answers


def test_the_page_opens(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_title(re.compile("chorale", re.IGNORECASE))


def test_faults_are_noticed(page: Page, watcher: Watcher) -> None:
    page.goto("/")
    for fault in (
        "console.error('unwell')",
        "setTimeout(() => { throw new Error('worse') })",
        "document.body.setAttribute('style', 'color: red')",
        "fetch('http://localhost:9/elsewhere').catch(() => 0)",
        "fetch('/no-such-thing')",
    ):
        page.evaluate(f"void {fault}")
    patterns = [
        "^console: unwell",
        "^page error: worse",
        "^console: Content-Security-Policy: style-src-attr",
        "^console: Content-Security-Policy: connect-src",
        "^console: Failed to load resource.*404.*/no-such-thing",
    ]
    limit = time.monotonic() + SECONDS
    while missing := [
        pattern
        for pattern in patterns
        if not any(re.search(pattern, fault) for fault in watcher.faults())
    ]:
        assert time.monotonic() < limit, f"not noticed: {missing}"
        page.wait_for_timeout(50)
    watcher.allowed.append("")
