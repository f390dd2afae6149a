/**
 * What do the instruments sound like? Spectra, envelopes and ensembles, without samples.
 *
 * The same timbres as in `chorale.formats.timbres`, so that a WAV file sounds as the
 * page does. Formants are fixed in frequency: a wave differs from pitch to pitch.
 *
 * @typedef {object} Timbre
 * @property {(number: number, frequency: number) => number} spectrum  amplitude of a
 *   harmonic, counted from 1, of a fundamental in Hz
 * @property {number} attack  seconds
 * @property {number} release  seconds
 * @property {number} [decay]  seconds in which A4 falls to 1/e; sustained if missing
 * @property {number} [players]  of each voice
 * @property {number} [detuning]  of the outer players, in cents
 * @property {number} [vibrato]  depth to either side, in cents
 * @property {number} [rate]  vibrations per second
 */

const LOUDNESS = 0.3; // root mean square of every wave
const MOST_HARMONICS = 80;
const HIGHEST_FREQUENCY = 14_000; // Hz; harmonics above it are left out
// Bands of harmonics, from the first of each; higher ones decay faster.
const BANDS = [1, 3, 7, MOST_HARMONICS + 1];
const BAND_DECAYS = [1, 0.5, 0.25];

// Harmonic and amplitude of the ranks: 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'.
const RANKS = { 1: 1, 2: 0.5, 3: 0.22, 4: 0.2, 5: 0.05, 6: 0.06, 8: 0.05 };
// Resonances: frequency and width in Hz, amplitude.
const VOWEL = [
  [700, 130, 1],
  [1150, 160, 0.6],
  [2800, 300, 0.15],
]; // a
const STRING_BODY = [
  [280, 60, 0.5],
  [460, 90, 0.5],
  [2500, 900, 0.9],
];
const BELL = [[1100, 500, 1]];

/**
 * @param {number} frequency
 * @param {number[][]} peaks
 */
function resonances(frequency, peaks) {
  return peaks.reduce(
    (total, [center, width, amplitude]) =>
      total + amplitude / (1 + ((frequency - center) / width) ** 2),
    0,
  );
}

/** @type {Record<string, Timbre>} */
export const TIMBRES = {
  choir: {
    spectrum: (number, frequency) =>
      (0.04 + resonances(number * frequency, VOWEL)) / number,
    attack: 0.09,
    release: 0.14,
    players: 3,
    detuning: 7,
    vibrato: 14,
    rate: 5.2,
  },
  organ: {
    spectrum: (number) => RANKS[number] ?? 0,
    attack: 0.03,
    release: 0.09,
  },
  piano: {
    // The hammer strikes at an eighth of the string.
    spectrum: (number, frequency) =>
      (Math.abs(Math.sin((Math.PI * number) / 8)) + 0.05) /
      (number ** 1.1 * (1 + ((number * frequency) / 2200) ** 2)),
    attack: 0.006,
    release: 0.12,
    decay: 1.1,
  },
  harpsichord: {
    spectrum: (number, frequency) =>
      (Math.abs(Math.sin((Math.PI * number) / 6)) + 0.1) /
      (Math.sqrt(number) * (1 + ((number * frequency) / 6000) ** 2)),
    attack: 0.003,
    release: 0.06,
    decay: 0.7,
  },
  strings: {
    spectrum: (number, frequency) =>
      (0.5 + resonances(number * frequency, STRING_BODY)) /
      (number * (1 + ((number * frequency) / 5000) ** 2)),
    attack: 0.18,
    release: 0.2,
    players: 3,
    detuning: 5,
    vibrato: 10,
    rate: 6,
  },
  brass: {
    spectrum: (number, frequency) =>
      (0.4 + resonances(number * frequency, BELL)) /
      (number ** 0.6 * (1 + ((number * frequency) / 2500) ** 3)),
    attack: 0.06,
    release: 0.1,
  },
  woodwinds: {
    // A stopped pipe: odd harmonics prevail.
    spectrum: (number, frequency) =>
      (number % 2 ? 1 : 0.35) /
      (number ** 1.5 * (1 + ((number * frequency) / 4000) ** 2)),
    attack: 0.05,
    release: 0.09,
    vibrato: 6,
    rate: 5,
  },
};

export const INSTRUMENTS = Object.keys(TIMBRES);

/**
 * Return the frequency of a MIDI note in Hz: equal temperament, A4 = 440 Hz.
 *
 * @param {number} pitch
 */
export function frequencyOf(pitch) {
  return 440 * 2 ** ((pitch - 69) / 12);
}

/**
 * Return the detuning in cents and the loudness of each player.
 *
 * The first leads, so that the others do not cancel the sound where they beat.
 *
 * @param {Timbre} timbre
 * @returns {{cents: number, loudness: number}[]}
 */
export function ensembleOf(timbre) {
  const followers = (timbre.players ?? 1) - 1;
  const ensemble = [{ cents: 0, loudness: 1 }];
  for (let number = 0; number < followers; number += 1) {
    const place = followers > 1 ? (2 * number) / (followers - 1) - 1 : -1;
    ensemble.push({
      cents: place * (timbre.detuning ?? 0),
      loudness: 0.8 / followers,
    });
  }
  return ensemble;
}

/**
 * Return the waves of a pitch, to be added: amplitudes of their harmonics, and the
 * seconds in which each falls to 1/e, null if it is sustained.
 *
 * @param {Timbre} timbre
 * @param {number} pitch  MIDI note
 * @returns {{amplitudes: Float32Array, decay: number | null}[]}
 */
export function wavesOf(timbre, pitch) {
  const frequency = frequencyOf(pitch);
  const most = Math.max(1, Math.floor(HIGHEST_FREQUENCY / frequency));
  const count = Math.min(MOST_HARMONICS, most);
  const all = new Float32Array(count + 1);
  for (let number = 1; number <= count; number += 1) {
    all[number] = timbre.spectrum(number, frequency);
  }
  const power = all.reduce((total, amplitude) => total + amplitude ** 2, 0);
  const scale = LOUDNESS / Math.sqrt(power / 2);
  const scaled = all.map((amplitude) => amplitude * scale);
  if (timbre.decay === undefined) return [{ amplitudes: scaled, decay: null }];
  const slowness = timbre.decay * Math.sqrt(440 / frequency);
  return BAND_DECAYS.map((share, band) => ({
    amplitudes: scaled.map((amplitude, number) =>
      number >= BANDS[band] && number < BANDS[band + 1] ? amplitude : 0,
    ),
    decay: slowness * share,
  })).filter(({ amplitudes }) => amplitudes.some((amplitude) => amplitude > 0));
}
