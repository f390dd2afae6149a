"""Files that are dropped on the page, and the files that it saves."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import mido
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
from chorale.formats.engraving.mei_score import mei_of
from chorale.music.score import Chorale

FORMATS = ["mid", "musicxml", "mxl", "abc", "krn", "csv", "mei"]
EXAMPLES = Path(chorale.__file__).parents[1] / "data/examples"


def write(piece: Chorale, path: Path) -> Path:
    """Write a piece to a file, also a compressed one."""
    if path.suffix == ".mei":
        path.write_text(mei_of(piece), encoding="utf-8")
        return path
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
    for name in ("midi", "musicxml", "abc", "humdrum", "csv", *beginnings):
        path = save(page, f"export-{name}", tmp_path)
        if name in beginnings:
            assert path.read_bytes().startswith(beginnings[name])
        else:
            np.testing.assert_array_equal(chorale.read(path).pitches, piece.pitches)


MUSESCORE = """<?xml version="1.0"?><museScore version="4.20"><Score>
<Part><Staff id="1"/><trackName>Soprano</trackName></Part>
<Staff id="1"><Measure><voice><TimeSig><sigN>4</sigN><sigD>4</sigD></TimeSig>{}
</voice></Measure></Staff></Score></museScore>"""
CHORD = """<Chord><durationType>quarter</durationType>
<Note><pitch>{}</pitch><tpc>14</tpc></Note></Chord>"""


def test_a_file_of_musescore_is_dropped(page: Page) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        notes = "".join(map(CHORD.format, (72, 60, 72, 60)))
        archive.writestr("tune.mscx", MUSESCORE.format(notes))
    open_studio(page)
    drop(page, "tune.mscz", held.getvalue())
    expect(page.locator("#undo")).to_have_accessible_name("Undo: Open tune.mscz")
    line = document_of(page)["piece"]["voices"][0]
    assert [pitch for pitch, _, _ in line] == [72, 60, 72, 60]


def test_what_a_file_was_read_as_goes_with_it(page: Page) -> None:
    open_studio(page)
    drop(page, "my-tune.mid", (EXAMPLES / "my-tune.mid").read_bytes())
    notice = page.get_by_test_id("notice").filter(has_text="as a melody")
    notice.wait_for()
    page.locator("#title").fill("Mine")
    page.locator("#title").press("Enter")
    expect(notice).to_be_visible()
    page.locator("#undo").click()
    page.locator("#undo").click()
    expect(notice).to_have_count(0)


def test_the_midi_file_is_dragged_out(page: Page) -> None:
    piece = few_chorales().valid[0].opening(64)
    open_studio(page, piece)
    page.locator("#out-summary").click()
    # The file is made when the menu opens; a drag before that is refused.
    code = """async () => {
      const dataTransfer = new DataTransfer();
      const options = { bubbles: true, cancelable: true, dataTransfer };
      const handle = document.getElementById("drag-midi");
      const goes = handle.dispatchEvent(new DragEvent("dragstart", options));
      handle.dispatchEvent(new DragEvent("dragend", options));
      if (!goes) return null;
      const [, type, name, url] = /^([^:]+):([^:]+):(.+)$/.exec(
        dataTransfer.getData("DownloadURL"));
      const [file] = dataTransfer.files;
      const bytes = new Uint8Array(await file.arrayBuffer());
      return [type, name, url, file.name, [...bytes]];
    }"""
    for _ in range(100):
        found = page.evaluate(code)
        if found:
            break
        page.wait_for_timeout(50)
    kind, name, url, dragged, content = found
    assert kind == "audio/midi" and name.endswith(".mid") and dragged == name
    assert url.startswith("blob:")
    tracks = mido.MidiFile(file=io.BytesIO(bytes(content))).tracks
    count = sum(message.type == "note_on" for track in tracks for message in track)
    lines = document_of(page)["piece"]["voices"]
    assert count == sum(map(len, lines))
