"""What a listener does: hears, answers, goes on another day, and takes the answers."""

from __future__ import annotations

import base64
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elements import faults, wait_until
from pairs_to_hear import WORDING, pairs_to_hear
from playwright.sync_api import Browser, BrowserContext, Page, expect
from scipy.stats import binomtest
from studios import Watcher

from chorale.evaluation.listening import listening_page
from chorale.evaluation.listening.packing import unpacked
from chorale.evaluation.listening.page import _PARTS, _read

PAIRS = 4
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
PACKED = "JSON.parse(document.getElementById('pairs').textContent)"
SOLUTION = "JSON.parse(document.getElementById('solution').textContent)"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a page of four pairs, a file."""
    path = tmp_path_factory.mktemp("ear") / "listening.html"
    path.write_text(listening_page(pairs_to_hear(PAIRS), WORDING), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def new_context(
    browser: Browser, address: str
) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a browser whose pages must have no faults."""
    watcher = Watcher()
    watcher.servers.append(address.rpartition("/")[0])
    contexts = []

    def new(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.on("page", watcher.watch)
        context.on("request", watcher.read_request)
        contexts.append(context)
        return context

    yield new
    for context in contexts:
        context.close()
    assert watcher.faults() == []


def begin(page: Page, address: str) -> None:
    """Open the page and its first pair."""
    page.goto(address)
    page.locator("#begin").click()
    see(page, 1)


def see(page: Page, number: int) -> None:
    """Wait until a pair is there, with both scores."""
    expect(page.locator("#pair-title")).to_have_text(f"Pair {number} of {PAIRS}")
    expect(page.locator(".score svg")).to_have_count(2)


def choose(page: Page, letter: str) -> None:
    """Answer a pair by mouse."""
    page.locator(".choice", has_text=letter).click()


def originals(page: Page) -> str:
    """Return the right answers."""
    found: str = unpacked(page.evaluate(SOLUTION))["originals"]
    return found


def other(letter: str) -> str:
    return "B" if letter == "A" else "A"


def test_a_listener_answers_reloads_and_takes_the_answers(
    new_context: Callable[..., BrowserContext], address: str, tmp_path: Path
) -> None:
    page = new_context().new_page()
    begin(page, address)
    right = originals(page)
    assert "bwv" not in page.locator("body").inner_text().casefold()
    # Heard for a moment; the notes that sound are marked.
    page.locator("#play-A").click()
    wait_until(page, "document.querySelectorAll('#score-A .sounding').length > 3")
    page.wait_for_timeout(1200)
    expect(page.locator("#play-A")).to_have_text("■ Stop A")
    page.locator("#play-A").click()
    expect(page.locator("#play-A")).to_have_text("▶ Play A")
    expect(page.locator(".sounding")).to_have_count(0)
    # The first right, the second wrong, the third known, the fourth without an answer.
    choose(page, right[0])
    page.locator("#next").click()
    see(page, 2)
    choose(page, other(right[1]))
    # Another day.
    page.reload()
    see(page, 2)
    expect(page.locator(f"[name=choice][value={other(right[1])}]")).to_be_checked()
    page.locator("#next").click()
    see(page, 3)
    choose(page, right[2])
    page.locator("#known").check()
    page.locator("#next").click()
    see(page, 4)
    page.locator("#next").click()
    expect(page.locator("#end-text")).to_contain_text(
        "1 of 4 pairs have no answer yet: 4"
    )
    assert "bwv" not in page.locator("body").inner_text().casefold()
    page.locator("#reveal").click()
    expect(page.locator("#score-text")).to_have_text("You were right in 1 of 2 (50 %).")
    low, high = binomtest(1, 2).proportion_ci(method="exact")
    expect(page.locator("#interval-text")).to_contain_text(
        f": {100 * low:.0f} % to {100 * high:.0f} %"
    )
    expect(page.locator("#about")).to_have_text(WORDING.about)
    page.locator("#listener").fill('Anna "A", 2')
    with page.expect_download() as downloading:
        page.locator("#download").click()
    assert downloading.value.suggested_filename == "listening-Anna-A-2.csv"
    path = tmp_path / "answers.csv"
    downloading.value.save_as(path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["pair"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["original"] for row in rows] == list(right)
    answers = [right[0], other(right[1]), right[2], ""]
    assert [row["answer"] for row in rows] == answers
    assert [row["right"] for row in rows] == ["1", "0", "1", ""]
    assert [row["known"] for row in rows] == ["0", "0", "1", "0"]
    assert {row["listener"] for row in rows} == {'Anna "A", 2'}
    assert 1 <= int(rows[0]["seconds_a"]) < 30
    assert {row["seconds_b"] for row in rows} == {"0"}
    pieces = [pair.original for pair in pairs_to_hear(PAIRS)]
    for row, piece in zip(rows, pieces, strict=True):
        assert row["piece"] == f"{piece.source}, {piece.title}"
    # What is over stays as it is.
    page.reload()
    expect(page.locator("#score-text")).to_contain_text("1 of 2")
    page.get_by_role("button", name="Hear pair 2 again").click()
    see(page, 2)
    expect(page.locator(f"#side-{right[1]} .verdict")).to_have_text("is Bach")
    expect(page.locator("#question")).to_have_attribute("disabled", "")
    page.locator("#to-results").click()
    page.locator("#again").click()
    expect(page.locator("#begin")).to_be_visible()
    page.locator("#begin").click()
    see(page, 1)
    expect(page.locator("[name=choice]:checked")).to_have_count(0)
    expect(page.locator("#side-A .verdict")).to_have_text("")


def test_all_can_be_done_by_keys(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    page = new_context().new_page()
    page.goto(address)
    page.locator("#begin").press("Enter")
    see(page, 1)
    page.keyboard.press("b")
    expect(page.locator("#play-B")).to_have_text("■ Stop B")
    page.keyboard.press("a")
    expect(page.locator("#play-A")).to_have_text("■ Stop A")
    expect(page.locator("#play-B")).to_have_text("▶ Play B")
    wait_until(page, "Number(document.getElementById('position').value) > 2")
    page.keyboard.press("Space")
    expect(page.locator("#play-A")).to_have_text("▶ Play A")
    position = page.locator("#position")
    assert int(position.input_value()) > 2
    page.keyboard.press("2")
    expect(page.locator("[value=B]")).to_be_checked()
    page.keyboard.press("k")
    expect(page.locator("#known")).to_be_checked()
    for number in (2, 3, 4):
        page.keyboard.press("ArrowRight")
        see(page, number)
    page.keyboard.press("ArrowLeft")
    see(page, 3)


def test_it_plays_from_a_note_from_the_slider_and_after_the_opening(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    page = new_context().new_page()
    begin(page, address)
    step = "Number(document.getElementById('position').value)"
    piece = unpacked(page.evaluate(PACKED)[0])["B"]["piece"]
    bar = [bar["number"] for bar in piece["bars"] if bar["start"] <= 40][-1]
    page.locator("#position").fill("40")
    slider = page.locator("#position")
    expect(slider).to_have_attribute("aria-valuetext", f"bar {bar}")
    page.locator("#play-B").click()
    wait_until(page, f"{step} > 40")
    page.locator("#play-B").click()
    page.locator("#skip").check()
    page.locator("#play-A").click()
    wait_until(page, f"{step} > 32")
    last = page.locator("#score-A g.note").last.bounding_box()
    assert last
    page.mouse.click(last["x"] + last["width"] / 2, last["y"] + last["height"] / 2)
    wait_until(page, f"{step} > 50")
    # At the end it is silent again.
    expect(page.locator("#play-A")).to_have_text("▶ Play A", timeout=15_000)


def test_answers_are_not_shared_by_pages(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    context = new_context()
    page = context.new_page()
    begin(page, address)
    choose(page, "A")
    # Another page at the same place, whose pairs are in another order.
    page.set_content(listening_page(pairs_to_hear(PAIRS)[::-1], WORDING))
    expect(page.locator("#begin")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
def test_it_is_for_everyone(
    scheme: str,
    size: dict[str, Any],
    new_context: Callable[..., BrowserContext],
    address: str,
) -> None:
    page = new_context(color_scheme=scheme, **size).new_page()
    page.goto(address)

    def check(name: str) -> None:
        assert faults(page) == [], name
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), name

    check("start")
    page.locator("#begin").click()
    see(page, 1)
    check("pair")
    is_phone = bool(size)
    expect(page.locator("#side-B")).to_be_visible(visible=not is_phone)
    page.locator("#play-B").click()
    expect(page.locator("#side-B")).to_be_visible()
    check("playing")
    for number in range(1, PAIRS + 1):
        see(page, number)
        choose(page, "A")
        page.locator("#next").click()
    check("end")
    page.locator("#reveal").click()
    expect(page.locator("#rows tr")).to_have_count(PAIRS)
    check("results")
    page.get_by_role("button", name="Hear pair 2 again").click()
    see(page, 2)
    check("after")


@pytest.mark.parametrize("count", [1, 2, 7, 20, 75])
def test_intervals_are_exact(
    count: int, new_context: Callable[..., BrowserContext]
) -> None:
    code = base64.b64encode(_read(*_PARTS, "intervals.js").encode()).decode()
    page = new_context().new_page()
    found = page.evaluate(
        """async ([code, count]) => {
          const address = `data:text/javascript;base64,${code}`;
          const { clopperPearson } = await import(address);
          return Array.from({ length: count + 1 }, (_, right) =>
            clopperPearson(right, count));
        }""",
        [code, count],
    )
    for right, interval in enumerate(found):
        expected = binomtest(right, count).proportion_ci(method="exact")
        assert interval == pytest.approx(list(expected), abs=1e-9), right


def test_an_old_browser_is_named_before_the_first_pair(
    new_context: Callable[..., BrowserContext], address: str
) -> None:
    page = new_context().new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(address)
    expect(page.locator("#old")).to_be_visible()
    expect(page.locator("#begin")).to_be_disabled()
