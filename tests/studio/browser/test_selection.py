"""Keys select, lock, rewrite and play; findings stand on the notes."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from bach import few_chorales
from playwright.sync_api import Page, Route, expect
from studio_pages import (
    document_of,
    labels,
    open_studio,
    run,
    wait_for_change,
    wait_for_silence,
    wait_for_sound,
    write_piece,
)

from chorale.music.keys import Key
from chorale.music.score import Chorale


def test_the_keyboard_alone_does_it_all(page: Page) -> None:
    open_studio(page)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("To the score")
    page.locator("#welcome-write").focus()
    page.keyboard.press("Enter")
    page.locator("#new-bars").fill("2")
    page.keyboard.press("Enter")
    page.locator(".melody-area").focus()
    page.keyboard.type("5gabcdcba")
    page.locator("#edit-notes").focus()
    page.keyboard.press("Enter")
    melody = document_of(page)["piece"]["voices"][0]
    assert [pitch for pitch, _, _ in melody] == [67, 69, 71, 72, 74, 72, 71, 69]
    page.locator("#score").focus()
    page.keyboard.press("h")
    wait_for_change(page, "Harmonize")
    page.locator("#score").focus()
    page.keyboard.press("ArrowRight")  # the first bar, soprano
    page.keyboard.press("ArrowDown")
    page.keyboard.press("l")
    assert document_of(page)["locked"] == [[], [[0, 16]], [], []]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    chosen = document_of(page)["selection"]
    assert (chosen["first"], chosen["last"], chosen["voices"]) == (1, 1, [1, 2])
    page.keyboard.press("r")
    wait_for_change(page, "Rewrite")
    page.locator("#score").focus()
    page.keyboard.press("Space")
    wait_for_sound(page)
    page.keyboard.press(".")
    wait_for_silence(page)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert labels(page)[-1] == "Harmonize"
    page.keyboard.press("Control+Shift+z")
    assert labels(page)[-1] == "Lock"


def test_a_planted_parallel_is_found_on_its_notes(page: Page) -> None:
    chords = [(72, 67, 64, 48), (74, 69, 65, 50), (71, 67, 62, 55), (72, 67, 64, 48)]
    piece = Chorale(pitches=np.repeat(chords, 4, axis=0))
    open_studio(page, piece)
    run_check(page)
    finding = page.get_by_test_id("finding").filter(has_text="octave").first
    finding.click()
    expect(finding).to_contain_text("beat 2")
    for voice in (0, 3):
        expect(page.locator(f"#note-{voice}-4")).to_have_class(re.compile("finding"))
    assert document_of(page)["selection"]["voices"] == [0, 3]
    page.locator("#note-0-4 .notehead").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("octave")
    # Put right, it is gone by itself.
    write_piece(page, few_chorales().valid[0].opening(16))
    expect(page.get_by_test_id("finding").filter(has_text="C3-C5")).to_have_count(0)


def run_check(page: Page) -> None:
    """Have the piece checked."""
    page.locator("#action-check").click()
    page.locator("#run").click()
    expect(page.locator("#findings-summary")).to_contain_text("rule")


def test_locked_notes_are_kept(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(64))
    before = document_of(page)["piece"]["voices"]
    page.locator("#score").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+End")
    page.keyboard.press("l")
    run(page, "harmonize")
    after = document_of(page)
    assert after["piece"]["voices"][3] == before[3]
    assert after["piece"]["voices"][0] == before[0]
    assert after["written"][3] == [] and after["written"][1]


def test_held_notes_are_rewritten_to_their_end(page: Page) -> None:
    pitches = np.tile([72, 67, 64, 48], (48, 1))
    onsets = np.zeros((48, 4), dtype=bool)
    onsets[::4] = True
    onsets[:, 1] = False
    onsets[[0, 40], 1] = True  # the alto's first note fills two bars and a half
    open_studio(page, Chorale(pitches=pitches, onsets=onsets))
    page.locator("#score").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    chosen = document_of(page)["selection"]
    assert (chosen["first"], chosen["last"], chosen["voices"]) == (1, 1, [1])
    page.keyboard.press("r")
    wait_for_change(page, "Rewrite")
    after = document_of(page)
    assert after["written"] == [[], [[16, 40]], [], []]
    assert after["piece"]["voices"][1][-1] == [67, 40, 8]
    notice = page.get_by_test_id("notice").filter(has_text="to their end")
    expect(notice).to_have_count(1)


def test_a_check_that_comes_too_late_is_not_shown(page: Page) -> None:
    chords = [(72, 67, 64, 48), (74, 69, 65, 50), (71, 67, 62, 55), (72, 67, 64, 48)]
    open_studio(page, Chorale(pitches=np.repeat(chords, 4, axis=0)))
    page.locator("#action-check").click()
    held: list[Route] = []
    page.route("**/check", lambda route: held.append(route))
    page.locator("#run").click()
    expect(page.locator("#findings-summary")).to_have_text("Checking…")
    while not held:
        page.wait_for_timeout(20)
    page.locator("#undo").click()
    with page.expect_response("**/check"):
        held[0].continue_()
    page.wait_for_timeout(100)
    expect(page.locator("#findings-summary")).to_have_text("Not checked yet.")
    expect(page.get_by_test_id("finding")).to_have_count(0)


def test_keys_go_on_from_the_bar_that_was_clicked(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(64))
    page.locator("#score").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    last = page.locator("[id^='note-0-']").last
    last.scroll_into_view_if_needed()
    last.locator(".notehead").click()
    clicked = document_of(page)["selection"]["last"]
    page.keyboard.press("ArrowLeft")
    assert document_of(page)["selection"]["last"] == clicked - 1


def test_notes_are_named_in_their_key(page: Page) -> None:
    piece = few_chorales().valid[0].opening(16)
    pitches = piece.pitches.copy()
    pitches[:, 0] = 80
    open_studio(page, replace(piece, pitches=pitches, key=Key.parse("E major")))
    page.locator("#note-0-0 .notehead").click()
    expect(page.locator("#selection-text")).to_contain_text("G♯5")


def test_variations_stand_alone(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(64))
    page.locator("#score").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#selection-bar")).to_be_visible()
    page.locator("#more summary").click()
    page.locator("#variations").fill("2")
    page.locator("#action-rewrite").click()
    page.locator("#run").click()
    card = page.get_by_test_id("variation").first
    card.wait_for(timeout=60_000)
    expect(page.locator("#selection-bar")).to_be_hidden()
    small = card.bounding_box()
    card.get_by_role("button", name="Full size").click()
    large = card.bounding_box()
    assert small and large and large["width"] > 1.8 * small["width"]
    page.locator("#variations-discard").click()
    expect(page.locator("#selection-bar")).to_be_visible()
