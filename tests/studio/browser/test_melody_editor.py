"""A melody is written by mouse, finger, computer keyboard or MIDI keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bach import few_chorales
from elements import FAKE_MIDI, faults, open_blank, piece_of
from playwright.sync_api import BrowserContext, Page, expect
from studio_pages import document_of, open_studio
from studios import Studio

MAKE_EDITOR = """async (piece) => {
  await import("/page/melody_editor.js");
  window.editor = document.createElement("melody-editor");
  window.changes = [];
  editor.addEventListener("change", (event) => changes.push(event.detail));
  editor.piece = piece;
  document.body.append(editor);
  editor.area.focus();
}"""


@pytest.fixture
def editor(page: Page) -> Page:
    """Return a page with an editor of four bars after a pickup of a quarter."""
    page.add_init_script(FAKE_MIDI)
    open_blank(page)
    page.evaluate(MAKE_EDITOR, piece_of(pickup=4))
    return page


def line(page: Page, voice: int = 0) -> list[list[int]]:
    notes: list[list[int]] = page.evaluate("voice => editor.piece.voices[voice]", voice)
    return notes


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def place(page: Page, step: int, number: int) -> tuple[float, float]:
    """Return the place on the screen of a step and a diatonic number."""
    x, y = page.evaluate(
        """([step, number]) => {
          const box = editor.drawing.getBoundingClientRect();
          return [box.left + editor.layout.x(step), box.top + editor.layout.y(number)];
        }""",
        [step, number],
    )
    return x, y


def test_letters_and_digits_write_notes_in_the_key(editor: Page) -> None:
    press(editor, "d f 4 c d 6 . e")
    assert line(editor) == [
        [74, 0, 4],
        [78, 4, 4],
        [73, 8, 2],
        [74, 10, 2],
        [76, 12, 12],
    ]
    expect(editor.get_by_role("status")).to_have_text("E5, dotted half, bar 1, beat 3")
    assert editor.evaluate("changes.length") == 5


def test_arrows_change_the_note_that_was_written_last(editor: Page) -> None:
    press(editor, "d ArrowUp Shift+ArrowDown Control+ArrowUp Shift+ArrowRight")
    assert line(editor) == [[76 - 1 + 12, 0, 8]]


def test_rests_holds_and_corrections(editor: Page) -> None:
    press(editor, "d r e t f Backspace")
    assert line(editor) == [[74, 0, 4], [76, 8, 8]]
    press(editor, "Home Delete g")
    assert [note[1:] for note in line(editor)] == [[0, 4], [8, 8]]


def test_a_fermata_by_key_and_by_click(editor: Page) -> None:
    press(editor, "d e Shift+F")
    assert editor.evaluate("editor.piece.fermatas") == [[4, 8]]
    x, _ = place(editor, 4, 34)
    top = editor.locator(".melody-staff").bounding_box()
    assert top
    editor.mouse.click(x, top["y"] + 10)
    assert editor.evaluate("editor.piece.fermatas") == []
    # Where the sign is drawn, just above the staff.
    sign = editor.evaluate("editor.layout.fermataY(37)")
    for expected in ([[4, 8]], []):
        editor.mouse.click(x + 3, top["y"] + sign)
        assert editor.evaluate("editor.piece.fermatas") == expected
    assert line(editor) == [[74, 0, 4], [76, 4, 4]]
    editor.mouse.click(x + 150, top["y"] + 10)
    expect(editor.get_by_role("status")).to_have_text(
        "A fermata needs a note under it."
    )


def test_writing_past_the_end_adds_bars_and_trim_removes_them(editor: Page) -> None:
    press(editor, "End 7 d e")
    piece: dict[str, Any] = editor.evaluate("editor.piece")
    assert piece["steps"] == 68 + 32
    assert [bar["number"] for bar in piece["bars"]] == list(range(7))
    press(editor, "Backspace")
    editor.get_by_role("button", name="Trim").click()
    assert editor.evaluate("editor.piece.steps") == 68 + 16


def test_the_mouse_writes_selects_lengthens_and_removes(editor: Page) -> None:
    x, y = place(editor, 4, 35)
    editor.mouse.move(x, y)
    editor.mouse.down()
    to, _ = place(editor, 11, 35)
    editor.mouse.move(to, y, steps=4)
    editor.mouse.up()
    assert line(editor) == [[73, 4, 8]]
    # All of a gesture is one change, to be undone at once.
    assert editor.evaluate("changes.map(({ label }) => label)") == ["Note"]
    editor.mouse.click(*place(editor, 12, 37))
    editor.mouse.click(x, y)
    assert editor.evaluate("editor.selected") == 4
    assert line(editor) == [[73, 4, 8], [76, 12, 4]]
    editor.mouse.click(x, y, button="right")
    assert line(editor) == [[76, 12, 4]]


def test_a_letter_goes_on_after_a_note_that_was_clicked(editor: Page) -> None:
    editor.mouse.click(*place(editor, 4, 35))
    press(editor, "d")
    assert line(editor) == [[73, 4, 4], [74, 8, 4]]
    # A click that selects a note keeps the cursor on it.
    editor.mouse.click(*place(editor, 4, 35))
    press(editor, "e")
    assert line(editor) == [[76, 4, 4], [74, 8, 4]]


def test_notes_that_a_drag_covers_come_back(editor: Page) -> None:
    press(editor, "d e f")
    x, y = place(editor, 0, 36)
    editor.mouse.move(x, y)
    editor.mouse.down()
    for step, expected in ((7, [[74, 0, 8], [78, 8, 4]]), (3, [4, 4, 4])):
        to, _ = place(editor, step, 36)
        editor.mouse.move(to, y, steps=3)
        found = line(editor) if step == 7 else [note[2] for note in line(editor)]
        assert found == expected
    editor.mouse.move(x, y - 12, steps=3)
    editor.mouse.up()
    assert line(editor)[0][0] == 78


def test_another_voice_keeps_its_notes(editor: Page) -> None:
    press(editor, "d e")
    editor.evaluate("editor.voice = 3")
    press(editor, "Home d")
    assert line(editor) == [[74, 0, 4], [76, 4, 4]]
    assert line(editor, 3) == [[50, 0, 4]]


def test_a_midi_keyboard_writes_step_by_step(editor: Page) -> None:
    editor.get_by_role("button", name="MIDI keyboard").click()
    expect(editor.get_by_role("status")).to_have_text("Play on Fake keyboard.")
    editor.evaluate("pressKey(0x90, 62, 90); pressKey(0x90, 62, 0)")
    editor.evaluate("pressKey(0x91, 66, 90)")
    assert line(editor) == [[62, 0, 4], [66, 4, 4]]
    editor.get_by_role("button", name="MIDI keyboard").click()
    editor.evaluate("pressKey(0x90, 70, 90)")
    assert len(line(editor)) == 2


def test_a_key_that_is_too_low_writes_nothing(editor: Page) -> None:
    editor.get_by_role("button", name="MIDI keyboard").click()
    expect(editor.get_by_role("status")).to_have_text("Play on Fake keyboard.")
    editor.evaluate("pressKey(0x90, 21, 90)")
    expect(editor.get_by_role("status")).to_contain_text("too high or too low")
    assert (line(editor), editor.evaluate("editor.cursor")) == ([], 0)


def test_a_midi_keyboard_writes_no_more_when_the_editor_is_left(page: Page) -> None:
    page.add_init_script(FAKE_MIDI)
    open_studio(page, few_chorales().valid[0].opening(64))
    page.locator("#edit-notes").click()
    page.get_by_role("button", name="MIDI keyboard").click()
    expect(page.locator(".melody-status")).to_have_text("Play on Fake keyboard.")
    page.evaluate("pressKey(0x90, 62, 90)")
    written = document_of(page)["piece"]
    assert written["voices"][0][0] == [62, 0, 4]
    page.locator("#edit-done").click()
    page.evaluate("pressKey(0x90, 64, 90)")
    assert document_of(page)["piece"] == written


def test_a_browser_without_midi_says_so(editor: Page) -> None:
    editor.evaluate("navigator.requestMIDIAccess = undefined")
    editor.get_by_role("button", name="MIDI keyboard").click()
    expect(editor.get_by_role("status")).to_contain_text("no Web MIDI")


def test_refused_midi_is_said(editor: Page) -> None:
    editor.evaluate(
        "void (navigator.requestMIDIAccess = () => Promise.reject(new Error('no')))"
    )
    editor.get_by_role("button", name="MIDI keyboard").click()
    expect(editor.get_by_role("status")).to_contain_text("did not give access")


def test_it_scrolls_in_itself_on_a_phone(editor: Page) -> None:
    editor.set_viewport_size({"width": 390, "height": 700})
    press(editor, "End")
    assert editor.evaluate("editor.area.scrollLeft") > 0
    assert editor.evaluate("document.documentElement.scrollWidth") <= 390


def test_sharps_and_flats_by_mouse(editor: Page) -> None:
    press(editor, "g")
    for name, pitch in (("raise", 68), ("lower", 67), ("lower", 66)):
        editor.get_by_role("button", name=f"{name} by a semitone").click()
        assert line(editor) == [[pitch, 0, 4]]


def test_letters_write_notes_after_a_button_was_clicked(editor: Page) -> None:
    editor.get_by_role("button", name="half (6)").click()
    press(editor, "d e")
    assert line(editor) == [[74, 0, 8], [76, 8, 8]]


def test_what_is_said_of_a_note_is_true_after_an_undo(editor: Page) -> None:
    press(editor, "d ArrowUp")
    before = editor.evaluate("changes[0].piece")
    editor.evaluate("(piece) => { editor.piece = piece; }", before)
    expect(editor.get_by_role("status")).to_have_text("D5, quarter, pickup, beat 4")


def test_beats_are_those_of_the_time_signature(editor: Page) -> None:
    piece = piece_of(metres=[{"step": 0, "numerator": 6, "denominator": 8}])
    editor.evaluate("(piece) => { editor.piece = piece; editor.goTo(6); }", piece)
    expect(editor.get_by_role("status")).to_have_text("bar 1, beat 4")


def test_the_other_voices_are_shown_and_cannot_be_written(editor: Page) -> None:
    lines = [[[74, 0, 4]], [], [[57, 0, 4], [59, 4, 4]], [[50, 0, 8]]]
    editor.evaluate(
        "(piece) => { editor.piece = piece; editor.voice = 1; }",
        piece_of(voices=lines),
    )
    notes = ".staff-context .staff-note"
    assert editor.locator(f".melody-staff {notes}").count() == 1
    assert editor.locator(f".melody-other-staff {notes}").count() == 3
    box = editor.locator(".melody-other-staff").bounding_box()
    assert box
    x, _ = place(editor, 8, 30)
    editor.mouse.click(x, box["y"] + box["height"] / 2)
    assert editor.evaluate("editor.piece.voices") == lines
    # They follow a change of the piece from elsewhere.
    editor.evaluate(
        "(piece) => { editor.piece = piece; }", piece_of(voices=[lines[0], [], [], []])
    )
    assert editor.locator(".melody-other-staff").count() == 0


def test_the_first_key_after_a_new_piece_reaches_the_editor(page: Page) -> None:
    open_studio(page)
    for _ in range(2):  # also when the editor is open already
        page.locator("#new").click()
        page.locator("#new-dialog-accept").wait_for()
        # Faster than a page that is busy can bring the editor.
        page.evaluate("""() => {
          document.getElementById("new-dialog-accept").click();
          for (const key of ["6", "g"]) {
            const event = new KeyboardEvent("keydown", { key, bubbles: true });
            document.getElementById("new").dispatchEvent(event);
          }
        }""")
        expect(page.locator(".melody-status")).to_have_text("G4, half, bar 1, beat 1")
        assert document_of(page)["piece"]["voices"][0] == [[67, 0, 8]]


def test_keys_are_notes_when_nothing_has_the_focus(page: Page) -> None:
    open_studio(page)
    page.locator("#new").click()
    page.locator("#new-dialog-accept").click()
    expect(page.locator(".melody-area")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("e")
    expect(page.locator(".melody-status")).to_contain_text("E")
    assert len(document_of(page)["piece"]["voices"][0]) == 1


def test_a_finger_taps_notes_and_selects_them(
    server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = new_context(server, **phone).new_page()
    open_blank(page)
    page.evaluate(MAKE_EDITOR, piece_of())
    for step, number in ((0, 36), (4, 35), (0, 36)):
        page.touchscreen.tap(*place(page, step, number))
    assert line(page) == [[74, 0, 4], [73, 4, 4]]
    assert page.evaluate("editor.selected") == 0
    # Two rows of buttons, none of them cut.
    boxes = [
        button.bounding_box() for button in page.locator(".melody-toolbar button").all()
    ]
    assert len({box["y"] for box in boxes if box}) == 2
    assert max(box["x"] + box["width"] for box in boxes if box) <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_for_screen_readers(
    scheme: str, server: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(server, color_scheme=scheme).new_page()
    open_blank(page)
    page.evaluate(MAKE_EDITOR, piece_of(voices=[[[74, 0, 4]], [[66, 0, 4]], [], []]))
    page.locator("summary").click()
    assert faults(page) == []


@pytest.mark.parametrize(
    ("key", "pitch", "name"),
    [("D major", 73, "C♯5"), ("Eb major", 75, "E♭5"), ("A minor", 68, "G♯4")],
)
def test_pitches_are_spelled_in_the_key(
    page: Page, key: str, pitch: int, name: str
) -> None:
    open_blank(page)
    found = page.evaluate(
        """async ([key, pitch]) => {
          const { fifthsOf, pitchName } = await import("/page/pitches.js");
          return pitchName(pitch, fifthsOf(key));
        }""",
        [key, pitch],
    )
    assert found == name


def test_another_voice_is_told_at_the_same_place(editor: Page) -> None:
    press(editor, "d Home")
    editor.evaluate("editor.voice = 1")
    expect(editor.get_by_role("status")).to_have_text("pickup, beat 4")
    editor.evaluate("editor.voice = 0")
    expect(editor.get_by_role("status")).to_have_text("D5, quarter, pickup, beat 4")


def test_a_duration_that_is_chosen_first_is_that_of_the_next_note(page: Page) -> None:
    piece = few_chorales().valid[0].opening(64)
    open_studio(page, piece)
    page.locator("#edit-notes").click()
    before = document_of(page)["piece"]
    for button in ("half (6)", "whole (7)"):
        page.get_by_role("button", name=button).click()
        page.locator("#edit-voice-1").click()
    assert document_of(page)["piece"] == before


def test_a_fermata_over_two_voices_is_over_both(editor: Page) -> None:
    lines = [[[79, 0, 4]], [[66, 0, 4]], [], []]
    editor.evaluate(
        "(piece) => { editor.piece = piece; editor.voice = 1; }",
        piece_of(voices=lines),
    )
    x, _ = place(editor, 0, 34)
    box = editor.locator(".melody-staff").bounding_box()
    assert box
    editor.mouse.click(
        x, box["y"] + editor.evaluate("editor.layout.fermataY(39, true)")
    )
    assert editor.evaluate("editor.piece.fermatas") == [[0, 4]]
    sign = editor.locator(".staff-notes ~ .staff-fermata").bounding_box()
    stem = editor.locator(".staff-context .staff-stroke").first.bounding_box()
    assert sign and stem
    assert sign["y"] + sign["height"] <= stem["y"] + 4


def test_nothing_of_the_other_voices_is_cut_off(editor: Page) -> None:
    lines = [[[74, 0, 4]], [], [[69, 0, 4]], [[36, 0, 4]]]  # A4 and C2
    editor.evaluate("(piece) => { editor.piece = piece; }", piece_of(voices=lines))
    staff = editor.locator(".melody-other-staff").bounding_box()
    notes = editor.locator(".melody-other-staff .staff-context").bounding_box()
    assert staff and notes
    assert staff["y"] <= notes["y"]
    assert notes["y"] + notes["height"] <= staff["y"] + staff["height"]
