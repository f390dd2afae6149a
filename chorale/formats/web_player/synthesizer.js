/**
 * How does a note of a voice become sound? Additive synthesis with Web Audio.
 *
 * voice ─► volume ─► place between left and right ─┬─► dry ──┬─► limiter ─► analyser
 *                                                  └─► room ─┘
 *
 * Works with an `AudioContext` and, in tests, with an `OfflineAudioContext`.
 */

import { TIMBRES, ensembleOf, frequencyOf, wavesOf } from "./timbres.js";

const PANS = [-0.16, 0.24, -0.24, 0.1]; // of the voices, -1 = left
// Four voices of root mean square 0.3 with their room stay under the limiter's
// threshold, except where all of their peaks meet.
const MASTER = 0.3;
const CEILING = 0.92; // of full scale, for what is faster than the limiter
// Reverberation: length and time constant of the decay in seconds, and amplitude.
const [ROOM_SECONDS, ROOM_DECAY, ROOM_SHARE] = [1.5, 0.28, 0.3];
const VIBRATO_DELAY = 0.35; // seconds in which it grows
const SILENCING = 0.012; // time constant of a sudden end, in seconds

/**
 * @typedef {object} Playing  a note that sounds
 * @property {OscillatorNode[]} sources
 * @property {GainNode} envelope
 * @property {number} start  time of the context, in seconds
 * @property {number} attack  seconds
 * @property {number} release  seconds
 */

export class Synthesizer {
  /** @param {BaseAudioContext} context */
  constructor(context) {
    this.context = context;
    this.instrument = "choir";
    /** @type {Set<Playing>} */
    this.playing = new Set();
    /** @type {Map<string, {wave: PeriodicWave, decay: number | null}[]>} */
    this.waves = new Map();
    this.master = new GainNode(context, { gain: MASTER });
    this.analyser = new AnalyserNode(context, { fftSize: 2048 });
    connect(this.master, ...limiter(context), this.analyser, context.destination);
    const room = new ConvolverNode(context, {
      buffer: roomResponse(context),
      disableNormalization: true,
    });
    this.room = new GainNode(context, { gain: ROOM_SHARE });
    connect(this.room, room, this.master);
    this.volumes = PANS.map((pan) => {
      const volume = new GainNode(context);
      const panner = new StereoPannerNode(context, { pan });
      connect(volume, panner, this.master);
      panner.connect(this.room);
      return volume;
    });
    this.#open();
    this.vibratos = new Map();
  }

  /** Make the inputs of the voices, which `silence` closes. */
  #open() {
    this.inputs = this.volumes.map((volume) => {
      const input = new GainNode(this.context);
      input.connect(volume);
      return input;
    });
  }

  /**
   * Set the volume of a voice, from 0 to 1, without a click.
   *
   * @param {number} voice
   * @param {number} value
   */
  setVolume(voice, value) {
    const now = this.context.currentTime;
    this.volumes[voice].gain.setTargetAtTime(value, now, 0.015);
  }

  /**
   * Compute the waves of pitches before they are needed.
   *
   * @param {Iterable<number>} pitches
   */
  prepare(pitches) {
    for (const pitch of pitches) this.#wavesOf(pitch);
  }

  /**
   * Begin a note.
   *
   * @param {number} voice
   * @param {number} pitch  MIDI note
   * @param {number} time  of the context, in seconds
   * @returns {Playing} to be given to `noteOff`
   */
  noteOn(voice, pitch, time) {
    const { context } = this;
    const timbre = TIMBRES[this.instrument];
    const start = Math.max(time, context.currentTime);
    const envelope = new GainNode(context, { gain: 0 });
    envelope.connect(this.inputs[voice]);
    const rise = timbre.attack / 3; // a time constant: 95 % at the end
    envelope.gain.setTargetAtTime(1, start, rise);
    const sources = [];
    for (const [player, { cents, loudness }] of ensembleOf(timbre).entries()) {
      for (const { wave, decay } of this.#wavesOf(pitch)) {
        const source = new OscillatorNode(context, {
          frequency: frequencyOf(pitch),
          detune: cents,
          periodicWave: wave,
        });
        const gain = new GainNode(context, { gain: loudness });
        if (decay !== null) gain.gain.setTargetAtTime(0, start, decay);
        if (timbre.vibrato) this.#vibrate(source, voice, player, start);
        connect(source, gain, envelope);
        source.start(start);
        sources.push(source);
      }
    }
    const { attack, release } = timbre;
    const note = { sources, envelope, start, attack, release };
    this.playing.add(note);
    sources[0].onended = () => {
      this.playing.delete(note);
      envelope.disconnect();
    };
    return note;
  }

  /**
   * End a note.
   *
   * @param {Playing} note
   * @param {number} time  of the context, in seconds
   */
  noteOff(note, time) {
    const end = Math.max(time, note.start, this.context.currentTime);
    const fall = note.release / 4; // a time constant: 2 % at the end
    note.envelope.gain.setTargetAtTime(0, end, fall);
    for (const source of note.sources) source.stop(end + 2.5 * note.release);
  }

  /**
   * Beat the metronome once.
   *
   * @param {number} time  of the context, in seconds
   * @param {boolean} accent  whether a bar begins
   */
  click(time, accent) {
    const { context } = this;
    const start = Math.max(time, context.currentTime);
    const envelope = new GainNode(context, { gain: 0 });
    envelope.gain.setValueAtTime(accent ? 0.9 : 0.5, start);
    envelope.gain.setTargetAtTime(0, start, 0.012);
    const source = new OscillatorNode(context, { frequency: accent ? 1760 : 1320 });
    connect(source, envelope, this.master);
    source.start(start);
    source.stop(start + 0.1);
    source.onended = () => envelope.disconnect();
  }

  /** End all notes at once, also those that are yet to begin. */
  silence() {
    const now = this.context.currentTime;
    for (const input of this.inputs) {
      input.gain.setTargetAtTime(0, now, SILENCING);
      setTimeout(() => input.disconnect(), 1000);
    }
    // Notes that have not begun when they are stopped never sound.
    for (const note of this.playing) {
      for (const source of note.sources) source.stop(now + 8 * SILENCING);
    }
    this.#open();
  }

  /** @param {number} pitch */
  #wavesOf(pitch) {
    const name = `${this.instrument} ${pitch}`;
    const known = this.waves.get(name);
    if (known) return known;
    const waves = wavesOf(TIMBRES[this.instrument], pitch).map(
      ({ amplitudes, decay }) => ({
        wave: new PeriodicWave(this.context, {
          real: new Float32Array(Math.max(2, amplitudes.length)),
          imag: amplitudes.length > 1 ? amplitudes : new Float32Array(2),
          disableNormalization: true,
        }),
        decay,
      }),
    );
    this.waves.set(name, waves);
    return waves;
  }

  /**
   * Let the pitch of a note swing, more and more. All notes of a player share one
   * oscillator, as a singer's vibrato goes on from note to note.
   *
   * @param {OscillatorNode} source
   * @param {number} voice
   * @param {number} player
   * @param {number} start
   */
  #vibrate(source, voice, player, start) {
    const name = `${this.instrument} ${voice} ${player}`;
    const { vibrato = 0, rate = 5.5 } = TIMBRES[this.instrument];
    if (!this.vibratos.has(name)) {
      const frequency = rate * (1 + 0.06 * player + 0.017 * voice);
      const swing = new OscillatorNode(this.context, { frequency });
      swing.start();
      this.vibratos.set(name, swing);
    }
    const depth = new GainNode(this.context, { gain: 0 });
    depth.gain.setValueAtTime(0, start);
    depth.gain.linearRampToValueAtTime(vibrato, start + VIBRATO_DELAY);
    this.vibratos.get(name).connect(depth);
    depth.connect(source.detune);
    source.addEventListener("ended", () => {
      this.vibratos.get(name).disconnect(depth);
    });
  }
}

/** @param {...AudioNode} nodes */
function connect(...nodes) {
  nodes.slice(1).forEach((node, index) => nodes[index].connect(node));
}

/**
 * Return nodes that keep the sound within full scale: a compressor for what lasts, and
 * a curve for peaks that are faster. Soft sounds pass unchanged.
 *
 * @param {BaseAudioContext} context
 */
function limiter(context) {
  const compressor = new DynamicsCompressorNode(context, {
    threshold: -8,
    knee: 6,
    ratio: 12,
    attack: 0.003,
    release: 0.2,
  });
  const curve = new Float32Array(4097);
  const knee = 0.7; // linear below it
  curve.forEach((_, index) => {
    const level = (index / 2048 - 1) * 2;
    const over = Math.max(0, Math.abs(level) - knee);
    const room = CEILING - knee;
    const bent = knee + room * Math.tanh(over / room);
    curve[index] = Math.sign(level) * (over ? bent : Math.abs(level));
  });
  return [
    compressor,
    new GainNode(context, { gain: 0.5 }), // the curve's ends are twice full scale
    new WaveShaperNode(context, { curve }),
  ];
}

/**
 * Return the response of a room: decaying noise, of unit energy on each side.
 *
 * @param {BaseAudioContext} context
 */
function roomResponse(context) {
  const { sampleRate } = context;
  const length = Math.round(ROOM_SECONDS * sampleRate);
  const buffer = new AudioBuffer({ numberOfChannels: 2, length, sampleRate });
  let state = 1;
  for (let side = 0; side < 2; side += 1) {
    const samples = buffer.getChannelData(side);
    let energy = 0;
    for (let index = 0; index < length; index += 1) {
      // A linear congruential generator: the room is the same at every visit.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const time = index / sampleRate;
      const fall = Math.exp(-time / ROOM_DECAY) * (1 - time / ROOM_SECONDS);
      samples[index] = (state / 2 ** 31 - 1) * fall;
      energy += samples[index] ** 2;
    }
    const scale = 1 / Math.sqrt(energy);
    for (let index = 0; index < length; index += 1) samples[index] *= scale;
  }
  return buffer;
}
