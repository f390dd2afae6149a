"""The page is for everyone: screen readers, contrast, small screens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bach import few_chorales
from elements import faults
from playwright.sync_api import BrowserContext, Page
from studio_pages import choose, document_of, open_studio, run
from studios import Studio

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def check_states(page: Page) -> None:
    """Check the states of the page one after the other."""
    open_studio(page)
    assert faults(page) == [], "empty page"
    open_studio(page, few_chorales().valid[0].opening(64))
    assert faults(page) == [], "a piece"
    page.locator("#score").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    assert faults(page) == [], "a selection"
    page.locator("#action-check").click()
    page.locator("#run").click()
    page.locator("#findings-summary", has_text="rule").wait_for()
    assert faults(page) == [], "findings"
    page.locator("#edit-notes").click()
    page.locator(".melody-staff").wait_for()
    assert faults(page) == [], "editor"
    page.locator("#tab-sketch").click()
    page.locator(".sketch-paper").wait_for()
    assert faults(page) == [], "sketch pad"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_has_serious_faults(
    scheme: str, server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    check_states(new_context(server, color_scheme=scheme).new_page())


def is_too_wide(page: Page) -> bool:
    """Return whether the page can be scrolled sideways."""
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


def test_a_phone_is_wide_enough(
    server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(server, **PHONE).new_page()
    open_studio(page)
    assert not is_too_wide(page)
    open_studio(page, few_chorales().valid[0].opening(64))
    assert not is_too_wide(page)
    run(page, "harmonize")
    assert any(document_of(page)["written"])
    assert not is_too_wide(page)
    choose(page, "generate")
    assert not is_too_wide(page)
    page.locator("#edit-notes").evaluate("button => button.click()")
    page.locator(".melody-staff").wait_for()
    assert not is_too_wide(page)
    page.locator("#tab-sketch").click()
    page.locator(".sketch-paper").wait_for()
    assert not is_too_wide(page)
