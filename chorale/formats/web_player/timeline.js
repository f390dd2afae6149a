/**
 * When does each step of a piece sound, which notes sound in it, where are the beats?
 *
 * A step is a sixteenth. Time is counted in quarters at an even tempo, so that the
 * tempo can change while a piece is playing; steps under a fermata take longer.
 *
 * @typedef {object} Piece  as `GET /catalogue` and the jobs of the server give it
 * @property {number} steps
 * @property {[number, number, number][][]} voices  pitch, start, length; soprano first
 * @property {[number, number][]} fermatas  first step, step after the last
 * @property {{start: number, number: number, position: number}[]} bars
 * @property {{step: number, numerator: number, denominator: number}[]} metres
 * @property {string | null} key
 * @property {number} tempo  quarters per minute
 *
 * @typedef {object} SoundingNote
 * @property {number} pitch  MIDI note
 * @property {number} start  first step
 * @property {number} end  step after the last
 * @property {boolean} repeated  whether the voice strikes the same pitch again at `end`
 */

export const VOICES = 4;
export const STEPS_PER_QUARTER = 4;

/** @type {Piece} */
export const EMPTY_PIECE = {
  steps: 0,
  voices: [[], [], [], []],
  fermatas: [],
  bars: [],
  metres: [],
  key: null,
  tempo: 72,
};

/** Tempo under a fermata as a share of the tempo, as in WAV and MIDI files. */
export const FERMATA_TEMPO = 0.6;

/**
 * Return the steps of a full bar and of a beat: a dotted unit in compound metre, else
 * at most a quarter.
 *
 * @param {{numerator: number, denominator: number}} metre
 * @returns {{bar: number, beat: number}}
 */
export function metreLengths({ numerator, denominator }) {
  const unit = (4 * STEPS_PER_QUARTER) / denominator;
  const isCompound = numerator % 3 === 0 && unit < STEPS_PER_QUARTER;
  const beat = isCompound ? 3 * unit : Math.min(unit, STEPS_PER_QUARTER);
  return { bar: numerator * unit, beat };
}

/**
 * Return the time signature in force at a step.
 *
 * @param {Piece} piece
 * @param {number} step
 */
export function metreAt(piece, step) {
  const before = piece.metres.filter((metre) => metre.step <= step);
  return before.at(-1) ?? { step: 0, numerator: 4, denominator: 4 };
}

/**
 * Return the bars with their ends and time signatures.
 *
 * @param {Piece} piece
 */
export function writtenBars(piece) {
  return piece.bars.map((bar, index) => ({
    ...bar,
    end: piece.bars[index + 1]?.start ?? piece.steps,
    metre: metreAt(piece, bar.start),
  }));
}

/** A piece laid out in time. */
export class Timeline {
  /** @param {Piece} piece */
  constructor(piece) {
    this.steps = piece.steps;
    /** @type {(SoundingNote | null)[][]} */
    this.notes = Array.from({ length: VOICES }, (_, voice) =>
      soundingNotes(piece.voices[voice] ?? [], piece.steps),
    );
    this.quarters = quartersBefore(piece);
    this.beats = beatsOf(piece);
  }

  /**
   * Return the note that sounds in a step, null in a rest.
   *
   * @param {number} voice
   * @param {number} step
   * @returns {SoundingNote | null}
   */
  noteAt(voice, step) {
    return this.notes[voice][step] ?? null;
  }

  /**
   * Return the seconds from one step to another.
   *
   * @param {number} from
   * @param {number} to
   * @param {number} tempo  quarters per minute
   */
  seconds(from, to, tempo) {
    const last = this.quarters.length - 1;
    const [first, second] = [from, to].map((step) => Math.min(step, last));
    return ((this.quarters[second] - this.quarters[first]) * 60) / tempo;
  }
}

/**
 * Return the note that sounds in each step of a voice.
 *
 * @param {[number, number, number][]} line
 * @param {number} steps
 */
function soundingNotes(line, steps) {
  /** @type {(SoundingNote | null)[]} */
  const found = new Array(steps).fill(null);
  const sorted = [...line].sort((left, right) => left[1] - right[1]);
  sorted.forEach(([pitch, start, length], index) => {
    const after = sorted[index + 1];
    const end = start + length;
    const repeated = after !== undefined && after[0] === pitch && after[1] === end;
    found.fill({ pitch, start, end, repeated }, Math.max(start, 0), end);
  });
  return found.slice(0, steps);
}

/**
 * Return the quarters before each step and before the end, fermatas held.
 *
 * @param {Piece} piece
 * @returns {Float64Array} of length steps + 1
 */
function quartersBefore(piece) {
  const held = new Uint8Array(piece.steps);
  for (const [start, end] of piece.fermatas) held.fill(1, start, end);
  const quarters = new Float64Array(piece.steps + 1);
  for (let step = 0; step < piece.steps; step += 1) {
    const stretch = held[step] ? 1 / FERMATA_TEMPO : 1;
    quarters[step + 1] = quarters[step] + stretch / STEPS_PER_QUARTER;
  }
  return quarters;
}

/**
 * Return which steps begin a bar ("bar"), another beat ("beat") or none (null).
 *
 * @param {Piece} piece
 * @returns {("bar" | "beat" | null)[]}
 */
function beatsOf(piece) {
  const beats = new Array(piece.steps).fill(null);
  for (const { start, end, position, metre } of writtenBars(piece)) {
    const { beat } = metreLengths(metre);
    for (let step = start; step < end; step += 1) {
      const place = position + step - start;
      if (place % beat === 0) beats[step] = place === 0 ? "bar" : "beat";
    }
  }
  return beats;
}
