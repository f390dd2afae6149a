"""When something fails, the page says one sentence and leaves the piece as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bach import few_chorales
from playwright.sync_api import BrowserContext, Page, Route, expect
from studio_pages import (
    choose,
    document_of,
    drop,
    errors,
    labels,
    open_studio,
    plain,
    run,
    wait_for_score,
)
from studios import Studio, Watcher


def expect_one_sentence(page: Page, *words: str) -> None:
    """Expect one error in the page, a sentence with some words."""
    expect(errors(page)).to_have_count(1)
    text = errors(page).inner_text().strip()
    assert "\n" not in text and "Traceback" not in text and len(text) < 300
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("noise.mid", b"MThd and then nothing of the kind", ["noise.mid"]),
        ("noise.musicxml", b"<score-partwise><part>", ["noise.musicxml"]),
        ("letter.docx", b"Dear Sir", ["letter.docx"]),
        ("empty.csv", b"", ["empty.csv"]),
        ("large.mid", 50_000_000, ["large.mid", "MB"]),
    ],
)
def test_a_bad_file_is_named_and_the_piece_stays(
    name: str, content: bytes | int, words: list[str], page: Page, watcher: Watcher
) -> None:
    watcher.allowed.append("status of 4.*/open")
    open_studio(page, few_chorales().valid[0].opening(64))
    before = plain(document_of(page))
    drop(page, name, content)
    expect_one_sentence(page, *words)
    assert plain(document_of(page)) == before
    assert labels(page) == ["Given"]


def test_a_job_that_fails_is_one_sentence(page: Page, watcher: Watcher) -> None:
    watcher.allowed.append("status of 4.*/jobs")
    open_studio(page, few_chorales().valid[0].opening(64))
    before = plain(document_of(page))

    def with_an_absent_model(route: Route) -> None:
        job = {**route.request.post_data_json, "model": "absent"}
        route.continue_(post_data=job)

    page.route("**/jobs", with_an_absent_model)
    choose(page, "harmonize")
    page.locator("#run").click()
    expect_one_sentence(page, "absent")
    assert plain(document_of(page)) == before
    expect(page.locator("#run")).to_be_enabled()


def test_a_cancelled_job_leaves_the_piece_and_the_next_one_runs(page: Page) -> None:
    open_studio(page, few_chorales().valid[0])
    before = plain(document_of(page))
    page.locator("#more summary").click()
    page.locator("#variations").fill("8")
    page.locator("#best-of").fill("8")
    choose(page, "harmonize")
    page.locator("#run").click()
    page.locator("#cancel").click()
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#run")).to_be_enabled()
    assert plain(document_of(page)) == before
    assert errors(page).count() == 0
    page.locator("#variations").fill("1")
    page.locator("#best-of").fill("1")
    run(page, "harmonize")


@pytest.mark.slow
def test_the_piece_outlives_the_server(
    own_server: Studio, new_context: Callable[..., BrowserContext], watcher: Watcher
) -> None:
    watcher.allowed.append("net::ERR_")
    own_server.start()
    page = new_context(own_server).new_page()
    open_studio(page, few_chorales().valid[0].opening(64))
    before = document_of(page)
    own_server.kill()
    choose(page, "harmonize")
    page.locator("#run").click()
    expect_one_sentence(page, "server", "kept")
    assert plain(document_of(page)) == plain(before)
    own_server.start()
    expect(errors(page)).to_have_count(0)
    page.reload()
    wait_for_score(page)
    assert plain(document_of(page)) == plain(before)
    run(page, "harmonize")
