"""Files that are dropped on the page, and the files that it saves."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from bach import few_chorales
from playwright.sync_api import Page, expect
from studio_pages import (
    document_of,
    drop,
    errors,
    open_studio,
    piece_of,
    save,
    wait_for_score,
)

import chorale
from chorale.music.score import Chorale

FORMATS = ["mid", "musicxml", "mxl", "abc", "krn", "csv"]
EXAMPLES = Path(chorale.__file__).parents[1] / "data/examples"


def write(piece: Chorale, path: Path) -> Path:
    """Write a piece to a file, also a compressed one."""
    if path.suffix != ".mxl":
        chorale.write(piece, path)
        return path
    score = path.with_suffix(".musicxml")
    chorale.write(piece, score)
    root = '<rootfile full-path="score.musicxml"/>'
    container = f"<container><rootfiles>{root}</rootfiles></container>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.write(score, "score.musicxml")
    return path


def test_every_format_is_opened(page: Page, tmp_path: Path) -> None:
    piece = few_chorales().valid[0].opening(64)
    open_studio(page)
    for suffix in FORMATS:
        path = write(piece, tmp_path / f"piece.{suffix}")
        drop(page, path.name, path.read_bytes())
        expect(page.locator("#undo")).to_have_accessible_name(
            f"Undo: Open piece.{suffix}", timeout=60_000
        )
        np.testing.assert_array_equal(piece_of(page).pitches, piece.pitches, suffix)
    wait_for_score(page)
    assert errors(page).count() == 0


def test_a_melody_is_opened_and_what_was_guessed_is_put_right(page: Page) -> None:
    open_studio(page)
    drop(page, "my-tune.mid", (EXAMPLES / "my-tune.mid").read_bytes())
    notice = page.get_by_test_id("notice").filter(has_text="as a melody")
    notice.wait_for()
    opened = document_of(page)
    assert opened["melody"] == 0 and not any(opened["piece"]["voices"][1:])
    notice.get_by_label("Voice").select_option(label="bass")
    before = document_of(page)
    assert before["melody"] == 3 and not any(before["piece"]["voices"][:3])
    notice.get_by_role("button", name="Octave down").click()
    after = document_of(page)
    assert after["piece"]["voices"][3] == [
        [pitch - 12, start, length]
        for pitch, start, length in before["piece"]["voices"][3]
    ]


@pytest.mark.slow
def test_every_format_is_saved(page: Page, tmp_path: Path) -> None:
    piece = few_chorales().valid[0].opening(64)
    open_studio(page, piece)
    beginnings = {"wav": b"RIFF", "svg": b"<", "png": b"\x89PNG"}
    for name in ("midi", "musicxml", "abc", "csv", *beginnings):
        path = save(page, f"export-{name}", tmp_path)
        if name in beginnings:
            assert path.read_bytes().startswith(beginnings[name])
        else:
            np.testing.assert_array_equal(chorale.read(path).pitches, piece.pitches)
