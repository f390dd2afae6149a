/**
 * How does a note of a voice reach a synthesizer or DAW? By Web MIDI, a channel a voice.
 *
 * Answers to the same calls as the `Synthesizer`, so that one schedule serves both.
 */

const [NOTE_OFF, NOTE_ON, CONTROL] = [0x80, 0x90, 0xb0];
const [VOLUME, ALL_SOUND_OFF, ALL_NOTES_OFF] = [7, 120, 123];
const [DRUMS, HIGH_WOODBLOCK, LOW_WOODBLOCK] = [9, 76, 77]; // General MIDI
const VELOCITY = 80;
const CLICK_MILLISECONDS = 30;

/** @typedef {{voice: number, pitch: number}} Sent  a note that sounds */

export class MidiSender {
  /**
   * @param {MIDIOutput} output
   * @param {(time: number) => number} toMilliseconds  from seconds of the audio clock
   *   to the clock of `performance.now()`
   */
  constructor(output, toMilliseconds) {
    this.output = output;
    this.toMilliseconds = toMilliseconds;
    this.latest = 0;
  }

  /** @param {number[]} message @param {number} milliseconds */
  #send(message, milliseconds) {
    this.latest = Math.max(this.latest, milliseconds);
    // A device that was pulled out must not stop the music in the page.
    if (this.output.state !== "disconnected") this.output.send(message, milliseconds);
  }

  prepare() {}

  /** @param {number} voice @param {number} value  from 0 to 1 */
  setVolume(voice, value) {
    this.#send([CONTROL + voice, VOLUME, Math.round(value * 127)], performance.now());
  }

  /**
   * @param {number} voice
   * @param {number} pitch
   * @param {number} time  seconds of the audio clock
   * @returns {Sent}
   */
  noteOn(voice, pitch, time) {
    this.#send([NOTE_ON + voice, pitch, VELOCITY], this.toMilliseconds(time));
    return { voice, pitch };
  }

  /** @param {Sent} note @param {number} time */
  noteOff({ voice, pitch }, time) {
    this.#send([NOTE_OFF + voice, pitch, 0], this.toMilliseconds(time));
  }

  /** @param {number} time @param {boolean} accent */
  click(time, accent) {
    const key = accent ? HIGH_WOODBLOCK : LOW_WOODBLOCK;
    const start = this.toMilliseconds(time);
    this.#send([NOTE_ON + DRUMS, key, VELOCITY], start);
    this.#send([NOTE_OFF + DRUMS, key, 0], start + CLICK_MILLISECONDS);
  }

  /** End all notes at once, also those that were sent ahead of their time. */
  silence() {
    const now = performance.now();
    const last = this.latest + 1;
    this.output.clear?.(); // few browsers have it: notes sent ahead are ended below
    for (const time of last > now ? [now, last] : [now]) {
      for (const channel of [0, 1, 2, 3]) {
        this.#send([CONTROL + channel, ALL_NOTES_OFF, 0], time);
        this.#send([CONTROL + channel, ALL_SOUND_OFF, 0], time);
      }
    }
  }
}
