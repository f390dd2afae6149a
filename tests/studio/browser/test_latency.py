"""What a person waits for, and what they need not wait for."""

from __future__ import annotations

from bach import few_chorales
from playwright.sync_api import Page, Route
from studio_pages import (
    choose,
    document_of,
    open_studio,
    until,
    wait_for_score,
    wait_for_sound,
)

_IS_HARMONIZED = """async () => {
  return document.getElementById("undo").title === "Undo: Harmonize";
}"""
_CHANGES = """() => {
  const changes = { text: 0, bar: 0 };
  const count = (name) => (records) => { changes[name] += records.length; };
  const watch = (id, name, what) => new MutationObserver(count(name)).observe(
    document.getElementById(id), what);
  watch("progress-text", "text", { childList: true, characterData: true });
  watch("progress-bar", "bar", { attributeFilter: ["value"] });
  window.changes = changes;
}"""


def test_music_is_heard_before_it_is_engraved(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(64))
    melody = document_of(page)["piece"]["voices"][0]
    held: list[Route] = []
    page.route("**/engrave", lambda route: held.append(route))
    choose(page, "harmonize")
    page.locator("#run").click()
    until(page, _IS_HARMONIZED)
    page.locator("#play").click()
    wait_for_sound(page)
    assert len(held) == 1  # not answered yet
    page.locator("#stop").click()
    held[0].continue_()
    wait_for_score(page)
    assert document_of(page)["piece"]["voices"][0] == melody


def test_a_running_job_redraws_only_its_bar(page: Page) -> None:
    open_studio(page, few_chorales().valid[0])
    page.evaluate(_CHANGES)
    choose(page, "harmonize")
    page.locator("#run").click()
    until(page, _IS_HARMONIZED)
    changes = page.evaluate("() => window.changes")
    assert changes["bar"] >= 2
    assert changes["text"] == 1
    wait_for_score(page)
