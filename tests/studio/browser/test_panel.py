"""The panel: what it offers next, what it counts, and what it takes with it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from bach import few_chorales
from playwright.sync_api import Page, expect
from studio_pages import choose, document_of, open_studio, run, wait_for_change

from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.score import Chorale
from chorale.sampling.next_step_options import SamplingOptions


def test_a_search_chooses_what_it_finds(page: Page) -> None:
    open_studio(page)
    page.locator("#seed-search").fill("bwv 393")
    row = page.get_by_test_id("seed")
    expect(row).to_have_count(1)
    expect(row).to_have_attribute("aria-selected", "true")
    with page.expect_request("**/jobs") as asked:
        page.locator("#run").click()
    job = asked.value.post_data_json
    assert job["seed"] == row.get_attribute("data-seed")
    assert job["temperature"] == SamplingOptions().temperature  # middle of the slider


def test_a_new_melody_is_harmonized_and_seen_with_its_voices(page: Page) -> None:
    open_studio(page)
    page.locator("#welcome-write").click()
    page.locator("#new-bars").fill("2")
    page.locator("#new-dialog-accept").click()
    page.locator(".melody-area").focus()
    page.keyboard.type("5gabcdcba")
    expect(page.locator("#run")).to_have_text("Harmonize")
    page.locator("#run").click()
    wait_for_change(page, "Harmonize")
    expect(page.locator("#editor-view")).to_be_hidden()
    expect(page.locator("#score")).to_be_visible()


def test_the_button_says_how_many_variations_it_writes(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(16))
    page.locator("#more summary").click()
    names = {
        "generate": ("Generate 3 variations", "Generate"),
        "harmonize": ("Harmonize in 3 variations", "Harmonize"),
        "rewrite": ("Rewrite in 3 variations", "Rewrite the selection"),
    }
    for action, words in names.items():
        choose(page, action)
        for count, text in zip("31", words, strict=True):
            page.locator("#variations").fill(count)
            expect(page.locator("#run")).to_have_text(text)


def test_how_much_a_rewriting_changes_is_asked_and_said(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(32))
    page.locator("#more summary").click()
    choose(page, "harmonize")
    expect(page.locator("#distance")).to_be_hidden()
    choose(page, "rewrite")
    page.locator("#distance").fill("75")
    page.locator("#distance").press("Tab")
    page.locator("#score").focus()
    page.keyboard.press("Home")
    with page.expect_request("**/jobs") as asked:
        page.locator("#run").click()
    assert asked.value.post_data_json["distance"] == 0.75
    wait_for_change(page, "Rewrite")
    notice = page.get_by_test_id("notice").filter(has_text="Changed")
    expect(notice).to_contain_text(re.compile(r"\d+ % of the \d+ sixteenths of bar"))
    page.locator("#variations").fill("2")
    page.locator("#run").click()
    card = page.get_by_test_id("variation").first
    expect(card).to_contain_text(re.compile(r"\d+ % changed"), timeout=60_000)
    page.reload()
    expect(page.locator("#distance")).to_have_value("75")


def test_options_of_drawing_are_those_of_the_model(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(16))
    page.locator("#more summary").click()
    names = ("top-p", "guidance", "critic", "particles")
    fields = [page.locator(f"#{name}") for name in names]
    for action, model, shown in (
        ("generate", "bach", (True, True, True, False)),
        ("harmonize", "bach", (True, True, True, True)),
        ("harmonize", "counterpoint", (True, False, False, False)),
        ("rewrite", "bach", (True, True, True, True)),
    ):
        choose(page, action)
        page.locator("#model").select_option(model)
        spoken = page.locator("#temperature").get_attribute("aria-valuetext")
        assert spoken == f"balanced, {1 if model == 'counterpoint' else 0.8}"
        for field, is_shown in zip(fields, shown, strict=True):
            expect(field).to_be_visible(visible=is_shown)
    choose(page, "harmonize")
    for field, value in zip(fields, ("0.5", "0.25", "1", "3"), strict=True):
        field.fill(value)
        field.press("Tab")
    with page.expect_request("**/jobs") as asked:
        page.locator("#run").click()
    job = asked.value.post_data_json
    asked_for = [job[name] for name in ("top_p", "guidance", "critic", "particles")]
    assert asked_for == [0.5, 0.25, 1, 3]
    wait_for_change(page, "Harmonize")


def test_findings_of_a_model_are_counted_and_shown_on_demand(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(64))
    page.route(
        "**/check",
        lambda route: route.fulfill(
            json={
                "findings": [
                    {
                        "rule": "large leap",
                        "bar": 1,
                        "beat": 1,
                        "step": 4,
                        "voices": [0],
                        "message": "planted",
                    }
                ]
            }
        ),
    )
    expect(page.locator("#findings-count")).to_be_hidden()
    run(page, "harmonize")
    expect(page.locator("#findings-count")).to_have_text("1")
    expect(page.get_by_test_id("finding-dot")).to_have_count(0)
    choose(page, "check")
    # Both notes of the leap.
    expect(page.get_by_test_id("finding-dot")).to_have_count(2)
    expect(page.locator("#findings-summary")).to_contain_text("1 place breaks")


def test_a_check_that_fails_says_so(page: Page) -> None:
    open_studio(page, few_chorales().valid[0].opening(16))
    page.route("**/check", lambda route: route.fulfill(body="no JSON"))
    choose(page, "check")
    page.locator("#run").click()
    expect(page.get_by_test_id("error")).to_have_count(1)
    expect(page.locator("#findings-summary")).to_have_text("Not checked.")


def test_words_go_with_the_voice_of_the_melody(page: Page) -> None:
    piece = few_chorales().valid[0].opening(16)
    sung = replace(piece, lyrics=(Lyric(voice=0, step=0, text="Ach"),))
    open_studio(page, sung)
    moved = page.evaluate("""async () => {
      const { store } = await import("/page/store.js");
      const { moveVoice } = await import("/page/piece.js");
      return moveVoice(store.document.piece, 0, 2).lyrics;
    }""")
    assert [(word["voice"], word["text"]) for word in moved] == [(2, "Ach")]


def test_tempi_that_files_may_have_can_be_set(page: Page) -> None:
    pitches = np.tile([72, 67, 64, 48], (16, 1))
    open_studio(page, replace(Chorale(pitches=pitches), tempo=320.0))
    page.locator("#piece-settings").click()
    page.locator("#piece-title").fill("Fast")
    page.locator("#piece-dialog-accept").click()
    expect(page.locator("#title")).to_have_value("Fast")
    assert document_of(page)["piece"]["tempo"] == 320
    page.locator("#tempo").fill("5")
    page.locator("#tempo").press("Enter")
    expect(page.locator("#tempo")).to_have_value("320")


def test_a_piece_is_transposed_with_its_key(page: Page) -> None:
    piece = few_chorales().valid[0].opening(16)
    open_studio(page, replace(piece, key=Key.parse("C major")))
    before = document_of(page)["piece"]["voices"]
    page.locator("#piece-settings").click()
    page.get_by_label("Transpose by").fill("-2")
    page.locator("#piece-dialog-accept").click()
    after = document_of(page)["piece"]
    assert after["key"] == "Bb major"
    assert after["voices"] == [
        [[pitch - 2, start, length] for pitch, start, length in line] for line in before
    ]
    page.locator("#undo").click()
    assert document_of(page)["piece"]["voices"] == before
