/**
 * Which buttons does the melody editor have, and how does a MIDI keyboard write in it?
 */

import { NO_MIDI, listen, requestPorts } from "./midi_ports.js";
import { DURATIONS } from "./melody_editor_keys.js";
import { svg } from "./staff_drawing.js";

/** Writes the keys of all MIDI inputs as notes of the chosen duration. */
export class MidiEntry {
  /** @type {(() => void)[] | null} */
  #endings = null;

  /** @param {import("./melody_editor.js").MelodyEditor} editor */
  constructor(editor) {
    this.editor = editor;
  }

  get isOn() {
    return this.#endings !== null;
  }

  async toggle() {
    if (this.isOn) {
      this.end();
      this.editor.say("MIDI keyboard off.");
      return;
    }
    try {
      const ports = await requestPorts();
      if (!ports) {
        this.editor.say(NO_MIDI);
        return;
      }
      this.#listen(ports);
      ports.onchange = (changed) => this.isOn && this.#listen(changed);
    } catch (error) {
      this.editor.say(error.message);
    }
  }

  /** Listen no longer. */
  end() {
    for (const end of this.#endings ?? []) end();
    this.#endings = null;
  }

  /** @param {import("./midi_ports.js").Ports} ports */
  #listen({ inputs }) {
    this.end();
    const onNoteOn = (pitch) => {
      // Behind the sketch pad nobody sees what is written.
      if (this.editor.getClientRects().length) this.editor.enter(pitch);
    };
    this.#endings = inputs.map((input) => listen(input, { onNoteOn }));
    const names = inputs.map((input) => input.name ?? "MIDI keyboard").join(", ");
    this.editor.say(names ? `Play on ${names}.` : "No MIDI keyboard is plugged in yet.");
  }
}

export class Toolbar {
  /**
   * @param {import("./melody_editor.js").MelodyEditor} editor
   * @param {MidiEntry} midi
   */
  constructor(editor, midi) {
    this.editor = editor;
    this.midi = midi;
    this.element = document.createElement("div");
    this.element.className = "melody-toolbar";
    this.element.setAttribute("role", "toolbar");
    this.element.setAttribute("aria-label", "Notes");
    this.durations = DURATIONS.map(({ steps, name, key }) =>
      this.#button(icon(steps), `${name} (${key})`, () => editor.choose(steps)),
    );
    this.dot = this.#button("•", "dotted (.)", () => (editor.dotted = !editor.dotted));
    this.#button("♭", "lower by a semitone (Shift+Down)", () => editor.shift(-1));
    this.#button("♯", "raise by a semitone (Shift+Up)", () => editor.shift(1));
    this.#button("Rest", "rest (R)", () => editor.enter(null));
    this.#button("Tie", "hold the note before the cursor longer (T)", () => editor.hold());
    this.#button("Fermata", "fermata (Shift+F)", () => editor.toggleFermata());
    this.#button("Delete", "remove the note (Delete)", () => editor.removeHere());
    const trim = this.#button("Trim", "remove empty bars at the end", () => editor.trim());
    widen(trim, " empty bars");
    this.keyboard = this.#button("MIDI", "write by a MIDI keyboard", async () => {
      await midi.toggle();
      this.update();
    });
    widen(this.keyboard, " keyboard");
    this.update();
  }

  /** Show what is chosen. */
  update() {
    const { duration, dotted } = this.editor;
    const plain = dotted ? (duration * 2) / 3 : duration;
    this.durations.forEach((button, index) =>
      button.setAttribute("aria-pressed", String(DURATIONS[index].steps === plain)),
    );
    this.dot.setAttribute("aria-pressed", String(dotted));
    this.keyboard.setAttribute("aria-pressed", String(this.midi.isOn));
  }

  /**
   * @param {string | Element} content
   * @param {string} title
   * @param {() => void} action
   */
  #button(content, title, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(content);
    button.title = title;
    if (typeof content !== "string" || content.length < 2) {
      button.setAttribute("aria-label", title);
      if (typeof content === "string") button.classList.add("melody-sign");
    }
    button.addEventListener("click", action);
    this.element.append(button);
    return button;
  }
}

/** Say more on a button where there is room. @param {HTMLElement} button @param {string} more */
function widen(button, more) {
  const rest = document.createElement("span");
  rest.className = "melody-wide";
  rest.textContent = more;
  button.setAttribute("aria-label", button.textContent + more);
  button.append(rest);
}

/** Draw a note of a duration. @param {number} steps */
function icon(steps) {
  const head = svg("ellipse", {
    class: steps >= 8 ? "staff-open" : "staff-fill",
    cx: 0, cy: 0, rx: 5, ry: 3.6, transform: "translate(9 21) rotate(-20)",
  });
  const picture = svg("svg", { width: 22, height: 28, viewBox: "0 0 22 28", "aria-hidden": "true" }, head);
  if (steps < 16) picture.append(svg("path", { class: "staff-sign", d: "M13.5 20V3" }));
  if (steps < 4) picture.append(svg("path", { class: "staff-sign", d: "M13.5 3C14 9 20 9 18 15" }));
  if (steps < 2) picture.append(svg("path", { class: "staff-sign", d: "M13.5 8C14 14 20 14 18 19" }));
  return picture;
}
