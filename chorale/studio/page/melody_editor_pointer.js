/**
 * What do mouse, pen and finger do in the melody editor?
 *
 * A click on a note selects it, elsewhere it writes one, after which the next letter
 * goes on; dragging sideways changes its length, up and down its pitch. A right click removes. A click over a note, where its
 * fermata is or would be, sets or takes it away.
 */

import { noteAt, noteFrom } from "./melody_edits.js";
import { numberOf, pitchOf } from "./pitches.js";
import { fermataY } from "./staff_context.js";
import { FERMATA_Y, HEIGHT } from "./staff_layout.js";

const NEAR_HEAD = 12; // pixels
const CLICK = 8; // pixels that a click may move
const [FERMATA_WIDTH, FERMATA_HEIGHT] = [14, 13]; // pixels from its middle

/** @param {import("./melody_editor.js").MelodyEditor} editor */
export function followPointer(editor) {
  const { area } = editor;
  /** The note that is dragged, the piece before, and which ways it has been dragged. */
  let drag = null;
  /** A finger that may write or scroll: decided when it is lifted. */
  let finger = null;

  /** @param {PointerEvent} event */
  const place = (event) => {
    const box = editor.drawing.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { layout, duration } = editor;
    const grid = duration % 3 === 0 ? duration / 3 : Math.min(duration, 4);
    const number = layout.numberAt(y);
    return { x, y, number, step: layout.stepAt(x, grid), exact: layout.stepAt(x) };
  };

  /** Whether the pointer is on the staff of the voice, not on that of other voices. */
  const isOnStaff = ({ y }) => y >= 0 && y <= HEIGHT;

  /** The note whose head is under the pointer. */
  const headAt = ({ x, number }) => {
    const { layout, piece, voice } = editor;
    return piece.voices[voice].find(
      ([pitch, start]) =>
        Math.abs(layout.x(start) - x) <= NEAR_HEAD &&
        Math.abs(numberOf(pitch, layout.fifths) - number) <= 1,
    );
  };

  /**
   * The step of the note over which a fermata is or would be under the pointer, null
   * where notes are written.
   */
  const fermataAt = ({ x, y, exact }) => {
    if (y < FERMATA_Y) return exact;
    const { layout, piece, voice } = editor;
    const isNear = (start) => Math.abs(layout.x(start) - x) <= FERMATA_WIDTH;
    const starts = piece.voices[voice].map((note) => note[1]);
    const held = [...starts, ...piece.fermatas.map(([start]) => start)].find(isNear) ?? null;
    if (held === null) return null;
    const middle = fermataY(layout, piece, voice, held) - 4;
    return Math.abs(middle - y) <= FERMATA_HEIGHT ? held : null;
  };

  /** Returns whether a note was written. */
  const write = (spot) => {
    const held = fermataAt(spot);
    const head = held === null ? headAt(spot) : null;
    if (held !== null) editor.toggleFermata(held);
    else if (head) editor.select(head[1]);
    else return editor.put(spot.step, editor.duration, pitchOf(spot.number, editor.layout.fifths));
    return false;
  };

  /** Goes on after the selected note, as after a letter, so that it is not overwritten. */
  const goOn = () => {
    const note = noteFrom(editor.piece, editor.voice, editor.selected);
    if (note) editor.continueAt(note[1] + note[2]);
  };

  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !editor.drawing) return;
    const spot = place(event);
    if (!isOnStaff(spot)) return;
    if (event.pointerType === "touch") {
      finger = { x: event.clientX, y: event.clientY };
      return;
    }
    editor.beginGesture();
    const isNew = write(spot);
    const note = noteFrom(editor.piece, editor.voice, editor.selected);
    if (note && fermataAt(spot) === null) {
      const { piece } = editor;
      drag = { note, piece, x: spot.x, y: spot.y, isSideways: false, isUpward: false, isNew };
    }
    area.setPointerCapture(event.pointerId);
  });

  area.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || !editor.drawing) return;
    const spot = place(event);
    if (!drag) {
      const held = fermataAt(spot);
      const note = held === null ? null : noteAt(editor.piece, editor.voice, held);
      if (!isOnStaff(spot) || headAt(spot)) editor.ghost.replaceChildren();
      else if (held === null) editor.showGhost(spot.step, spot.number);
      else editor.showFermataGhost(note);
      return;
    }
    drag.isSideways ||= Math.abs(spot.x - drag.x) > CLICK;
    drag.isUpward ||= Math.abs(spot.y - drag.y) > CLICK;
    const [pitch, start, length] = drag.note;
    // From the piece before: notes that the dragged one covered come back.
    editor.reshape(drag.piece, [
      drag.isUpward ? pitchOf(spot.number, editor.layout.fifths) : pitch,
      start,
      drag.isSideways ? Math.max(1, spot.exact - start + 1) : length,
    ]);
  });

  area.addEventListener("pointerup", (event) => {
    const isNew = drag?.isNew;
    drag = null;
    editor.endGesture();
    if (isNew) goOn();
    if (!finger) return;
    const moved = Math.hypot(event.clientX - finger.x, event.clientY - finger.y);
    finger = null;
    if (moved <= CLICK && write(place(event))) goOn();
  });
  area.addEventListener("pointercancel", () => {
    drag = finger = null;
    editor.endGesture();
  });
  area.addEventListener("pointerleave", () => editor.ghost?.replaceChildren());

  area.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    if (!editor.drawing) return;
    const spot = place(event);
    if (!isOnStaff(spot)) return;
    const note = headAt(spot) ?? noteAt(editor.piece, editor.voice, spot.exact);
    if (note) editor.removeNote(note[1]);
  });
}
