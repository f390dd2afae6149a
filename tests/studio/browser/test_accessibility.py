"""The page is for everyone: screen readers, contrast, small screens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from bach import few_chorales
from elements import faults
from playwright.sync_api import BrowserContext, Page, expect
from studio_pages import choose, document_of, drop, open_studio, run
from studios import Studio, Watcher

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


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, PHONE], ids=str)
def test_what_opens_for_a_while_has_no_serious_faults(
    options: dict[str, Any],
    server: Studio,
    new_context: Callable[..., BrowserContext],
    watcher: Watcher,
) -> None:
    watcher.allowed.append("status of 4.*/open")
    page = new_context(server, **options).new_page()
    open_studio(page, few_chorales().valid[0].opening(64))
    for opener, opened in (
        ("#piece-settings", "#piece-dialog"),
        ("#new", "#new-dialog"),
        ("#help", "#shortcuts-dialog"),
    ):
        page.locator(opener).click()
        page.locator(opened).wait_for()
        assert faults(page) == [], opened
        page.keyboard.press("Escape")
        expect(page.locator(opener)).to_be_focused()
    for menu in ("#out", "#view-menu", "#mixer"):
        page.locator(f"{menu} summary").click()
        assert faults(page) == [], menu
        page.keyboard.press("Escape")
    choose(page, "harmonize")
    page.locator("#more summary").click()
    page.locator("#variations").fill("2")
    assert faults(page) == [], "more"
    page.locator("#run").click()
    page.get_by_test_id("variation").first.wait_for(timeout=60_000)
    page.get_by_test_id("variation").locator("svg").first.wait_for()
    assert faults(page) == [], "variations"
    page.keyboard.press("Tab")
    page.get_by_test_id("variation-keep").first.press("Enter")
    expect(page.locator("#score")).to_be_focused()
    expect(page.locator("#findings-count")).to_have_text(re.compile(r"^\d*$"))
    drop(page, "holiday.jpg", b"no music")
    page.get_by_test_id("error").wait_for()
    assert faults(page) == [], "error"


def test_tab_visits_all_that_is_in_sight_in_its_order(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(64))
    page.locator("#score").focus()
    page.keyboard.press("Home")
    page.locator(".skip").focus()
    visited = []
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
          const { activeElement: node } = document;
          const box = node.getBoundingClientRect();
          const isSeen = box.width > 0 && box.height > 0 && box.top < innerHeight;
          return node === document.body ? null : [node.id || node.innerText, isSeen];
        }""")
        if found is None:
            break
        visited.append(found)
    names = [name for name, _ in visited]
    assert [name for name, is_seen in visited if not is_seen] == []
    assert len(names) == len(set(names))
    landmarks = ["title", "tab-score", "open", "out-summary", "edit-notes", "score"]
    landmarks += ["selection-rewrite", "action-generate", "temperature", "run", "play"]
    assert [name for name in names if name in landmarks] == landmarks


def is_too_wide(page: Page) -> bool:
    """Return whether the page can be scrolled sideways."""
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


def test_notices_of_a_phone_lie_over_nothing(
    server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(server, **PHONE).new_page()
    open_studio(page, few_chorales().valid[0].opening(64))
    page.locator("#score").focus()
    page.keyboard.press("Home")
    expect(page.locator("#selection-bar")).to_be_visible()
    page.evaluate("""async () => {
      const { say } = await import("/page/notices.js");
      for (const name of ["opened", "error"]) {
        say(`About ${name}`, { lines: ["One.", "Two."], lasts: true, name });
      }
    }""")
    notices = page.locator("#notices").bounding_box()
    assert notices
    for part in ("#top-bar", "#selection-bar", ".transport", ".actions"):
        box = page.locator(part).bounding_box()
        assert box, part
        is_above = box["y"] + box["height"] <= notices["y"]
        assert is_above or notices["y"] + notices["height"] <= box["y"], part
        assert box["y"] + box["height"] <= 844, part
    choose(page, "harmonize")
    expect(page.get_by_test_id("notice")).to_have_count(1)


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
