/**
 * Which notes begin and end in the steps that are due, and at what times exactly?
 *
 * Looks a little ahead of the audio clock and hands the notes on to the instruments, so
 * that a busy page does not make the music stumble. A change of the piece, the tempo or
 * the range takes effect at the next step that has not been handed on.
 *
 * @typedef {import("./timeline.js").SoundingNote} SoundingNote
 *
 * @typedef {object} Instruments  a `Synthesizer` or a `MidiSender`; times in seconds
 * @property {(voice: number, pitch: number, time: number) => any} noteOn
 * @property {(note: any, time: number) => void} noteOff
 * @property {(time: number, accent: boolean) => void} click
 *
 * @typedef {{from: number, to: number, loop: boolean}} Range  in steps
 */

import { EMPTY_PIECE, Timeline, VOICES } from "./timeline.js";

export const REPEAT_GAP = 0.07; // seconds of silence before a repeated note, as in WAV files
const LATE = 0.025; // seconds by which a step may be late

export class Schedule {
  timeline = new Timeline(EMPTY_PIECE);
  tempo = 72; // quarters per minute
  metronome = false;
  /** @type {Range} */
  range = { from: 0, to: 0, loop: false };

  #next = 0; // the next step to be handed on
  #time = 0; // of its beginning
  /** @type {({note: SoundingNote, handle: any, ended: boolean} | null)[]} */
  #sounding = new Array(VOICES).fill(null);
  /** @type {{step: number, time: number}[]} */
  #ahead = []; // the steps that were handed on but are not heard yet

  /** Whether all steps have been handed on. */
  get #isOver() {
    return this.#next >= Math.min(this.range.to, this.timeline.steps);
  }

  /** Begin at a step, with silence before it. @param {number} step @param {number} time */
  begin(step, time) {
    this.clear();
    this.#next = step;
    this.#time = time;
  }

  /** Forget all that sounds. */
  clear() {
    this.#sounding.fill(null);
    this.#ahead = [];
  }

  /**
   * Hand on the steps that begin before a time.
   *
   * @param {number} now  seconds of the audio clock
   * @param {number} until  seconds of the audio clock
   * @param {Instruments} instruments
   * @returns {number | null} the time of the end if the last step has been handed on
   */
  look(now, until, instruments) {
    // After a long delay the music goes on where it was, rather than hurries.
    if (!this.#isOver && this.#time < now - LATE) this.#time = now;
    while (this.#time < until) {
      if (this.#isOver) {
        this.#release(instruments);
        const { from, loop } = this.range;
        if (!loop || from >= this.timeline.steps) return this.#time;
        this.#next = from;
      }
      this.#hand(instruments);
    }
    return null;
  }

  /**
   * Return the step that is heard since the last call, null if it is the same.
   *
   * @param {number} time  seconds of the audio clock
   * @returns {number | null}
   */
  heard(time) {
    let last = null;
    while (this.#ahead.length && this.#ahead[0].time <= time) {
      last = this.#ahead.shift().step;
    }
    return last;
  }

  /** Hand on the next step. @param {Instruments} instruments */
  #hand(instruments) {
    const { timeline, tempo } = this;
    const [step, time] = [this.#next, this.#time];
    const after = time + timeline.seconds(step, step + 1, tempo);
    for (let voice = 0; voice < VOICES; voice += 1) {
      const note = timeline.noteAt(voice, step);
      let sounding = this.#sounding[voice];
      if (sounding && !isSame(sounding.note, note)) {
        if (!sounding.ended) instruments.noteOff(sounding.handle, time);
        sounding = null;
      }
      if (note && !sounding) {
        const handle = instruments.noteOn(voice, note.pitch, time);
        sounding = { note, handle, ended: false };
      }
      if (sounding && note?.repeated && note.end === step + 1) {
        const whole = timeline.seconds(note.start, note.end, tempo);
        const gap = Math.min(REPEAT_GAP, whole / 2, after - time);
        instruments.noteOff(sounding.handle, after - gap);
        sounding.ended = true;
      }
      this.#sounding[voice] = sounding;
    }
    const beat = timeline.beats[step];
    if (this.metronome && beat) instruments.click(time, beat === "bar");
    this.#ahead.push({ step, time });
    this.#next = step + 1;
    this.#time = after;
  }

  /** End the notes that sound, at the next step. @param {Instruments} instruments */
  #release(instruments) {
    for (const sounding of this.#sounding) {
      if (sounding && !sounding.ended) {
        instruments.noteOff(sounding.handle, this.#time);
      }
    }
    this.#sounding.fill(null);
  }
}

/**
 * Return whether two notes are one, though its end may have moved in another piece.
 *
 * @param {SoundingNote} left
 * @param {SoundingNote | null} right
 */
function isSame(left, right) {
  return right !== null && left.pitch === right.pitch && left.start === right.start;
}
