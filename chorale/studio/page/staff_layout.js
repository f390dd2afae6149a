/**
 * Where on the staff is a step, and which step and line are under the pointer?
 *
 * Time runs evenly from left to right, with a little room after each barline.
 *
 * @typedef {import("./timeline.js").Piece} Piece
 */

import { signatureLetters, fifthsOf } from "./pitches.js";
import { metreAt, metreLengths, writtenBars } from "./timeline.js";

export const SPACE = 12; // pixels between two lines
export const TOP = 66; // of the upper line: room for fermatas and high notes
export const BOTTOM = TOP + 4 * SPACE;
export const HEIGHT = BOTTOM + 54;
export const STEM = 3.4 * SPACE;
export const FERMATA_Y = 26; // clicks above it set fermatas
const STEP_WIDTH = 12;
const BAR_PADDING = 26;

/** Diatonic number of the middle line: B4 or D3. */
export const MIDDLE = { treble: 34, bass: 22 };

export class StaffLayout {
  /**
   * @param {Piece} piece
   * @param {"treble" | "bass"} clef
   * @param {number} spare  steps of empty bars to be shown after the end
   */
  constructor(piece, clef, spare = 0) {
    this.clef = clef;
    this.fifths = fifthsOf(piece.key);
    this.metreX = 46 + 10 * signatureLetters(this.fifths).length;
    this.left = this.metreX + 30;
    this.bars = writtenBars(piece).map((bar) => ({ ...bar, isSpare: false }));
    this.steps = piece.steps;
    if (spare) {
      const metre = metreAt(piece, Math.max(piece.steps - 1, 0));
      const end = piece.steps + metreLengths(metre).bar;
      const start = piece.steps;
      this.bars.push({ start, end, number: 0, position: 0, metre, isSpare: true });
    }
  }

  /** Whole width in pixels. */
  get width() {
    const last = this.bars.at(-1);
    return this.x(last ? last.end - 0.01 : 0) + 2 * STEP_WIDTH;
  }

  /** @param {number} step */
  x(step) {
    const before = this.bars.filter((bar) => bar.start <= step).length;
    return this.left + step * STEP_WIDTH + before * BAR_PADDING;
  }

  /** Place of the barline at the end of a bar. @param {{end: number}} bar */
  barlineX(bar) {
    return this.x(bar.end - 1) + STEP_WIDTH + 2;
  }

  /** Height of a diatonic number. @param {number} number */
  y(number) {
    return TOP + 2 * SPACE - ((number - MIDDLE[this.clef]) * SPACE) / 2;
  }

  /**
   * Height of the fermata over a note, or over its stem.
   *
   * @param {number} number  diatonic
   * @param {boolean} isUp  whether its stem points up, whatever the note
   */
  fermataY(number, isUp = false) {
    const highest = this.y(number) - (isUp ? STEM + 5 : 18);
    return Math.max(16, Math.min(TOP - 14, highest));
  }

  /** Diatonic number at a height. @param {number} y */
  numberAt(y) {
    const steps = Math.round((TOP + 2 * SPACE - y) / (SPACE / 2));
    return MIDDLE[this.clef] + Math.min(Math.max(steps, -11), 13);
  }

  /**
   * Return the step under a place, on a grid within its bar.
   *
   * @param {number} x
   * @param {number} [grid]  steps
   */
  stepAt(x, grid = 1) {
    const bar = this.bars.findLast((other) => this.x(other.start) - 18 <= x);
    if (!bar) return this.bars[0]?.start ?? 0;
    const exact = (x - this.x(bar.start) + 6) / STEP_WIDTH;
    const place = Math.floor((bar.position + Math.max(exact, 0)) / grid) * grid;
    const step = bar.start + place - bar.position;
    return Math.min(Math.max(step, bar.start), bar.end - 1);
  }

  /** The bar of a step. @param {number} step */
  barAt(step) {
    return this.bars.findLast((bar) => bar.start <= step) ?? this.bars[0];
  }
}

/** Lengths that one note or rest can have, in steps, the longest first. */
const VALUES = [24, 16, 12, 8, 6, 4, 3, 2, 1];

/**
 * Split a note into written notes, tied, none of them over a barline.
 *
 * @param {StaffLayout} layout
 * @param {number} start
 * @param {number} length
 * @returns {{start: number, length: number}[]}
 */
export function tiedParts(layout, start, length) {
  const parts = [];
  const end = start + length;
  for (let step = start; step < end; ) {
    const most = Math.min(end, layout.barAt(step).end) - step;
    const value = VALUES.find((other) => other <= Math.max(most, 1)) ?? 1;
    parts.push({ start: step, length: value });
    step += value;
  }
  return parts;
}

/**
 * Return the rests that fill a bar where no note is.
 *
 * @param {{start: number, end: number, position: number}} bar
 * @param {[number, number, number][]} line
 * @returns {{start: number, length: number}[]} one rest for an empty bar
 */
export function restsOf(bar, line) {
  const sounds = (step) =>
    line.some(([, start, length]) => start <= step && step < start + length);
  const silent = [];
  for (let step = bar.start; step < bar.end; step += 1) silent.push(!sounds(step));
  if (silent.every(Boolean)) return [{ start: bar.start, length: bar.end - bar.start }];
  const rests = [];
  for (let index = 0; index < silent.length; ) {
    if (!silent[index]) {
      index += 1;
      continue;
    }
    let run = 1;
    while (silent[index + run]) run += 1;
    const place = bar.position + index;
    const length = [8, 4, 2, 1].find((value) => value <= run && place % value === 0);
    rests.push({ start: bar.start + index, length });
    index += length;
  }
  return rests;
}
