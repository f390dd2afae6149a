"""A drawing is recognized while it is drawn, undone, cleared and saved."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from pathlib import Path

import pytest
from elements import faults, open_blank, wait_until
from playwright.sync_api import BrowserContext, Page, expect
from studio_pages import open_studio
from studios import Studio, Watcher

from chorale.sketches import classify, read_sketches

MAKE_PAD = """async () => {
  await import("/page/sketch_pad.js");
  window.pad = document.createElement("sketch-pad");
  document.body.append(pad);
}"""


@pytest.fixture
def pad(page: Page) -> Page:
    """Return a page with empty paper."""
    open_blank(page)
    page.evaluate(MAKE_PAD)
    return page


def draw_star(page: Page) -> None:
    box = page.locator(".sketch-paper").bounding_box()
    assert box
    for corner in range(6):
        angle = 4 * pi * corner / 5
        x = box["x"] + box["width"] * (0.5 + 0.4 * sin(angle))
        y = box["y"] + box["height"] * (0.5 - 0.4 * cos(angle))
        page.mouse.move(x, y, steps=10 if corner else 1)
        if not corner:
            page.mouse.down()
    page.mouse.up()


def test_a_star_is_recognized_and_shown_as_the_network_sees_it(pad: Page) -> None:
    draw_star(pad)
    expect(pad.locator(".sketch-guess")).to_have_count(5)
    expect(pad.get_by_role("status")).to_have_text("Looks like: star")
    assert 5 <= pad.evaluate("pad.simplified.flat().length") < 12


def test_undo_and_clear(pad: Page) -> None:
    draw_star(pad)
    pad.get_by_role("button", name="Undo stroke").click()
    assert pad.evaluate("pad.strokes") == []
    expect(pad.locator(".sketch-guess")).to_have_count(0)
    draw_star(pad)
    pad.get_by_role("button", name="Clear").click()
    expect(pad.get_by_role("status")).to_have_text("Draw something.")


def test_saved_files_are_read_and_classified(pad: Page, tmp_path: Path) -> None:
    draw_star(pad)
    expect(pad.get_by_role("status")).to_have_text("Looks like: star")
    for button, suffix in (("Save SVG", ".svg"), ("Save ndjson", ".ndjson")):
        with pad.expect_download() as download:
            pad.get_by_role("button", name=button).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.name == f"star{suffix}"
        [sketch] = read_sketches(path)
        assert classify(sketch.strokes)[0].word == "star"


def test_nothing_drawn_is_not_saved(pad: Page) -> None:
    pad.get_by_role("button", name="Save SVG").click()
    expect(pad.get_by_role("status")).to_contain_text("nothing drawn")


def test_the_keyboard_draws(pad: Page) -> None:
    pad.locator(".sketch-paper").focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "Space"):
        pad.keyboard.press(key)
    strokes = pad.evaluate("pad.strokes")
    assert strokes == [[[200, 200], [208, 200], [216, 200]], [[216, 208]]]


def test_the_words_can_be_searched(pad: Page) -> None:
    pad.locator("summary").click()
    expect(pad.locator(".sketch-words li")).to_have_count(338)
    pad.get_by_label("Search words").fill("STAR")
    words = pad.locator(".sketch-words li").all_inner_texts()
    assert words == ["star"]


def test_a_server_that_does_not_answer_is_said(pad: Page, watcher: Watcher) -> None:
    watcher.allowed.append("Failed to load resource")
    pad.route("**/guess", lambda route: route.abort())
    draw_star(pad)
    expect(pad.get_by_role("status")).to_contain_text("server does not answer")


@pytest.mark.parametrize(
    ("width", "height", "least"), [(1440, 900, 640), (1024, 768, 560), (390, 844, 350)]
)
def test_the_paper_fills_the_window(
    page: Page, width: int, height: int, least: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_studio(page)
    page.locator("#tab-sketch").click()
    box = page.locator(".sketch-paper").bounding_box()
    buttons = page.locator(".sketch-buttons").bounding_box()
    assert box and buttons
    assert least <= box["width"] == pytest.approx(box["height"])
    assert buttons["y"] + buttons["height"] <= height
    # As sharp as the screen, the units of the drawing the same.
    wait_until(page, "document.querySelector('.sketch-paper').width > 340")
    pixels = page.evaluate("document.querySelector('.sketch-paper').width")
    assert pixels == pytest.approx(box["width"], abs=3)
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    [[[x, y]]] = page.evaluate("document.querySelector('sketch-pad').strokes")
    assert (x, y) == pytest.approx((100, 200), abs=2)


def test_a_finger_draws(
    server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    context = new_context(server, **phone)
    page = context.new_page()
    open_blank(page)
    page.evaluate(MAKE_PAD)
    box = page.locator(".sketch-paper").bounding_box()
    assert box
    finger = context.new_cdp_session(page)
    for step in range(11):
        # Corners of the star and the middles between them.
        corner = [
            (0.5 + 0.4 * sin(4 * pi * at / 5), 0.5 - 0.4 * cos(4 * pi * at / 5))
            for at in (step // 2, (step + 1) // 2)
        ]
        x, y = (sum(place) / 2 for place in zip(*corner, strict=True))
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        kind = "touchMove" if step else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.get_by_role("status")).to_have_text("Looks like: star")
    assert page.evaluate("pad.strokes.length") == 1
    assert page.evaluate("window.scrollY") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_for_screen_readers(
    scheme: str, server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(server, color_scheme=scheme).new_page()
    open_blank(page)
    page.evaluate(MAKE_PAD)
    draw_star(page)
    expect(page.get_by_role("status")).to_have_text("Looks like: star")
    page.locator("summary").click()
    assert faults(page) == []
