// Which steps of which voices? Unions, differences and lists of ranges.
//
// Cells are four lists (soprano to bass) of ranges [start, end): what is selected, locked
// or written by a model.

/** @typedef {[number, number][][]} Cells */

/** @returns {Cells} no cell of any voice */
export const noCells = () => [[], [], [], []];

/** Sorts ranges and joins those that touch. @param {[number, number][]} ranges */
function joined(ranges) {
  const result = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (end <= start) continue;
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

/** @param {[number, number][]} ranges @param {[number, number][]} holes */
function without(ranges, holes) {
  let left = joined(ranges);
  for (const [from, to] of holes) {
    left = left.flatMap(([start, end]) => [[start, Math.min(end, from)], [Math.max(start, to), end]]
      .filter(([a, b]) => b > a && (b <= from || a >= to)));
  }
  return joined(left);
}

/** @param {Cells} a @param {Cells} b @returns {Cells} cells in either */
export const union = (a, b) => a.map((ranges, voice) => joined([...ranges, ...b[voice]]));

/** @param {Cells} a @param {Cells} b @returns {Cells} cells of a that are not in b */
export const difference = (a, b) => a.map((ranges, voice) => without(ranges, b[voice]));

/** @param {Cells} a @param {Cells} b @returns {Cells} cells in both */
export const intersection = (a, b) => difference(a, difference(a, b));

/** @param {Cells} cells */
export const isEmpty = (cells) => cells.every((ranges) => !ranges.length);

/** @param {Cells} cells @param {number} voice @param {number} start @param {number} end @returns {boolean} whether a range of steps lies in the cells */
export const covers = (cells, voice, start, end) =>
  cells[voice].some(([from, to]) => from <= start && end <= to);

/** @param {Cells} cells @returns {boolean} whether any step of the range is in the cells */
export const touches = (cells, voice, start, end) =>
  cells[voice].some(([from, to]) => from < end && start < to);

/**
 * Lengthens cells to the ends of the notes that go on after them.
 * @param {Cells} cells
 * @param {[number, number, number][][]} voices pitch, start, length of every note
 * @returns {Cells}
 */
export const toNoteEnds = (cells, voices) => cells.map((ranges, voice) => joined(ranges.map(([start, end]) => {
  const held = voices[voice].find(([, at, length]) => at < end && end < at + length);
  return [start, held ? held[1] + held[2] : end];
})));

/** Cuts cells at the end of a piece. @param {Cells} cells @param {number} steps @returns {Cells} */
export const cut = (cells, steps) =>
  intersection(cells, cells.map(() => [[0, steps]]));
