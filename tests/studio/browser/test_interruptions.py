"""What happens meanwhile or elsewhere takes nothing away: edits, tabs, no room."""

from __future__ import annotations

import json
from collections.abc import Callable

from bach import few_chorales
from playwright.sync_api import BrowserContext, Page, Route, expect
from studio_pages import (
    choose,
    document_of,
    errors,
    labels,
    open_studio,
    plain,
    until,
    wait_for_score,
    write_piece,
)
from studios import Studio


def start_slowly(page: Page, action: str) -> Callable[[], None]:
    """Start an action whose job is asked for only when what is returned is called."""
    held: list[Route] = []
    page.route("**/jobs", lambda route: held.append(route))
    choose(page, action)
    page.locator("#run").click()
    expect(page.locator("#progress")).to_be_visible()
    while not held:
        page.wait_for_timeout(20)
    return held[0].continue_


def test_edits_during_a_job_are_not_overwritten(page: Page) -> None:
    first, second = few_chorales().valid[:2]
    open_studio(page, first.opening(32))
    let_go = start_slowly(page, "harmonize")
    write_piece(page, second.opening(32))
    edited = plain(document_of(page)["piece"])
    let_go()
    page.get_by_test_id("variation").wait_for(timeout=60_000)
    assert plain(document_of(page)["piece"]) == edited
    expect(page.locator("#variations-note")).to_be_visible()
    page.locator("#variations-discard").click()
    assert plain(document_of(page)["piece"]) == edited
    assert labels(page) == ["Given", "Given"]


def test_edits_beside_variations_are_pointed_out(page: Page) -> None:
    first, second = few_chorales().valid[:2]
    open_studio(page, first.opening(32))
    page.locator("#more summary").click()
    page.locator("#variations").fill("2")
    choose(page, "harmonize")
    page.locator("#run").click()
    page.get_by_test_id("variation").first.wait_for(timeout=60_000)
    expect(page.locator("#variations-note")).to_be_hidden()
    write_piece(page, second.opening(32))
    expect(page.locator("#variations-note")).to_be_visible()
    page.locator("#undo").click()
    expect(page.locator("#variations-note")).to_be_hidden()


def test_undo_ends_a_choice_before_it_takes_changes_back(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(16))
    before = plain(document_of(page)["piece"])
    page.locator("#more summary").click()
    page.locator("#variations").fill("2")
    choose(page, "harmonize")
    page.locator("#run").click()
    page.get_by_test_id("variation").first.wait_for(timeout=60_000)
    page.keyboard.press("Control+z")
    expect(page.locator("#variations-view")).to_be_hidden()
    assert plain(document_of(page)["piece"]) == before
    assert labels(page) == ["Given"]
    page.keyboard.press("Control+z")
    assert labels(page) == []


def test_a_closed_tab_cancels_its_job(page: Page) -> None:
    open_studio(page, few_chorales().valid[0])
    page.locator("#more summary").click()
    page.locator("#variations").fill("8")
    page.locator("#best-of").fill("8")
    choose(page, "harmonize")
    with page.expect_response("**/jobs") as answer:
        page.locator("#run").click()
    job = answer.value.json()["id"]
    page.wait_for_timeout(100)
    other = page.context.new_page()
    other.goto("/")
    page.close()
    until(
        other,
        "async (id) => (await (await fetch(`/jobs/${id}`)).json()).state"
        " === 'cancelled'",
        job,
    )


def test_two_tabs_do_not_take_each_others_piece(
    server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    first, second = few_chorales().valid[:2]
    context = new_context(server)
    earlier, later = context.new_page(), context.new_page()
    open_studio(earlier, first.opening(32))
    of_earlier = plain(document_of(earlier)["piece"])
    open_studio(later, None)
    write_piece(later, second.opening(32))
    of_later = plain(document_of(later)["piece"])
    later.wait_for_timeout(400)
    # The earlier tab has nothing new to store when it is closed, or loaded again.
    earlier.reload()
    wait_for_score(earlier)
    assert plain(document_of(earlier)["piece"]) == of_earlier
    write_piece(earlier, first.opening(48))
    of_earlier = plain(document_of(earlier)["piece"])
    earlier.close()
    later.close()
    # Both are there: the newest, and the other one on demand.
    newest = context.new_page()
    open_studio(newest)
    assert plain(document_of(newest)["piece"]) == of_earlier
    newest.get_by_role("button", name="Bring it back").click()
    assert plain(document_of(newest)["piece"]) == of_later
    newest.locator("#undo").click()
    assert plain(document_of(newest)["piece"]) == of_earlier


def test_a_browser_without_room_says_so(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(32))
    page.wait_for_timeout(400)
    page.evaluate("""() => {
      for (let size = 4_000_000; size >= 1; size = Math.floor(size / 2)) {
        for (let part = 0; part < 4; part += 1) {
          try { localStorage.setItem(`${size}-${part}`, "x".repeat(size)); } catch {}
        }
      }
    }""")
    write_piece(page, few_chorales().valid[1])
    expect(errors(page)).to_contain_text("no room")
    page.evaluate("""() => {
      for (const key of Object.keys(localStorage)) {
        if (/^\\d/.test(key)) localStorage.removeItem(key);
      }
    }""")
    page.locator("#undo").click()
    expect(errors(page)).to_have_count(0)
    stored = page.evaluate("() => localStorage['chorale-studio-document-1']")
    assert plain(json.loads(stored)["document"]["piece"]) == plain(
        document_of(page)["piece"]
    )
