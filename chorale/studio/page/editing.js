// How are notes edited by hand? The editor stands in place of the score.

import { difference } from "./cells.js";
import { addStyle, announce, byId, element } from "./dom.js";
import { sayError } from "./notices.js";
import { changedCells, VOICES } from "./piece.js";
import { score } from "./score.js";
import { store } from "./store.js";
import { getPlayer } from "./transport.js";

/** @type {HTMLElement|null} the `<melody-editor>` */
let editor = null;

/** @returns {boolean} whether notes are being edited */
export const isEditing = () => document.body.dataset.mode === "edit";

/** Shows the editor or the score. @param {boolean} isOn */
export async function setEditing(isOn) {
  if (isOn && !store.document.piece) return;
  if (isOn === isEditing()) return;
  if (isOn) {
    try {
      await load();
    } catch (error) {
      sayError(error);
      return;
    }
  }
  document.body.dataset.mode = isOn ? "edit" : "score";
  byId("editor-view").hidden = !isOn;
  byId("score").hidden = isOn || !store.document.piece;
  byId("selection-bar").hidden = true;
  byId("edit-notes").setAttribute("aria-pressed", String(isOn));
  store.select(null);
  if (isOn) {
    showVoice(store.document.melody);
    take(store.document);
    editor.querySelector(".melody-area")?.focus({ preventScroll: true });
  } else score.redraw.now();
  announce(isOn ? "Editing notes" : "Score");
}

async function load() {
  if (editor) return;
  await Promise.all([import("./melody_editor.js"), addStyle("melody_editor.css")]);
  editor = element("melody-editor", { id: "melody-editor" });
  const preview = (voice, pitch) => getPlayer()?.preview?.(voice, pitch);
  editor.addEventListener("preview", ({ detail }) => preview(detail.voice, detail.pitch));
  editor.addEventListener("change", (event) => {
    // Fields within the editor send events of the same name, without a piece.
    if (event.target !== editor || !event.detail?.piece) return;
    const { piece, label = "Edit notes" } = event.detail;
    store.apply(label, (document) => ({
      ...document, piece, written: difference(document.written, changedCells(document.piece, piece)),
    }));
  });
  byId("editor-view").replaceChildren(voiceRow(), editor);
}

/** Which voice is edited. */
function voiceRow() {
  const chips = VOICES.map((name, voice) => {
    const chip = element("button", { class: "chip wide-chip", type: "button", id: `edit-voice-${voice}`, "aria-pressed": "false" }, name.charAt(0).toUpperCase() + name.slice(1));
    chip.addEventListener("click", () => showVoice(voice));
    return chip;
  });
  const done = element("button", { class: "secondary", type: "button", id: "edit-done" }, "Done");
  done.addEventListener("click", () => setEditing(false));
  return element("div", { class: "row wrap edit-voices", role: "group", "aria-label": "Voice to edit" }, ...chips, element("span", { class: "spring" }), done);
}

/** @param {number} voice to edit */
function showVoice(voice) {
  editor.voice = voice;
  for (const index of VOICES.keys()) byId(`edit-voice-${index}`).setAttribute("aria-pressed", String(index === voice));
}

function take({ piece }) {
  if (!piece) {
    setEditing(false);
    return;
  }
  if (editor.piece !== piece) editor.piece = piece;
}

/** Wires the button, and shows in the editor what changes elsewhere. */
export function startEditing() {
  byId("edit-notes").addEventListener("click", () => setEditing(!isEditing()));
  store.subscribe((document, before) => {
    if (isEditing() && document.piece !== before.piece) take(document);
  });
}
