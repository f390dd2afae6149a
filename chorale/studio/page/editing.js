// How are notes edited by hand? The editor stands in place of the score.

import { difference } from "./cells.js";
import { addStyle, announce, byId, element } from "./dom.js";
import { press } from "./melody_editor_keys.js";
import { sayError, unsay } from "./notices.js";
import { changedCells, VOICES } from "./piece.js";
import { score } from "./score.js";
import { store } from "./store.js";
import { getPlayer } from "./transport.js";

/** @type {HTMLElement|null} the `<melody-editor>` */
let editor = null;
/** @type {Promise<void>|null} until the editor is there */
let loading = null;
/** @type {KeyboardEvent[]|null} letters and digits that come before the editor has the focus */
let early = null;

/** @returns {boolean} whether notes are being edited */
export const isEditing = () => document.body.dataset.mode === "edit";

/** Shows the editor or the score. @param {boolean} isOn */
export async function setEditing(isOn) {
  if (isOn && !store.document.piece) return;
  if (isOn === isEditing()) {
    if (!isOn) return;
    // A new piece, while another was edited.
    showVoice(store.document.melody);
    toStart();
    focusEditor();
    return;
  }
  if (isOn) {
    try {
      await (loading ??= load());
    } catch (error) {
      loading = null;
      forgetKeys();
      sayError(error);
      return;
    }
  }
  const hadFocus = byId("editor-view").contains(document.activeElement);
  document.body.dataset.mode = isOn ? "edit" : "score";
  byId("editor-view").hidden = !isOn;
  byId("score").hidden = isOn || !store.document.piece;
  byId("selection-bar").hidden = true;
  byId("edit-notes").setAttribute("aria-pressed", String(isOn));
  store.select(null);
  if (isOn) {
    unsay("opened", "remarks");
    if (matchMedia("(max-width: 760px)").matches) byId("panel").dataset.open = "false"; // the sheet would cover it
    showVoice(store.document.melody);
    const isOther = editor.piece !== store.document.piece;
    take(store.document);
    if (isOther) toStart();
    focusEditor();
  } else {
    editor.leave();
    score.redraw.now();
    if (hadFocus) byId("edit-notes").focus({ preventScroll: true });
  }
  announce(isOn ? "Editing notes" : "Score");
}

/** Loads the editor, so that the first key after a dialog is a note. */
export function prepareEditing() {
  early = [];
  loading ??= load();
  // Whoever edits then is told of what failed.
  loading.catch(() => { loading = null; });
}

/** Awaits no keys any more, as the editor will not be opened. */
export function forgetKeys() {
  early = null;
}

function focusEditor() {
  editor.querySelector(".melody-area")?.focus({ preventScroll: true });
  for (const event of early ?? []) press(editor, event);
  forgetKeys();
}

/** Goes to the beginning; a duration that is chosen then is that of the next note. */
function toStart() {
  editor.goTo(0);
  editor.select(null);
}

async function load() {
  await Promise.all([import("./melody_editor.js"), addStyle("melody_editor.css")]);
  editor = element("melody-editor", { id: "melody-editor" });
  const preview = (voice, pitch) => getPlayer()?.preview?.(voice, pitch);
  editor.addEventListener("preview", ({ detail }) => preview(detail.voice, detail.pitch));
  editor.addEventListener("change", (event) => {
    // Fields within the editor send events of the same name, without a piece.
    // An editor out of sight, which a MIDI keyboard still plays, holds an old piece.
    if (event.target !== editor || !event.detail?.piece || !isEditing()) return;
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
  document.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey || event.altKey;
    const isElsewhere = event.target.closest?.("dialog, input, select, textarea");
    if (!early || isCommand || isElsewhere || !/^[a-z0-9.]$/i.test(event.key)) return;
    early.push(event);
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  document.addEventListener("keydown", (event) => {
    // Nothing has the focus: letters are notes, not actions.
    const isFree = isEditing() && event.target === document.body && !event.defaultPrevented;
    if (isFree && press(editor, event)) event.preventDefault();
  });
  store.subscribe((document, before) => {
    if (isEditing() && document.piece !== before.piece) take(document);
  });
}
