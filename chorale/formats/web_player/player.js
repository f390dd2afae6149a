/**
 * What is heard, when? Plays a piece through the synthesizer or to a MIDI output.
 *
 * Events: `step`, detail {step}, when a step is heard; `state`, detail {playing, step}.
 *
 * @typedef {import("./timeline.js").Piece} Piece
 * @typedef {import("./schedule.js").Range} Range
 */

import { MidiSender } from "./midi_sender.js";
import { Schedule } from "./schedule.js";
import { Synthesizer } from "./synthesizer.js";
import { INSTRUMENTS } from "./timbres.js";
import { Timeline, VOICES } from "./timeline.js";

export { INSTRUMENTS };

const TICK = 25; // milliseconds between two looks
const HORIZON = 0.18; // seconds that a look covers
const HIDDEN_HORIZON = 1.5; // in a hidden page, whose timers are slow
const START_DELAY = 0.01; // seconds from `play` to the first note
export const [SLOWEST, FASTEST] = [10, 400]; // quarters per minute, as files may have

export class Player extends EventTarget {
  #schedule = new Schedule();
  #instrument = INSTRUMENTS[0];
  #volumes = new Array(VOICES).fill(1);
  #muted = new Array(VOICES).fill(false);
  #alone = new Array(VOICES).fill(false);
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {Synthesizer | null} */
  #synthesizer = null;
  /** @type {MidiSender | null} */
  #sender = null;

  #step = 0; // heard last
  #timer = 0;
  #frame = 0;
  #pieceTempo = 0;

  /** Whether a piece is playing. */
  get playing() {
    return this.#timer !== 0;
  }

  /** The step that is heard, or at which `play` goes on. */
  get position() {
    return this.#step;
  }

  // === Settings, all of which can change while playing ===

  /**
   * Take another piece; what is playing goes on in it at the same step. The tempo
   * becomes that of the piece if that differs from the piece before.
   *
   * @param {Piece} piece
   */
  setPiece(piece) {
    const { range, timeline } = this.#schedule;
    const isWhole = range.to >= timeline.steps;
    this.#schedule.timeline = new Timeline(piece);
    this.range = { ...range, to: isWhole ? piece.steps : range.to };
    if (piece.tempo !== this.#pieceTempo) this.tempo = piece.tempo;
    this.#pieceTempo = piece.tempo;
    this.#step = Math.min(this.#step, Math.max(piece.steps - 1, 0));
    if (window.AudioContext) whenIdle(() => this.warm());
  }

  /** Quarters per minute. */
  get tempo() {
    return this.#schedule.tempo;
  }

  set tempo(value) {
    if (!Number.isFinite(value)) return;
    this.#schedule.tempo = Math.min(Math.max(value, SLOWEST), FASTEST);
  }

  /** Whether the metronome beats. */
  get metronome() {
    return this.#schedule.metronome;
  }

  set metronome(value) {
    this.#schedule.metronome = value;
  }

  /** A name of INSTRUMENTS; notes that sound keep their instrument. */
  get instrument() {
    return this.#instrument;
  }

  set instrument(name) {
    if (!INSTRUMENTS.includes(name)) {
      throw new RangeError(`expected one of ${INSTRUMENTS.join(", ")}, got ${name}`);
    }
    this.#instrument = name;
    if (this.#synthesizer) this.#synthesizer.instrument = name;
    this.#prepare();
  }

  /** The MIDI output that plays instead of the page, or null. */
  get output() {
    return this.#sender?.output ?? null;
  }

  set output(output) {
    if (output === this.output) return;
    this.#hush();
    this.#sender = output && new MidiSender(output, (time) => this.#wallTime(time));
    this.#sendVolumes();
  }

  /** The steps that are played; `loop` tells whether they are repeated. */
  get range() {
    return { ...this.#schedule.range };
  }

  set range(range) {
    const { steps } = this.#schedule.timeline;
    const to = Math.min(range.to ?? steps, steps);
    const from = Math.min(Math.max(range.from ?? 0, 0), Math.max(to - 1, 0));
    this.#schedule.range = { from, to, loop: range.loop ?? false };
  }

  /** @param {number} voice @param {number} value  from 0 to 1 */
  volume(voice, value) {
    this.#volumes[voice] = Math.min(Math.max(value, 0), 1);
    this.#sendVolumes();
  }

  /** @param {number} voice @param {boolean} value */
  mute(voice, value) {
    this.#muted[voice] = value;
    this.#sendVolumes();
  }

  /** Hear only the voices that are solo. @param {number} voice @param {boolean} value */
  solo(voice, value) {
    this.#alone[voice] = value;
    this.#sendVolumes();
  }

  /** The sound as it leaves the page; null before the first sound. */
  get analyser() {
    return this.#synthesizer?.analyser ?? null;
  }

  // === Playing ===

  /**
   * Make the instruments ready, without a sound, so that `play` starts at once. Done
   * by itself when the page is idle; a browser lets them sound after a gesture only.
   */
  warm() {
    this.#build();
    this.#prepare();
  }

  /**
   * Play from a step to another, by default from the position to the end.
   *
   * @param {Partial<Range>} [range]
   */
  play({ from, to, loop = false } = {}) {
    const { steps } = this.#schedule.timeline;
    if (!steps) return;
    this.#start();
    const end = Math.min(to ?? steps, steps);
    // After the end, from the beginning.
    const begin = from ?? (this.#step < end ? this.#step : 0);
    this.range = { from: from ?? (loop ? 0 : begin), to: end, loop };
    this.#begin(Math.min(begin, end - 1));
    window.clearInterval(this.#timer);
    this.#timer = window.setInterval(() => this.#look(), TICK);
    window.cancelAnimationFrame(this.#frame);
    this.#follow();
    this.#announce();
  }

  /** Stop, and go on from here at the next `play`. */
  pause() {
    if (!this.playing) return;
    this.#end();
    this.#announce();
  }

  /** Stop, and go back to the beginning of what was played. */
  stop() {
    const wasPlaying = this.playing;
    this.#end();
    const last = Math.max(this.#schedule.timeline.steps - 1, 0);
    this.#step = Math.min(this.#schedule.range.from, last);
    this.#announceStep(this.#step);
    if (wasPlaying) this.#announce();
  }

  /** Go to a step, and go on playing there if a piece is playing. @param {number} step */
  seek(step) {
    const last = Math.max(this.#schedule.timeline.steps - 1, 0);
    const wanted = Math.min(Math.max(Math.round(step), 0), last);
    if (this.playing) this.#begin(wanted);
    else this.#step = wanted;
    this.#announceStep(wanted);
  }

  /**
   * Sound one note for a moment, as when it is written.
   *
   * @param {number} voice
   * @param {number} pitch  MIDI note
   * @param {number} [seconds]
   */
  preview(voice, pitch, seconds = 0.35) {
    this.#start();
    const now = this.#context.currentTime;
    const note = this.#instruments.noteOn(voice, pitch, now);
    this.#instruments.noteOff(note, now + seconds);
  }

  // === The schedule ===

  get #instruments() {
    return this.#sender ?? this.#synthesizer;
  }

  #build() {
    if (this.#context) return;
    if (!window.AudioContext) throw new Error("This browser cannot make sound.");
    this.#context = new AudioContext({ latencyHint: "interactive" });
    this.#synthesizer = new Synthesizer(this.#context);
    this.#synthesizer.instrument = this.#instrument;
    this.#sendVolumes();
  }

  #start() {
    this.#build();
    if (this.#context.state !== "running") this.#context.resume();
  }

  #prepare() {
    const { notes } = this.#schedule.timeline;
    const pitches = new Set(notes.flat().map((note) => note?.pitch ?? 0));
    pitches.delete(0);
    this.#synthesizer?.prepare(pitches);
  }

  #sendVolumes() {
    const isSolo = this.#alone.some(Boolean);
    this.#volumes.forEach((volume, voice) => {
      const isHeard = !this.#muted[voice] && (!isSolo || this.#alone[voice]);
      this.#synthesizer?.setVolume(voice, isHeard ? volume : 0);
      this.#sender?.setVolume(voice, isHeard ? volume : 0);
    });
  }

  /** Go to a step at once. @param {number} step */
  #begin(step) {
    this.#hush();
    this.#step = step;
    this.#schedule.begin(step, this.#context.currentTime + START_DELAY);
    this.#look();
  }

  #look() {
    const now = this.#context.currentTime;
    const until = now + (document.hidden ? HIDDEN_HORIZON : HORIZON);
    const end = this.#schedule.look(now, until, this.#instruments);
    if (end !== null && now >= end + this.#latency) this.stop();
  }

  /** End all that sounds or was handed on, at once. */
  #hush() {
    this.#schedule.clear();
    this.#synthesizer?.silence();
    this.#sender?.silence();
  }

  #end() {
    window.clearInterval(this.#timer);
    window.cancelAnimationFrame(this.#frame);
    this.#timer = 0;
    this.#hush();
  }

  // === What is heard ===

  /** Seconds from the audio clock to the loudspeaker. */
  get #latency() {
    return this.#context?.outputLatency || this.#context?.baseLatency || 0;
  }

  /** @param {number} time  of the audio clock @returns {number} milliseconds */
  #wallTime(time) {
    const now = this.#context?.currentTime ?? 0;
    return performance.now() + (time - now + this.#latency) * 1000;
  }

  #follow() {
    const heard = this.#context.currentTime - this.#latency;
    const step = this.#schedule.heard(heard);
    if (step !== null) {
      this.#step = step;
      this.#announceStep(step);
    }
    // A listener may have stopped the music.
    if (this.playing) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  /** @param {number} step */
  #announceStep(step) {
    this.dispatchEvent(new CustomEvent("step", { detail: { step } }));
  }

  #announce() {
    const detail = { playing: this.playing, step: this.#step };
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }
}

/** @param {() => void} task */
function whenIdle(task) {
  // Safari has no idle callbacks.
  if (window.requestIdleCallback) requestIdleCallback(task, { timeout: 2000 });
  else setTimeout(task, 200);
}
