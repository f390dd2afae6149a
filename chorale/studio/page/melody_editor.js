/**
 * How does a melody get in? `<melody-editor>`: a voice on its staff, written by mouse
 * or finger, by the computer keyboard, or by a MIDI keyboard.
 *
 * Properties: `piece`, `voice`, `duration` (steps). Events: `change`, detail {piece,
 * label}; `preview`, detail {voice, pitch}, when a note is to be heard.
 */

import { HELP, press } from "./melody_editor_keys.js";
import { followPointer } from "./melody_editor_pointer.js";
import { MidiEntry, Toolbar } from "./melody_editor_toolbar.js";
import { MelodyWriting } from "./melody_writing.js";
import { clefOf, drawContext, fermataY, stemOf } from "./staff_context.js";
import { drawFermata, drawHead, drawNotes, drawStaff, svg } from "./staff_drawing.js";
import { BOTTOM, HEIGHT, StaffLayout, TOP } from "./staff_layout.js";

const NAMES = ["soprano", "alto", "tenor", "bass"];

export class MelodyEditor extends MelodyWriting {
  #isReady = false;
  /** The other voices as they were drawn last, and of what. */
  #context = { inputs: [], parts: null };

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
    summary.textContent = "Keys and mouse";
    help.append(summary, HELP);
    this.toolbar = new Toolbar(this, new MidiEntry(this));
    this.append(this.toolbar.element, this.area, this.status, help);
    this.addEventListener("keydown", (event) => {
      const isButton = event.target.closest("button, summary") !== null;
      // Whoever has just clicked a duration goes on typing notes.
      if (isButton && !/^([a-z0-9.]|Backspace|Delete)$/i.test(event.key)) return;
      if (press(this, event)) event.preventDefault();
    });
    followPointer(this);
    this.draw();
  }

  // === Saying and drawing ===

  /** @param {string} text */
  say(text) {
    if (this.status) this.status.textContent = text;
  }

  /** Scroll the cursor into view, within the editor only. */
  show() {
    if (!this.layout) return;
    const [x, { scrollLeft, clientWidth }] = [this.layout.x(this.cursor), this.area];
    if (x < scrollLeft + 40 || x > scrollLeft + clientWidth - 80) {
      this.area.scrollLeft = x - clientWidth / 2;
    }
  }

  draw() {
    const { piece, voice, cursor } = this;
    if (!this.#isReady || !piece.bars.length) return;
    const layout = (this.layout = new StaffLayout(piece, clefOf(voice), 1));
    const { width } = layout;
    this.area.setAttribute("aria-label", `Melody, ${NAMES[voice]}`);
    this.ghost = svg("g", { class: "staff-ghost" });
    const x = layout.x(cursor);
    const wide = layout.x(cursor + this.duration - 1) + 12 - x;
    const { companion, above, below } = this.#drawOthers();
    const options = { selected: this.selected, stem: stemOf(piece, voice) };
    this.drawing = svg(
      "svg",
      { class: "melody-staff", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
      svg("rect", { class: "staff-cursor", x: x - 9, y: TOP - 16, width: wide, height: BOTTOM - TOP + 32, rx: 4 }),
      drawStaff(layout),
      ...(companion ? [companion] : []),
      drawNotes(layout, piece, voice, options),
      ...piece.fermatas.map(([start]) => this.#drawFermata(start)),
      this.ghost,
    );
    this.area.replaceChildren(...[above, this.drawing, below].filter(Boolean));
    this.toolbar?.update();
  }

  /** Draw the other voices, if they are not as they were. */
  #drawOthers() {
    const { piece, voice } = this;
    const others = piece.voices.filter((_, other) => other !== voice);
    const { steps, bars, metres, key } = piece;
    const inputs = [voice, steps, bars, metres, key, ...others];
    if (!this.#context.parts || inputs.some((input, index) => input !== this.#context.inputs[index])) {
      this.#context = { inputs, parts: drawContext(this.layout, piece, voice) };
    }
    return this.#context.parts;
  }

  /** Show the fermata that a click would set. @param {[number, number, number] | null} note */
  showFermataGhost(note) {
    this.ghost.replaceChildren(...(note ? [this.#drawFermata(note[1])] : []));
  }

  /** @param {number} step */
  #drawFermata(step) {
    const y = fermataY(this.layout, this.piece, this.voice, step);
    return drawFermata(this.layout.x(step), y);
  }

  /** Stop listening to MIDI keyboards, when other things are done on the page. */
  leave() {
    this.toolbar?.midi.end();
    this.toolbar?.update();
  }

  disconnectedCallback() {
    this.leave();
  }

  /** Show the note that a click would write. */
  showGhost(step, number) {
    this.ghost.replaceChildren(drawHead(this.layout, step, number, this.duration));
  }
}

customElements.define("melody-editor", MelodyEditor);
