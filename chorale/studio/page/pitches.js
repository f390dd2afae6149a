/**
 * How is a pitch written in a key, and which pitch does a line of the staff mean?
 *
 * A diatonic number counts the letters from C0, middle C being 28, whatever the
 * accidental, as in `chorale.music.spelling`.
 */

const TONICS = {
  major: "Cb Gb Db Ab Eb Bb F C G D A E B F# C#".split(" "),
  minor: "Ab Eb Bb F C G D A E B F# C# G# D# A#".split(" "),
};
export const LETTERS = "CDEFGAB";
const NATURALS = [0, 2, 4, 5, 7, 9, 11]; // semitones from C up to each letter
const SHARPS = [3, 0, 4, 1, 5, 2, 6]; // letters in the order of key signatures
const BELOW_TONIC = 2; // fifths from the lowest of twelve spellings to the tonic
const SIGNS = { "-2": "♭♭", "-1": "♭", 0: "", 1: "♯", 2: "♯♯" };

/** @param {number} value @param {number} modulus */
const remainder = (value, modulus) => ((value % modulus) + modulus) % modulus;

/**
 * Return the sharps of a key signature, flats negative; 0 if the key is unknown.
 *
 * @param {string | null} key  such as `D minor`
 */
export function fifthsOf(key) {
  const [tonic, mode] = (key ?? "C major").split(" ");
  const place = (TONICS[mode] ?? []).indexOf(tonic);
  return place < 0 ? 0 : place - 7;
}

/**
 * Return the letters that a key signature alters, in its order.
 *
 * @param {number} fifths
 */
export function signatureLetters(fifths) {
  const letters = fifths < 0 ? [...SHARPS].reverse() : SHARPS;
  return letters.slice(0, Math.abs(fifths));
}

/**
 * Return the diatonic number of a pitch as it is written in a key.
 *
 * @param {number} pitch  MIDI note
 * @param {number} fifths  of the key signature
 */
export function numberOf(pitch, fifths) {
  const lowest = fifths - BELOW_TONIC;
  const line = lowest + remainder(7 * pitch - lowest, 12);
  const natural = pitch - Math.floor((line + 1) / 7);
  return 7 * (Math.floor(natural / 12) - 1) + remainder(4 * line, 7);
}

/**
 * Return the sharps of a pitch that is written with a diatonic number.
 *
 * @param {number} pitch
 * @param {number} number
 */
export function alterOf(pitch, number) {
  return pitch - naturalPitch(number);
}

/**
 * Return the pitch of a diatonic number under a key signature.
 *
 * @param {number} number
 * @param {number} fifths
 */
export function pitchOf(number, fifths) {
  return naturalPitch(number) + signatureAlter(number, fifths);
}

/**
 * Return the sharps that a key signature gives to a letter.
 *
 * @param {number} number  diatonic
 * @param {number} fifths
 */
export function signatureAlter(number, fifths) {
  const isAltered = signatureLetters(fifths).includes(remainder(number, 7));
  return isAltered ? Math.sign(fifths) : 0;
}

/** @param {number} number  diatonic */
function naturalPitch(number) {
  return 12 * (Math.floor(number / 7) + 1) + NATURALS[remainder(number, 7)];
}

/**
 * Return the pitch with a letter, in a key, that is nearest to another pitch.
 *
 * @param {string} letter  A to G
 * @param {number} near  MIDI note
 * @param {number} fifths
 */
export function nearestPitch(letter, near, fifths) {
  const around = numberOf(near, fifths);
  const distance = remainder(LETTERS.indexOf(letter) - around, 7);
  return pitchOf(around + (distance > 3 ? distance - 7 : distance), fifths);
}

/**
 * Return the written name of a pitch, such as `B♭3`.
 *
 * @param {number} pitch
 * @param {number} fifths
 */
export function pitchName(pitch, fifths) {
  const number = numberOf(pitch, fifths);
  const sign = SIGNS[alterOf(pitch, number)] ?? "";
  return `${LETTERS[remainder(number, 7)]}${sign}${Math.floor(number / 7)}`;
}
