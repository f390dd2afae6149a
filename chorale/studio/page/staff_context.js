/**
 * What do the other voices sing to the one that is written? Drawn faintly: the voice
 * that shares its staff on it, the two others on a staff above or below.
 *
 * @typedef {import("./timeline.js").Piece} Piece
 */

import { noteAt } from "./melody_edits.js";
import { numberOf } from "./pitches.js";
import { drawNotes, drawStaff, svg } from "./staff_drawing.js";
import { BOTTOM, MIDDLE, STEM, StaffLayout, TOP } from "./staff_layout.js";

const MARGIN = 8; // pixels over and under the other staff and its stems

/** @param {number} voice @returns {"treble" | "bass"} */
export const clefOf = (voice) => (voice < 2 ? "treble" : "bass");

/**
 * Draw the voices that are not being written.
 *
 * @param {StaffLayout} layout  of the voice that is
 * @param {Piece} piece
 * @param {number} voice  that is
 * @returns {{companion: Element | null, above: Element | null, below: Element | null}}
 *   on the same staff, and the other staff; null where there are no notes
 */
export function drawContext(layout, piece, voice) {
  const found = { companion: null, above: null, below: null };
  const partner = voice ^ 1; // soprano and alto, tenor and bass
  if (piece.voices[partner].length) {
    found.companion = drawFaint(layout, piece, [partner]);
  }
  const others = (voice < 2 ? [2, 3] : [0, 1]).filter((other) => piece.voices[other].length);
  if (!others.length) return found;
  const staff = new StaffLayout(piece, clefOf(others[0]), 1);
  const heights = others.flatMap((other) =>
    piece.voices[other].map(([pitch]) => staff.y(numberOf(pitch, staff.fifths))),
  );
  const top = Math.min(TOP, Math.min(...heights) - STEM) - MARGIN;
  const height = Math.max(BOTTOM, Math.max(...heights) + STEM) + MARGIN - top;
  found[voice < 2 ? "below" : "above"] = svg(
    "svg",
    {
      class: "melody-other-staff", width: layout.width, height,
      viewBox: `0 ${top} ${layout.width} ${height}`, "aria-hidden": "true",
    },
    drawStaff(staff),
    drawFaint(staff, piece, others),
  );
  return found;
}

/** @param {StaffLayout} layout @param {Piece} piece @param {number[]} voices */
function drawFaint(layout, piece, voices) {
  const group = svg("g", { class: "staff-context" });
  for (const voice of voices) {
    const options = { stem: stemOf(piece, voice), isBare: true };
    group.append(drawNotes(layout, piece, voice, options));
  }
  return group;
}

/**
 * Return where the stems of a voice point: away from the voice on the same staff.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @returns {1 | -1 | 0} up, down, or by the notes where it is alone
 */
export function stemOf(piece, voice) {
  if (!piece.voices[voice ^ 1].length) return 0;
  return voice % 2 ? -1 : 1;
}

/**
 * Return the height of a fermata: over the upper of the voices on the staff.
 *
 * @param {StaffLayout} layout
 * @param {Piece} piece
 * @param {number} voice
 * @param {number} step
 */
export function fermataY(layout, piece, voice, step) {
  const isShared = stemOf(piece, voice) !== 0;
  const note = noteAt(piece, isShared ? voice & ~1 : voice, step);
  if (!note) return layout.fermataY(MIDDLE[layout.clef]);
  return layout.fermataY(numberOf(note[0], layout.fifths), isShared);
}
