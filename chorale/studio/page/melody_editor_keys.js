/**
 * Which key of the computer keyboard does what in the melody editor?
 *
 * As in notation programs: letters enter notes, digits choose durations.
 */

/** Names of durations by steps; dots are said apart. */
export const DURATIONS = [
  { steps: 1, name: "sixteenth", key: "3" },
  { steps: 2, name: "eighth", key: "4" },
  { steps: 4, name: "quarter", key: "5" },
  { steps: 8, name: "half", key: "6" },
  { steps: 16, name: "whole", key: "7" },
];

export const HELP =
  "Letters A to G write notes, R or 0 a rest. 3 to 7 choose sixteenth, eighth, quarter, " +
  "half, whole; the full stop dots it. Left and right move, with Ctrl by bars, Home and " +
  "End to the ends. Up and down move the note by a step, with Shift by a semitone, with " +
  "Ctrl by an octave. T holds the note, with Shift and left or right its length changes. " +
  "Shift and F set a fermata. Backspace and Delete remove. By mouse: a click writes a " +
  "note or selects one, dragging sideways changes its length, up and down its pitch; a " +
  "click over a note sets a fermata or takes it away; a right click removes.";

/**
 * Return the name of a length, such as `dotted half`.
 *
 * @param {number} steps
 */
export function lengthName(steps) {
  const plain = DURATIONS.find((duration) => duration.steps === steps);
  if (plain) return plain.name;
  const dotted = DURATIONS.find((duration) => duration.steps * 1.5 === steps);
  return dotted ? `dotted ${dotted.name}` : `${steps} sixteenths`;
}

/**
 * Do what a key means; return whether it means anything.
 *
 * @param {import("./melody_editor.js").MelodyEditor} editor
 * @param {KeyboardEvent} event
 */
export function press(editor, event) {
  const { key, shiftKey } = event;
  const ctrl = event.ctrlKey || event.metaKey;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const direction = key === "ArrowUp" ? 1 : -1;
    if (ctrl) editor.shift(12 * direction);
    else if (shiftKey || event.altKey) editor.shift(direction);
    else editor.shiftByStep(direction);
    return true;
  }
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const direction = key === "ArrowRight" ? 1 : -1;
    if (shiftKey) editor.lengthen(direction);
    else if (ctrl) editor.moveByBar(direction);
    else editor.move(direction);
    return true;
  }
  // Undo, copy and the like belong to the page.
  if (ctrl || event.altKey) return false;
  if (/^[a-eg]$/i.test(key)) editor.enterLetter(key.toUpperCase());
  else if (key === "f" || key === "F") {
    // F is a letter of the scale as well: with Shift it is the fermata.
    if (shiftKey) editor.toggleFermata();
    else editor.enterLetter("F");
  } else if (key === "r" || key === "R" || key === "0") editor.enter(null);
  else if (key === "t" || key === "T") editor.hold();
  else if (key === ".") editor.dotted = !editor.dotted;
  else if (key === "Backspace") editor.removeBefore();
  else if (key === "Delete") editor.removeHere();
  else if (key === "Home") editor.goTo(0);
  else if (key === "End") editor.goTo(Infinity);
  else if (key === "Escape") editor.select(null);
  else if (/^[1-7]$/.test(key)) {
    const found = DURATIONS.find((duration) => duration.key === key);
    // Shorter than the grid of sixteenths.
    editor.choose((found ?? DURATIONS[0]).steps);
  } else return false;
  return true;
}
