// What can be said of a piece: its bars, beats, notes, names, and what a change changed.

import { noCells } from "./cells.js";
import { fifthsOf } from "./pitches.js";

export const VOICES = ["soprano", "alto", "tenor", "bass"];

/**
 * @typedef {object} Piece
 * @property {number} steps sixteenths
 * @property {[number, number, number][][]} voices pitch, start, length of every note, soprano first
 * @property {[number, number][]} fermatas
 * @property {{start: number, number: number, position: number}[]} bars
 * @property {{step: number, numerator: number, denominator: number}[]} metres
 * @property {string|null} key
 * @property {number} tempo
 * @property {string} title
 */

/** @param {Piece} piece @param {number} index of a written bar @returns {[number, number]} its steps */
export const barSteps = (piece, index) =>
  [piece.bars[index].start, piece.bars[index + 1]?.start ?? piece.steps];

/** @param {Piece} piece @param {number} step @returns {number} index of the written bar */
export function barAt(piece, step) {
  const after = piece.bars.findIndex((bar) => bar.start > step);
  return after < 0 ? piece.bars.length - 1 : Math.max(0, after - 1);
}

/** @param {Piece} piece @param {number} step */
export const metreAt = (piece, step) =>
  piece.metres.findLast((metre) => metre.step <= step) ?? piece.metres[0];

/** @param {{numerator: number, denominator: number}} metre @returns {number} steps of a full bar */
export const barLength = (metre) => metre.numerator * 16 / metre.denominator;

/** @param {Piece} piece @param {number} step @returns {string} such as "bar 3, beat 2" */
export function placeName(piece, step) {
  const bar = piece.bars[barAt(piece, step)];
  const name = bar.number ? `bar ${bar.number}` : "pickup";
  const beat = (bar.position + step - bar.start) / (16 / metreAt(piece, step).denominator) + 1;
  return `${name}, beat ${beat.toFixed(2).replace(/\.?0+$/, "")}`;
}

/** @param {Piece} piece @param {number} first @param {number} last indices of bars @returns {string} such as "bars 2–3" */
export function barsName(piece, first, last) {
  const [from, to] = [piece.bars[first].number, piece.bars[last].number];
  if (!from) return to ? `pickup to bar ${to}` : "pickup";
  return from === to ? `bar ${from}` : `bars ${from}–${to}`;
}

/** @param {number[]} voices @returns {string} such as "alto and tenor" */
export function voicesName(voices) {
  if (voices.length === 4) return "all voices";
  return voices.map((voice) => VOICES[voice]).join(", ").replace(/, ([^,]*)$/, " and $1");
}

/** @param {Piece} piece @param {number} voice @param {number} step @returns {number[]|undefined} the note that sounds */
export const noteAt = (piece, voice, step) =>
  piece.voices[voice].find(([, start, length]) => start <= step && step < start + length);

/** @param {Piece|null} piece @returns {boolean} whether there is nothing to hear */
export const isSilent = (piece) => !piece || piece.voices.every((notes) => !notes.length);

/** @param {Piece} piece @returns {number[]} the voices that have notes */
export const soundingVoices = (piece) => [0, 1, 2, 3].filter((voice) => piece.voices[voice].length);

/**
 * Numbers the bars of a piece of one metre with a pickup.
 * @param {number} steps @param {number} length of a full bar @param {number} pickup in steps
 */
export function numberBars(steps, length, pickup) {
  const bars = pickup ? [{ start: 0, number: 0, position: length - pickup }] : [];
  for (let start = pickup, number = 1; start < steps; start += length, number += 1) {
    bars.push({ start, number, position: 0 });
  }
  return bars;
}

/**
 * Makes a piece of rests.
 * @param {{bars?: number, numerator?: number, denominator?: number, pickup?: number, key?: string|null, tempo?: number, title?: string}} options
 * @returns {Piece}
 */
export function emptyPiece({ bars = 8, numerator = 4, denominator = 4, pickup = 0, key = null, tempo = 72, title = "" } = {}) {
  const length = barLength({ numerator, denominator });
  const steps = bars * length; // the last bar completes the pickup
  return {
    steps, voices: [[], [], [], []], fermatas: [], bars: numberBars(steps, length, pickup),
    metres: [{ step: 0, numerator, denominator }], key, tempo, title, source: "", credit: "", lyrics: [],
  };
}

/**
 * Writes the same notes in another metre or after another pickup.
 * @param {Piece} piece @param {{numerator: number, denominator: number}} metre @param {number} pickup
 * @returns {Piece}
 */
export function withMetre(piece, { numerator, denominator }, pickup) {
  const length = barLength({ numerator, denominator });
  return { ...piece, metres: [{ step: 0, numerator, denominator }], bars: numberBars(piece.steps, length, pickup) };
}

/** @param {Piece} piece @returns {number} steps before the first full bar */
export function pickupOf(piece) {
  const first = piece.bars[0].position;
  return first ? barLength(piece.metres[0]) - first : 0;
}

/** Moves the notes of a voice to another one. @param {Piece} piece @param {number} from @param {number} to @returns {Piece} */
export function moveVoice(piece, from, to) {
  if (from === to) return piece;
  const voices = [...piece.voices];
  [voices[from], voices[to]] = [voices[to], voices[from]];
  const middle = [67, 62, 57, 50];
  const notes = voices[to];
  const mean = notes.reduce((sum, [pitch]) => sum + pitch, 0) / (notes.length || 1);
  const octaves = notes.length ? Math.round((middle[to] - mean) / 12) : 0;
  voices[to] = notes.map(([pitch, start, length]) => [pitch + 12 * octaves, start, length]);
  const moved = { [from]: to, [to]: from };
  const lyrics = (piece.lyrics ?? []).map((word) => ({ ...word, voice: moved[word.voice] ?? word.voice }));
  return { ...piece, voices, lyrics };
}

/** Moves all notes by semitones; octaves keep the key. @param {Piece} piece @param {number} semitones @param {number|null} voice @returns {Piece} */
export function transposed(piece, semitones, voice = null) {
  const voices = piece.voices.map((notes, index) => (voice === null || index === voice
    ? notes.map(([pitch, start, length]) => [pitch + semitones, start, length]) : notes));
  return { ...piece, voices };
}

const TONES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** @param {string} key such as "F# minor" @returns {[number, string]} semitones above C, and the mode */
function tonic(key) {
  const [name, mode] = key.split(" ");
  const signs = (name.match(/#/g) ?? []).length - (name.match(/b/g) ?? []).length;
  return [(TONES[name[0]] + signs + 12) % 12, mode];
}

/** @param {string|null} key @param {number} semitones @returns {string|null} the key that far away, with the fewest signs */
export function transposedKey(key, semitones) {
  if (!key) return key;
  const [from, mode] = tonic(key);
  const to = (from + semitones + 120) % 12;
  const names = ["C", "G", "F", "D", "Bb", "A", "Eb", "E", "Ab", "B", "Db", "F#", "C#", "G#"].map((name) => `${name} ${mode}`);
  const found = names.filter((name) => tonic(name)[0] === to);
  return found.sort((a, b) => Math.abs(fifthsOf(a)) - Math.abs(fifthsOf(b)))[0] ?? key;
}

/** @param {Piece} before @param {Piece} after @returns {import("./cells.js").Cells} cells of notes that only one of both has */
export function changedCells(before, after) {
  const cells = noCells();
  for (let voice = 0; voice < 4; voice += 1) {
    const old = new Set(before.voices[voice].map(String));
    const now = new Set(after.voices[voice].map(String));
    for (const [notes, other] of [[before.voices[voice], now], [after.voices[voice], old]]) {
      for (const note of notes) {
        if (!other.has(String(note))) cells[voice].push([note[1], note[1] + note[2]]);
      }
    }
  }
  return cells;
}
