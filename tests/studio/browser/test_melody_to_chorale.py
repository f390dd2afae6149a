"""From an empty page to a file: write a melody, harmonize, hear, rewrite, save."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
from playwright.sync_api import Page, expect
from studio_pages import (
    document_of,
    labels,
    open_studio,
    piece_of,
    plain,
    run,
    save,
    select,
    wait_for_change,
    wait_for_score,
    wait_for_sound,
)

import chorale
from chorale.studio.piece_json import from_json

MELODY = [(67, 0), (69, 8), (71, 16), (72, 24), (74, 32), (72, 40), (71, 48), (67, 56)]
_PLACE = """async ([pitch, step]) => {
  const { numberOf } = await import("/page/pitches.js");
  const { layout, drawing } = document.querySelector("melody-editor");
  const box = drawing.getBoundingClientRect();
  const y = layout.y(numberOf(pitch, layout.fifths));
  return [box.left + layout.x(step), box.top + y];
}"""


def write_melody(page: Page) -> None:
    """Begin a piece of four bars and click eight half notes on its staff."""
    page.get_by_role("button", name="Write a melody").click()
    page.locator("#new-bars").fill("4")
    page.get_by_role("button", name="Begin").click()
    page.locator(".melody-staff").wait_for()
    page.get_by_role("button", name="half (6)").click()
    for note in MELODY:
        page.mouse.click(*page.evaluate(_PLACE, note))
    page.locator("#edit-notes").click()
    wait_for_score(page)


def test_a_melody_becomes_a_chorale_and_a_file(page: Page, tmp_path: Path) -> None:
    open_studio(page)
    write_melody(page)
    assert document_of(page)["piece"]["voices"][0] == [
        [pitch, step, 8] for pitch, step in MELODY
    ]
    run(page, "harmonize")
    first = document_of(page)
    assert first["piece"]["voices"][0] == [[pitch, step, 8] for pitch, step in MELODY]
    assert all(first["piece"]["voices"])
    assert first["written"] == [[], [[0, 64]], [[0, 64]], [[0, 64]]]
    assert page.locator("#score-pages .is-written").count() >= 24

    page.get_by_role("button", name="Play", exact=True).click()
    wait_for_sound(page)
    expect(page.locator("#score-pages .is-playing").first).to_be_attached()
    page.locator("#stop").click()

    alto, tenor = (
        [note[1] for note in first["piece"]["voices"][voice]] for voice in (1, 2)
    )
    start = next(step for step in alto if step >= 16)
    end = [step for step in tenor if step < 48][-1]
    select(page, (1, start), (2, end))
    chosen = document_of(page)["selection"]
    assert (chosen["first"], chosen["last"], chosen["voices"]) == (1, 2, [1, 2])
    page.locator("#selection-rewrite").click()
    wait_for_change(page, "Rewrite")
    second = document_of(page)
    before, after = (from_json(document["piece"]) for document in (first, second))
    # Notes that begin in the selection are rewritten up to their ends; one that goes on
    # after them may have to be struck there.
    stop = max(
        begin + length
        for voice in (1, 2)
        for _, begin, length in first["piece"]["voices"][voice]
        if begin < 48
    )
    other_pitch = before.pitches != after.pitches
    other_onset = before.onsets != after.onsets
    assert not (other_pitch | other_onset)[:, [0, 3]].any()
    assert not other_pitch[:16].any() and not other_pitch[stop:].any()
    assert not other_onset[:16].any() and not other_onset[stop + 1 :].any()

    page.locator("#undo").click()
    assert plain(document_of(page)["piece"]) == plain(first["piece"])
    page.locator("#redo").click()
    assert plain(document_of(page)["piece"]) == plain(second["piece"])
    page.reload()
    wait_for_score(page)
    assert plain(document_of(page)["piece"]) == plain(second["piece"])
    assert labels(page)[-2:] == ["Harmonize", "Rewrite"]

    path = save(page, "export-midi", tmp_path)
    tracks = [
        sum(message.type == "note_on" and message.velocity > 0 for message in track)
        for track in mido.MidiFile(path).tracks
    ]
    assert [count for count in tracks if count] == [
        len(line) for line in second["piece"]["voices"]
    ]
    np.testing.assert_array_equal(chorale.read(path).pitches, piece_of(page).pitches)
