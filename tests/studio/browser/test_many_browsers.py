"""Ten people at once are all answered, in turn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bach import few_chorales
from playwright.sync_api import BrowserContext, expect
from studio_pages import choose, document_of, open_studio, wait_for_change
from studios import Studio

PEOPLE = 10


@pytest.mark.slow
def test_ten_browsers_are_all_answered(
    server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    piece = few_chorales().valid[0].opening(64)
    pages = [new_context(server).new_page() for _ in range(PEOPLE)]
    for page in pages:
        open_studio(page, piece)
        page.locator("#more summary").click()
        page.locator("#best-of").fill("1")
        choose(page, "harmonize")
    # A long job first, so that all others wait.
    first, *others = pages
    for number in ("variations", "best-of"):
        first.locator(f"#{number}").fill("8")
    for page in pages:
        page.locator("#run").click()
    text = others[-1].locator("#progress-text")
    expect(text).to_contain_text(f"In the queue: {PEOPLE - 1} before")
    first.locator("#cancel").click()
    for page in others:
        wait_for_change(page, "Harmonize")
        document = document_of(page)
        assert all(document["piece"]["voices"]) and document["written"][1]
    assert not any(document_of(first)["written"])
