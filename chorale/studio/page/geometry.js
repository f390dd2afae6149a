// Which bar and voice lie under a point, and where on the page do bars and notes lie?

import { barAt } from "./piece.js";
import { score } from "./score.js";
import { settings } from "./settings.js";
import { store } from "./store.js";

/** @param {Element} bar @returns {Element[]} its staves from the top */
const stavesOf = (bar) => [...bar.querySelectorAll(".staff")];

/** The five lines and a little more. @param {Element} staff @returns {DOMRect} */
function linesOf(staff) {
  const lines = [...staff.children].filter((child) => child.localName === "path" || child.classList.contains("lines"));
  const boxes = (lines.length ? lines : [staff]).map((line) => line.getBoundingClientRect());
  const top = Math.min(...boxes.map((box) => box.top));
  const bottom = Math.max(...boxes.map((box) => box.bottom));
  const left = Math.min(...boxes.map((box) => box.left));
  const right = Math.max(...boxes.map((box) => box.right));
  return new DOMRect(left, top, right - left, bottom - top);
}

/** @param {number} index of a bar @returns {{box: DOMRect, staves: DOMRect[]}|null} */
export function barBoxes(index) {
  const bar = score.bars[index];
  if (!bar) return null;
  const staves = stavesOf(bar).map(linesOf);
  if (!staves.length) return null;
  const [first, last] = [staves[0], staves.at(-1)];
  return { staves, box: new DOMRect(first.left, first.top, first.width, last.bottom - first.top) };
}

/** @param {number} x @param {number} y of the window @returns {number|null} index of the bar that is nearest */
export function barUnder(x, y) {
  let best = null;
  let least = Infinity;
  score.bars.forEach((_, index) => {
    const found = barBoxes(index);
    if (!found) return;
    const { box } = found;
    const across = Math.max(box.left - x, 0, x - box.right);
    const down = Math.max(box.top - y, 0, y - box.bottom);
    if (across + 4 * down < least) [best, least] = [index, across + 4 * down];
  });
  return best;
}

/**
 * @param {number} x @param {number} y of the window @param {number} bar
 * @returns {number} the voice whose notes in this bar are nearest to the point
 */
export function voiceUnder(x, y, bar) {
  const found = barBoxes(bar);
  if (!found) return 0;
  const middles = found.staves.map((box) => (box.top + box.bottom) / 2);
  const staff = middles.reduce((best, middle, index) => (Math.abs(middle - y) < Math.abs(middles[best] - y) ? index : best), 0);
  if (settings.staves === 4) return staff;
  const voices = [2 * staff, 2 * staff + 1];
  const distance = (voice) => {
    let least = Infinity;
    for (const note of score.notes.values()) {
      if (note.voice !== voice || barAt(store.document.piece, note.start) !== bar) continue;
      const box = headOf(note.nodes[0]).getBoundingClientRect();
      const gap = Math.hypot((box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y);
      least = Math.min(least, gap);
    }
    return least;
  };
  const [upper, lower] = voices.map(distance);
  if (upper === lower) return y < middles[staff] ? voices[0] : voices[1];
  return upper < lower ? voices[0] : voices[1];
}

/** @param {Element} node of a note @returns {Element} its head */
export const headOf = (node) => node.querySelector(".notehead") ?? node;

/**
 * @param {number} first @param {number} last bars @param {number[]} voices
 * @returns {DOMRect[]} boxes over the bars and staves of a selection, joined where they touch
 */
export function selectionBoxes(first, last, voices) {
  const boxes = [];
  for (let index = first; index <= last; index += 1) {
    const found = barBoxes(index);
    if (!found) continue;
    const isTwo = found.staves.length === 2;
    found.staves.forEach((box, staff) => {
      const here = isTwo ? voices.filter((voice) => voice >> 1 === staff) : voices.filter((voice) => voice === staff);
      if (!here.length) return;
      const room = isTwo ? box.height * 0.75 : box.height * 0.45;
      let { top, bottom } = box;
      const middle = (top + bottom) / 2;
      if (!isTwo || here.length === 2) [top, bottom] = [top - room, bottom + room];
      else if (here[0] % 2 === 0) [top, bottom] = [top - room, middle + 2];
      else [top, bottom] = [middle - 2, bottom + room];
      const before = boxes.findLast((other) => Math.abs(other.top - top) < 3 && Math.abs(other.bottom - bottom) < 3);
      if (before && Math.abs(before.right - box.left) < 6) before.width = box.right - before.left;
      else boxes.push(new DOMRect(box.left, top, box.width, bottom - top));
    });
  }
  return boxes;
}
