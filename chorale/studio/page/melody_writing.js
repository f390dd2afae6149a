/**
 * What is written in the melody editor, where is its cursor, and which note is chosen?
 *
 * The part of `<melody-editor>` that knows nothing of keys, pointers or the staff.
 *
 * @typedef {import("./timeline.js").Piece} Piece
 */

import * as edits from "./melody_edits.js";
import { lengthName } from "./melody_editor_keys.js";
import { placeName } from "./piece.js";
import { fifthsOf, nearestPitch, numberOf, pitchName, pitchOf } from "./pitches.js";
import { EMPTY_PIECE } from "./timeline.js";

const CENTERS = [71, 66, 59, 50]; // where the first letter is looked for
const [LOWEST, HIGHEST] = [24, 96]; // MIDI notes that can be written

export class MelodyWriting extends HTMLElement {
  #piece = EMPTY_PIECE;
  #voice = 0;
  #duration = 4;
  #dotted = false;
  #cursor = 0;
  /** First step of the note that arrows alter. @type {number | null} */
  #selected = null;
  #gesture = null; // or {label: string | null}

  // === Properties ===

  /** @type {Piece} */
  get piece() {
    return this.#piece;
  }

  set piece(piece) {
    this.#piece = piece;
    this.#cursor = Math.min(this.#cursor, piece.steps);
    const note = edits.noteFrom(piece, this.#voice, this.#selected);
    if (!note) this.#selected = null;
    this.draw();
    // After an undo, what was said of the note is no longer true.
    this.say(note ? this.#nameOf(note) : this.#placeOf(this.#cursor));
  }

  /** 0 soprano … 3 bass. */
  get voice() {
    return this.#voice;
  }

  set voice(voice) {
    this.#voice = voice;
    this.select(null);
  }

  /** Steps of the next note, its dot included. */
  get duration() {
    return this.#dotted ? (this.#duration * 3) / 2 : this.#duration;
  }

  set duration(steps) {
    this.#dotted = steps % 3 === 0;
    this.#duration = this.#dotted ? (steps * 2) / 3 : steps;
    this.draw();
  }

  get dotted() {
    return this.#dotted;
  }

  set dotted(value) {
    // Half of a sixteenth is not on the grid.
    this.duration = value && this.#duration > 1 ? this.#duration * 1.5 : this.#duration;
    this.say(lengthName(this.duration));
  }

  get selected() {
    return this.#selected;
  }

  get cursor() {
    return this.#cursor;
  }

  // === Writing ===

  /** Write a note of the chosen duration at the cursor; null writes a rest. */
  enter(pitch) {
    const [start, length] = [this.#cursor, this.duration];
    if (this.put(start, length, pitch)) this.continueAt(start + length);
  }

  /** Put the cursor at a step; the note that was written stays selected. */
  continueAt(step) {
    this.#cursor = step;
    this.draw();
    this.show();
  }

  /** Write the pitch of a letter that is nearest to the note before the cursor. */
  enterLetter(letter) {
    const before = edits.noteBefore(this.#piece, this.#voice, this.#cursor);
    const near = before ? before[0] : CENTERS[this.#voice];
    this.enter(nearestPitch(letter, near, fifthsOf(this.#piece.key)));
  }

  /** Write a note, or with pitch null a rest, at any place; return whether it can be. */
  put(start, length, pitch) {
    if (pitch !== null && (pitch < LOWEST || pitch > HIGHEST)) {
      this.say("This note is too high or too low for a voice.");
      return false;
    }
    const after = edits.write(this.#piece, this.#voice, start, length, pitch);
    this.#selected = pitch === null ? null : start;
    this.#cursor = start;
    this.#change(after, pitch === null ? "Rest" : "Note");
    if (pitch === null) this.say(`rest, ${lengthName(length)}, ${this.#placeOf(start)}`);
    else this.#hear(pitch, start, length);
    return true;
  }

  /** Let the note before the cursor last longer by the chosen duration. */
  hold() {
    const note = edits.noteBefore(this.#piece, this.#voice, this.#cursor);
    if (!note || note[1] + note[2] !== this.#cursor) {
      this.say("There is no note before the cursor to hold.");
      return;
    }
    this.#resize(note, note[2] + this.duration);
    this.continueAt(note[1] + note[2] + this.duration);
  }

  /** Let the selected note last longer or shorter by the smallest fitting length. */
  lengthen(direction) {
    const note = this.#current();
    if (!note) return;
    const grid = note[2] > 4 || (note[2] === 4 && direction > 0) ? 4 : note[2] > 2 ? 2 : 1;
    this.resize(note[1], Math.max(1, note[2] + grid * direction));
  }

  /** Give the note that begins at a step a length. */
  resize(start, length) {
    const note = edits.noteFrom(this.#piece, this.#voice, start);
    if (note && note[2] !== length) this.#resize(note, length);
  }

  #resize(note, length) {
    this.#selected = note[1];
    const after = edits.change(this.#piece, this.#voice, note[1], { length });
    this.#change(after, "Length of a note");
    this.say(this.#nameOf([note[0], note[1], length]));
  }

  /** Give a note of a piece, as it was before a drag, another pitch and length. */
  reshape(piece, [pitch, start, length]) {
    const old = edits.noteFrom(this.#piece, this.#voice, start);
    if (!old || (old[0] === pitch && old[2] === length)) return;
    this.#selected = start;
    this.#change(edits.change(piece, this.#voice, start, { pitch, length }), "Note");
    if (old[0] === pitch) this.say(this.#nameOf([pitch, start, length]));
    else this.#hear(pitch, start, length);
  }

  /** Move the selected note by semitones. */
  shift(semitones) {
    const note = this.#current();
    if (note) this.repitch(note[1], note[0] + semitones);
  }

  /** Move the selected note by a step of the scale. */
  shiftByStep(direction) {
    const note = this.#current();
    if (!note) return;
    const fifths = fifthsOf(this.#piece.key);
    this.repitch(note[1], pitchOf(numberOf(note[0], fifths) + direction, fifths));
  }

  /** Give the note that begins at a step a pitch. */
  repitch(start, pitch) {
    const note = edits.noteFrom(this.#piece, this.#voice, start);
    if (!note || note[0] === pitch || pitch < LOWEST || pitch > HIGHEST) return;
    this.#selected = start;
    this.#change(edits.change(this.#piece, this.#voice, start, { pitch }), "Pitch");
    this.#hear(pitch, start, note[2]);
  }

  /** Remove the selected note, or the last one before the cursor. */
  removeBefore() {
    const { [this.#voice]: line } = this.#piece.voices;
    const isEntered = this.#selected === null || this.#selected < this.#cursor;
    const note = isEntered
      ? edits.noteBefore(this.#piece, this.#voice, this.#cursor)
      : line.find((other) => other[1] === this.#selected);
    if (note) this.removeNote(note[1]);
    else this.goTo(this.#cursor - this.duration);
  }

  /** Remove the selected note or the note at the cursor. */
  removeHere() {
    const note = this.#current();
    if (note) this.removeNote(note[1]);
  }

  /** Remove the note that begins at a step. */
  removeNote(start) {
    const note = edits.noteFrom(this.#piece, this.#voice, start);
    if (!note) return;
    this.#selected = null;
    this.#cursor = start;
    this.#change(edits.remove(this.#piece, this.#voice, start), "Removed note");
    this.say(`removed ${this.#nameOf(note)}`);
  }

  /** Set or take away a fermata on the selected note or the note at a step. */
  toggleFermata(step = null) {
    const isHeld = ([start, end]) => start <= step && step < end;
    const note =
      step === null
        ? this.#current()
        : // Another voice's fermata can be taken away where this one is silent.
          (edits.noteAt(this.#piece, this.#voice, step) ??
          (this.#piece.fermatas.some(isHeld) ? [0, step, 1] : null));
    if (!note) {
      this.say("A fermata needs a note under it.");
      return;
    }
    const [, start, length] = note;
    const after = edits.toggleFermata(this.#piece, start, start + length);
    const isSet = after.fermatas.length > this.#piece.fermatas.length;
    this.#change(after, "Fermata");
    this.say(`${isSet ? "fermata" : "no fermata"}, ${this.#placeOf(start)}`);
  }

  /** Remove the empty bars at the end. */
  trim() {
    const after = edits.trim(this.#piece);
    if (after === this.#piece) this.say("There is no empty bar at the end.");
    else this.#change(after, "Removed empty bars");
  }

  // === Moving ===

  /** Choose a duration; a note that was clicked takes it. */
  choose(steps) {
    const isClicked = this.#selected !== null && this.#selected === this.#cursor;
    this.duration = steps;
    if (isClicked) this.resize(this.#selected, steps);
    else this.say(lengthName(steps));
  }

  /** Move the cursor to the next or last note, or by the chosen duration. */
  move(direction) {
    const line = this.#piece.voices[this.#voice];
    const edges = line.flatMap(([, start, length]) => [start, start + length]);
    const near = edges.filter((edge) =>
      direction > 0
        ? edge > this.#cursor && edge <= this.#cursor + this.duration
        : edge < this.#cursor && edge >= this.#cursor - this.duration,
    );
    const note = edits.noteAt(this.#piece, this.#voice, this.#cursor);
    if (direction > 0 && note) this.goTo(note[1] + note[2]);
    else if (near.length) this.goTo(direction > 0 ? Math.min(...near) : Math.max(...near));
    else this.goTo(this.#cursor + direction * this.duration);
    const before = edits.noteAt(this.#piece, this.#voice, this.#cursor);
    if (direction < 0 && before) this.goTo(before[1]);
  }

  /** @param {number} direction */
  moveByBar(direction) {
    const starts = this.#piece.bars.map((bar) => bar.start);
    const before = starts.filter((start) => start < this.#cursor).at(-1) ?? 0;
    const after = starts.find((start) => start > this.#cursor) ?? this.#piece.steps;
    this.goTo(direction > 0 ? after : before);
  }

  /** Put the cursor at a step and select the note that begins there. */
  goTo(step) {
    this.#cursor = Math.min(Math.max(step, 0), this.#piece.steps);
    this.select(edits.noteFrom(this.#piece, this.#voice, this.#cursor)?.[1] ?? null);
    this.show();
  }

  /** Select the note that begins at a step, or none. */
  select(start) {
    this.#selected = start;
    if (start !== null) this.#cursor = start;
    this.draw();
    const note = edits.noteFrom(this.#piece, this.#voice, start ?? this.#cursor);
    this.say(note ? this.#nameOf(note) : this.#placeOf(this.#cursor));
  }

  #current() {
    return (
      edits.noteFrom(this.#piece, this.#voice, this.#selected) ??
      edits.noteAt(this.#piece, this.#voice, this.#cursor) ??
      edits.noteBefore(this.#piece, this.#voice, this.#cursor)
    );
  }

  // === What is told of it; `MelodyEditor` shows it ===

  /** Say what happened. @param {string} _text */
  say(_text) {}

  /** Draw what is written. */
  draw() {}

  /** Bring the cursor into view. */
  show() {}

  #nameOf([pitch, start, length]) {
    const name = pitchName(pitch, fifthsOf(this.#piece.key));
    return `${name}, ${lengthName(length)}, ${this.#placeOf(start)}`;
  }

  #placeOf(step) {
    if (step >= this.#piece.steps) return "after the end";
    return placeName(this.#piece, step);
  }

  #hear(pitch, start, length) {
    this.say(this.#nameOf([pitch, start, length]));
    const detail = { voice: this.#voice, pitch };
    this.dispatchEvent(new CustomEvent("preview", { detail, bubbles: true }));
  }

  #change(piece, label) {
    if (piece === this.#piece) return;
    this.#piece = piece;
    this.draw();
    if (this.#gesture) this.#gesture.label ??= label;
    else this.#announce(label);
  }

  /** @param {string} label */
  #announce(label) {
    const detail = { piece: this.#piece, label };
    this.dispatchEvent(new CustomEvent("change", { detail, bubbles: true }));
  }

  /** Make one change, which is undone at once, of all until `endGesture`. */
  beginGesture() {
    this.#gesture = { label: null };
  }

  endGesture() {
    const label = this.#gesture?.label;
    this.#gesture = null;
    if (label) this.#announce(label);
  }
}
