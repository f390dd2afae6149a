// Which bars of which voices are selected: by dragging, by clicks on notes, by keys?

import { difference, intersection, isEmpty, noCells, union } from "./cells.js";
import { announce, byId, element } from "./dom.js";
import { barUnder, headOf, selectionBoxes, voiceUnder } from "./geometry.js";
import { barAt, barSteps, barsName, noteAt, placeName, voicesName } from "./piece.js";
import { fifthsOf, pitchName } from "./pitches.js";
import { score } from "./score.js";
import { store } from "./store.js";

/** @returns {import("./cells.js").Cells} the cells of the selection */
export function selectedCells() {
  const { piece, selection } = store.document;
  const cells = noCells();
  if (!piece || !selection) return cells;
  const range = selection.note
    ?? [barSteps(piece, selection.first)[0], barSteps(piece, selection.last)[1]];
  for (const voice of selection.voices) cells[voice].push([...range]);
  return cells;
}

/** @returns {[number, number]|null} first and last step of the selection */
export function selectedSteps() {
  const { piece, selection } = store.document;
  if (!piece || !selection) return null;
  return selection.note ?? [barSteps(piece, selection.first)[0], barSteps(piece, selection.last)[1]];
}

/** @returns {string} such as "bars 2–3, alto and tenor"; empty without a selection */
export function selectionName() {
  const { piece, selection } = store.document;
  if (!piece || !selection) return "";
  const { first, last, voices, note } = selection;
  if (note) {
    const found = noteAt(piece, voices[0], note[0]);
    return `${found ? pitchName(found[0], fifthsOf(piece.key)) : "rest"}, ${voicesName(voices)}, ${placeName(piece, note[0])}`;
  }
  return `${barsName(piece, first, last)}, ${voicesName(voices)}`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Locks the selected cells, or unlocks them if all are locked. */
export function toggleLock() {
  const cells = selectedCells();
  if (isEmpty(cells)) return;
  const isLocked = isEmpty(difference(cells, store.document.locked));
  store.apply(isLocked ? "Unlock" : "Lock", (document) => ({
    ...document, locked: (isLocked ? difference : union)(document.locked, cells),
  }));
  announce(`${isLocked ? "Unlocked" : "Locked"}: ${selectionName()}`);
}

/** Selects all bars and voices. */
export function selectAll() {
  const { piece } = store.document;
  if (piece) select({ first: 0, last: piece.bars.length - 1, voices: [0, 1, 2, 3] });
}

function select(selection) {
  store.select(selection);
  announce(selection ? `Selected: ${selectionName()}` : "Nothing selected");
}

// === Pointer ===

let anchor = null; // bar and voice where a drag began

function range(from, to, isAdding) {
  const [first, last] = [Math.min(from.bar, to.bar), Math.max(from.bar, to.bar)];
  const [top, bottom] = [Math.min(from.voice, to.voice), Math.max(from.voice, to.voice)];
  let voices = [0, 1, 2, 3].filter((voice) => voice >= top && voice <= bottom);
  if (isAdding) voices = [...new Set([...voices, ...(store.document.selection?.voices ?? [])])].sort();
  return { first, last, voices };
}

function placeOf(event) {
  const bar = barUnder(event.clientX, event.clientY);
  return bar === null ? null : { bar, voice: voiceUnder(event.clientX, event.clientY, bar) };
}

function pointer(surface) {
  let began = null;
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !store.document.piece || !score.isFresh) return;
    const { selection } = store.document;
    const place = placeOf(event);
    if (!place) return;
    head = null;
    // A finger scrolls; it selects by taps.
    const isTouch = event.pointerType === "touch";
    began = { x: event.clientX, y: event.clientY, place, isTouch, isMoved: false };
    if (event.shiftKey && selection) anchor ??= { bar: selection.first, voice: selection.voices[0] };
    else anchor = place;
    if (!isTouch) surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    if (!began || began.isTouch) return;
    if (!began.isMoved && Math.hypot(event.clientX - began.x, event.clientY - began.y) < 6) return;
    began.isMoved = true;
    const place = placeOf(event);
    if (place) store.select(range(anchor, place));
  });
  surface.addEventListener("pointerup", (event) => {
    if (!began) return;
    const { isMoved, place } = began;
    began = null;
    surface.focus({ preventScroll: true });
    if (isMoved) {
      announce(`Selected: ${selectionName()}`);
      return;
    }
    if (event.shiftKey) select(range(anchor, place, true));
    else click(event, place);
  });
  surface.addEventListener("pointercancel", () => { began = null; });
}

/** A click takes a note, a second one its bar; a click beside notes takes the bar. */
function click(event, { bar, voice }) {
  const { piece, selection } = store.document;
  const node = document.elementsFromPoint(event.clientX, event.clientY).map((hit) => hit.closest?.("[id^='note-']")).find(Boolean);
  const parts = node && /^note-(\d)-(\d+)/.exec(node.id);
  const note = parts && score.notes.get(`${parts[1]}-${parts[2]}`);
  if (note && String(selection?.note) !== String([note.start, note.end])) {
    const first = barAt(piece, note.start);
    select({ first, last: barAt(piece, note.end - 1), voices: [note.voice], note: [note.start, note.end] });
  } else select({ first: bar, last: bar, voices: [note ? note.voice : voice] });
}

// === Keys ===

let head = null; // where the keyboard is, while Shift extends from the anchor

function keys(surface) {
  surface.addEventListener("keydown", (event) => {
    const { piece, selection } = store.document;
    if (!piece || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0], End: [Infinity, 0] };
    const move = moves[event.key];
    if (event.key === "Escape" && selection) select(null);
    else if (event.key.toLowerCase() === "l") toggleLock();
    else if (move) {
      const at = head && selection ? head : { bar: selection?.last ?? 0, voice: selection?.voices[0] ?? 0 };
      const next = selection
        ? { bar: clamp(at.bar + move[0], piece.bars.length), voice: clamp(at.voice + move[1], 4) } : at;
      if (event.shiftKey) anchor ??= at;
      else anchor = next;
      const isAll = !event.shiftKey && selection?.voices.length === 4 && move[1] === 0;
      head = next;
      select(isAll ? { first: next.bar, last: next.bar, voices: [0, 1, 2, 3] } : range(anchor, next));
      score.show(score.bars[next.bar]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);

// === What is shown ===

function show() {
  const { piece, selection, locked } = store.document;
  const overlay = byId("score-overlay");
  overlay.querySelectorAll(".padlock").forEach((old) => old.remove());
  byId("score-under").replaceChildren();
  byId("selection-bar").hidden = !selection || document.body.dataset.mode === "edit";
  if (!piece || !score.isFresh) return;
  const frame = score.frame;
  const place = (layer, mark, left, top) => {
    mark.style.setProperty("left", `${left - frame.left}px`);
    mark.style.setProperty("top", `${top - frame.top}px`);
    layer.append(mark);
  };
  const box = (rect) => {
    const mark = element("div", { class: "mark selected" });
    mark.style.setProperty("width", `${rect.width}px`);
    mark.style.setProperty("height", `${rect.height}px`);
    place(byId("score-under"), mark, rect.left, rect.top);
  };
  for (const [voice, ranges] of locked.entries()) {
    for (const [from, to] of ranges) {
      // One padlock at the first note; the colour says how far it reaches.
      const first = piece.voices[voice].find(([, start]) => start >= from && start < to);
      const note = first && score.notes.get(`${voice}-${first[1]}`);
      const rect = note && headOf(note.nodes[0]).getBoundingClientRect();
      if (rect) place(overlay, element("div", { class: "mark padlock" }), rect.left - 6, rect.top - 3);
    }
  }
  if (!selection) return;
  const { first, last, voices, note } = selection;
  const only = note && score.notes.get(`${voices[0]}-${note[0]}`);
  if (only) {
    for (const node of only.nodes) {
      const rect = node.getBoundingClientRect();
      box(new DOMRect(rect.left - 4, rect.top - 4, rect.width + 8, rect.height + 8));
    }
  } else selectionBoxes(first, last, voices).forEach(box);
  byId("selection-text").textContent = capital(selectionName());
  for (const voice of [0, 1, 2, 3]) byId(`select-voice-${voice}`).setAttribute("aria-pressed", String(voices.includes(voice)));
  const cells = selectedCells();
  const isLocked = isEmpty(difference(cells, locked));
  byId("lock-text").textContent = isLocked ? "Unlock" : "Lock";
  byId("lock").setAttribute("aria-pressed", String(!isEmpty(intersection(cells, locked))));
}

/** Wires pointer, keys and the bar of the selection. @param {() => void} rewrite */
export function startSelection(rewrite) {
  const surface = byId("score");
  pointer(surface);
  keys(surface);
  for (const voice of [0, 1, 2, 3]) {
    byId(`select-voice-${voice}`).addEventListener("click", () => {
      const { selection } = store.document;
      if (!selection) return;
      const isIn = selection.voices.includes(voice);
      const voices = isIn ? selection.voices.filter((other) => other !== voice) : [...selection.voices, voice].sort();
      if (voices.length) select({ first: selection.first, last: selection.last, voices });
    });
  }
  byId("lock").addEventListener("click", toggleLock);
  byId("selection-clear").addEventListener("click", () => {
    select(null);
    surface.focus({ preventScroll: true });
  });
  byId("selection-rewrite").addEventListener("click", rewrite);
  store.subscribe((document, before) => {
    if (!document.selection) [head, anchor] = [null, null];
    if (document.piece === before.piece) show();
  });
  score.addEventListener("drawn", show);
}
