/**
 * How does a melody get in? `<melody-editor>`: a voice on its staff, written by mouse
 * or finger, by the computer keyboard, or by a MIDI keyboard.
 *
 * Properties: `piece`, `voice`, `duration` (steps). Events: `change`, detail {piece,
 * label}; `preview`, detail {voice, pitch}, when a note is to be heard.
 *
 * @typedef {import("./timeline.js").Piece} Piece
 */

import * as edits from "./melody_edits.js";
import { HELP, lengthName, press } from "./melody_editor_keys.js";
import { followPointer } from "./melody_editor_pointer.js";
import { MidiEntry, Toolbar } from "./melody_editor_toolbar.js";
import { fifthsOf, nearestPitch, numberOf, pitchName, pitchOf } from "./pitches.js";
import { drawHead, drawNotes, drawStaff, svg } from "./staff_drawing.js";
import { BOTTOM, HEIGHT, StaffLayout, TOP } from "./staff_layout.js";
import { EMPTY_PIECE, metreLengths } from "./timeline.js";

const NAMES = ["soprano", "alto", "tenor", "bass"];
const CENTERS = [71, 66, 59, 50]; // where the first letter is looked for
const [LOWEST, HIGHEST] = [24, 96]; // MIDI notes that can be written

export class MelodyEditor extends HTMLElement {
  #piece = EMPTY_PIECE;
  #voice = 0;
  #duration = 4;
  #dotted = false;
  #cursor = 0;
  /** First step of the note that arrows alter. @type {number | null} */
  #selected = null;
  /** @type {{label: string | null} | null} */
  #gesture = null;
  #isReady = false;

  connectedCallback() {
    if (this.#isReady) return;
    this.#isReady = true;
    this.status = document.createElement("p");
    this.status.className = "melody-status";
    this.status.setAttribute("role", "status");
    this.area = document.createElement("div");
    this.area.className = "melody-area";
    this.area.tabIndex = 0;
    this.area.setAttribute("role", "application");
    this.area.setAttribute("aria-description", HELP);
    const help = document.createElement("details");
    help.className = "melody-help";
    const summary = document.createElement("summary");
    summary.textContent = "Keys";
    help.append(summary, HELP);
    this.toolbar = new Toolbar(this, new MidiEntry(this));
    this.append(this.toolbar.element, this.area, this.status, help);
    this.area.addEventListener("keydown", (event) => {
      if (press(this, event)) event.preventDefault();
    });
    followPointer(this);
    this.#draw();
  }

  // === Properties ===

  /** @type {Piece} */
  get piece() {
    return this.#piece;
  }

  set piece(piece) {
    this.#piece = piece;
    this.#cursor = Math.min(this.#cursor, piece.steps);
    if (!edits.noteFrom(piece, this.#voice, this.#selected)) this.#selected = null;
    this.#draw();
  }

  /** 0 soprano … 3 bass. */
  get voice() {
    return this.#voice;
  }

  set voice(voice) {
    this.#voice = voice;
    this.#selected = null;
    this.#draw();
  }

  /** Steps of the next note, its dot included. */
  get duration() {
    return this.#dotted ? (this.#duration * 3) / 2 : this.#duration;
  }

  set duration(steps) {
    this.#dotted = steps % 3 === 0;
    this.#duration = this.#dotted ? (steps * 2) / 3 : steps;
    this.#draw();
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
    this.put(start, length, pitch);
    this.#cursor = start + length;
    this.#draw();
    this.#show();
  }

  /** Write the pitch of a letter that is nearest to the note before the cursor. */
  enterLetter(letter) {
    const before = edits.noteBefore(this.#piece, this.#voice, this.#cursor);
    const near = before ? before[0] : CENTERS[this.#voice];
    this.enter(nearestPitch(letter, near, fifthsOf(this.#piece.key)));
  }

  /** Write a note, or with pitch null a rest, at any place. */
  put(start, length, pitch) {
    if (pitch !== null && (pitch < LOWEST || pitch > HIGHEST)) {
      this.say("This note is too high or too low for a voice.");
      return;
    }
    const after = edits.write(this.#piece, this.#voice, start, length, pitch);
    this.#selected = pitch === null ? null : start;
    this.#cursor = start;
    this.#change(after, pitch === null ? "Rest" : "Note");
    if (pitch === null) this.say(`rest, ${lengthName(length)}, ${this.#placeOf(start)}`);
    else this.#hear(pitch, start, length);
  }

  /** Let the note before the cursor last longer by the chosen duration. */
  hold() {
    const note = edits.noteBefore(this.#piece, this.#voice, this.#cursor);
    if (!note || note[1] + note[2] !== this.#cursor) {
      this.say("There is no note before the cursor to hold.");
      return;
    }
    this.#resize(note, note[2] + this.duration);
    this.#cursor = note[1] + note[2] + this.duration;
    this.#draw();
    this.#show();
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
    this.#change(
      edits.change(this.#piece, this.#voice, note[1], { length }), "Length of a note",
    );
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
    const note =
      step === null ? this.#current() : edits.noteAt(this.#piece, this.#voice, step);
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
    this.#show();
  }

  /** Select the note that begins at a step, or none. */
  select(start) {
    this.#selected = start;
    if (start !== null) this.#cursor = start;
    this.#draw();
    const note = edits.noteFrom(this.#piece, this.#voice, start);
    this.say(note ? this.#nameOf(note) : this.#placeOf(this.#cursor));
  }

  #current() {
    return (
      edits.noteFrom(this.#piece, this.#voice, this.#selected) ??
      edits.noteAt(this.#piece, this.#voice, this.#cursor) ??
      edits.noteBefore(this.#piece, this.#voice, this.#cursor)
    );
  }

  // === Saying and drawing ===

  /** @param {string} text */
  say(text) {
    if (this.status) this.status.textContent = text;
  }

  #nameOf([pitch, start, length]) {
    const name = pitchName(pitch, fifthsOf(this.#piece.key));
    return `${name}, ${lengthName(length)}, ${this.#placeOf(start)}`;
  }

  #placeOf(step) {
    const bar = this.layout?.barAt(step);
    if (!bar || bar.isSpare) return "after the end";
    const { beat } = metreLengths(bar.metre);
    const place = (bar.position + step - bar.start) / beat + 1;
    return `bar ${bar.number} beat ${Number(place.toFixed(2))}`;
  }

  #hear(pitch, start, length) {
    this.say(this.#nameOf([pitch, start, length]));
    const detail = { voice: this.#voice, pitch };
    this.dispatchEvent(new CustomEvent("preview", { detail, bubbles: true }));
  }

  #change(piece, label) {
    if (piece === this.#piece) return;
    this.#piece = piece;
    this.#draw();
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

  /** Scroll the cursor into view, within the editor only. */
  #show() {
    if (!this.layout) return;
    const [x, { scrollLeft, clientWidth }] = [this.layout.x(this.#cursor), this.area];
    if (x < scrollLeft + 40 || x > scrollLeft + clientWidth - 80) {
      this.area.scrollLeft = x - clientWidth / 2;
    }
  }

  #draw() {
    if (!this.#isReady || !this.#piece.bars.length) return;
    const clef = this.#voice < 2 ? "treble" : "bass";
    const layout = (this.layout = new StaffLayout(this.#piece, clef, 1));
    const { width } = layout;
    this.area.setAttribute("aria-label", `Melody, ${NAMES[this.#voice]}`);
    this.ghost = svg("g", { class: "staff-ghost" });
    const x = layout.x(this.#cursor);
    const wide = layout.x(this.#cursor + this.duration - 1) + 12 - x;
    this.drawing = svg(
      "svg",
      { class: "melody-staff", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
      svg("rect", { class: "staff-cursor", x: x - 9, y: TOP - 16, width: wide, height: BOTTOM - TOP + 32, rx: 4 }),
      drawStaff(layout),
      drawNotes(layout, this.#piece, this.#voice, this.#selected),
      this.ghost,
    );
    this.area.replaceChildren(this.drawing);
    this.toolbar?.update();
  }

  /** Show the note that a click would write. */
  showGhost(step, number) {
    this.ghost.replaceChildren(drawHead(this.layout, step, number, this.duration));
  }
}

customElements.define("melody-editor", MelodyEditor);
