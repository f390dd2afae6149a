/**
 * What becomes of a piece when a note of a voice is written, moved or removed?
 *
 * Every function returns a new piece and leaves the old one as it is. Bars and metres
 * stay; a note past the end of the piece adds bars.
 *
 * @typedef {import("./timeline.js").Piece} Piece
 * @typedef {[number, number, number]} Note  pitch, start, length
 */

import { metreAt, metreLengths } from "./timeline.js";

/**
 * Write a note over what the voice has there; `pitch` null writes a rest.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {number} start
 * @param {number} length  steps
 * @param {number | null} pitch  MIDI note
 * @returns {Piece}
 */
export function write(piece, voice, start, length, pitch) {
  const end = start + length;
  /** @type {Note[]} */
  const line = [];
  for (const [other, first, steps] of piece.voices[voice]) {
    const last = first + steps;
    if (first < start) line.push([other, first, Math.min(last, start) - first]);
    // The rest of a note that goes on behind a new one would be a note nobody wrote.
    else if (first >= end) line.push([other, first, steps]);
  }
  if (pitch !== null) line.push([pitch, start, length]);
  return withLine(pitch === null ? piece : extend(piece, end), voice, line);
}

/**
 * Give a note another pitch or length, over what follows.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {number} start  of the note
 * @param {{pitch?: number, length?: number}} change
 * @returns {Piece}
 */
export function change(piece, voice, start, { pitch, length }) {
  const note = noteFrom(piece, voice, start);
  if (!note) return piece;
  return write(piece, voice, start, length ?? note[2], pitch ?? note[0]);
}

/**
 * Remove the note that begins at a step.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {number} start
 * @returns {Piece}
 */
export function remove(piece, voice, start) {
  const line = piece.voices[voice].filter((note) => note[1] !== start);
  return withLine(piece, voice, line);
}

/**
 * Put a fermata over some steps, or take away those that are there.
 *
 * @param {Piece} piece
 * @param {number} start
 * @param {number} end
 * @returns {Piece}
 */
export function toggleFermata(piece, start, end) {
  const others = piece.fermatas.filter(([first, last]) => last <= start || first >= end);
  if (others.length < piece.fermatas.length) return { ...piece, fermatas: others };
  const fermatas = [...others, [start, Math.min(end, piece.steps)]];
  return { ...piece, fermatas: fermatas.sort((left, right) => left[0] - right[0]) };
}

/**
 * Add bars so that a piece reaches a step; a short last bar is filled first.
 *
 * @param {Piece} piece
 * @param {number} end
 * @returns {Piece}
 */
export function extend(piece, end) {
  let { steps } = piece;
  const bars = [...piece.bars];
  const full = metreLengths(metreAt(piece, Math.max(steps - 1, 0))).bar;
  while (steps < end) {
    const last = bars.at(-1);
    const filled = last ? last.position + steps - last.start : full;
    if (filled < full) {
      steps += full - filled;
    } else {
      bars.push({ start: steps, number: (last?.number ?? 0) + 1, position: 0 });
      steps += full;
    }
  }
  return steps === piece.steps ? piece : { ...piece, steps, bars };
}

/**
 * Remove the bars at the end in which no voice has a note; one bar is kept.
 *
 * @param {Piece} piece
 * @returns {Piece}
 */
export function trim(piece) {
  const notes = piece.voices.flat();
  const end = Math.max(1, ...notes.map(([, start, length]) => start + length));
  const bars = piece.bars.filter((bar) => bar.start < end);
  const steps = piece.bars[bars.length]?.start ?? piece.steps;
  if (steps === piece.steps) return piece;
  const fermatas = piece.fermatas.filter(([start]) => start < steps);
  return {
    ...piece,
    steps,
    bars,
    fermatas: fermatas.map(([start, last]) => [start, Math.min(last, steps)]),
    metres: piece.metres.filter((metre) => metre.step < steps),
    lyrics: (piece.lyrics ?? []).filter((lyric) => lyric.step < steps),
  };
}

/**
 * Return the note that begins at a step.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {number | null} start
 * @returns {Note | null}
 */
export function noteFrom(piece, voice, start) {
  return piece.voices[voice].find((note) => note[1] === start) ?? null;
}

/**
 * Return the note that sounds in a step.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {number} step
 * @returns {Note | null}
 */
export function noteAt(piece, voice, step) {
  const sounds = ([, start, length]) => start <= step && step < start + length;
  return piece.voices[voice].find(sounds) ?? null;
}

/**
 * Return the last note that begins before a step.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {number} step
 * @returns {Note | null}
 */
export function noteBefore(piece, voice, step) {
  return piece.voices[voice].filter((note) => note[1] < step).at(-1) ?? null;
}

/**
 * Return a piece with another line of a voice; syllables stay where notes begin.
 *
 * @param {Piece} piece
 * @param {number} voice
 * @param {Note[]} line
 * @returns {Piece}
 */
function withLine(piece, voice, line) {
  const sorted = line.sort((left, right) => left[1] - right[1]);
  const starts = new Set(sorted.map((note) => note[1]));
  return {
    ...piece,
    voices: piece.voices.map((other, index) => (index === voice ? sorted : other)),
    lyrics: (piece.lyrics ?? []).filter(
      (lyric) => lyric.voice !== voice || starts.has(lyric.step),
    ),
  };
}
