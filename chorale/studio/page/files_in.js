// How does a file come in: opened, dropped, read, and what was guessed put right?

import { noCells } from "./cells.js";
import { announce, byId, element } from "./dom.js";
import { say, sayError, unsay } from "./notices.js";
import { moveVoice, transposed, VOICES } from "./piece.js";
import { getCatalogue, openFile } from "./server.js";
import { store } from "./store.js";

/** Calls what shows the piece after it was opened. */
export const opened = new EventTarget();

let isPutRight = false; // whether what changes now is what the notice of a file is about

/**
 * Puts an answer of the server in place of the document.
 * @param {{piece: object, kind: string, voice: number|null, remarks: string[], key_estimated: boolean}} answer
 * @param {string} name of the file
 * @param {string} [label] of the change
 */
export function takeAnswer(answer, name, label = `Open ${name}`) {
  const { piece, kind, voice, remarks = [], key_estimated: isGuess } = answer;
  isPutRight = true;
  store.apply(label, (document) => ({
    ...document, piece, written: noCells(), locked: noCells(), melody: voice ?? 0, selection: null,
  }));
  const isMelody = kind === "melody";
  announce(`Opened ${name}, ${isMelody ? "a melody" : "a chorale"}`);
  opened.dispatchEvent(new CustomEvent("opened", { detail: { isMelody } }));
  if (remarks.length || isGuess || isMelody) {
    say(`Read ${name} as ${isMelody ? "a melody" : "four voices"}.`, {
      lines: remarks, fixes: fixes(piece, isMelody, voice), lasts: true, name: "opened",
    });
  }
  isPutRight = false;
}

/** Puts right what was guessed. @param {string} label @param {(document: object) => object} change */
function putRight(label, change) {
  isPutRight = true;
  store.apply(label, change);
  isPutRight = false;
}

/** Moves the melody, with all that is known of it, to another voice. */
function withMelodyIn(document, to) {
  const { melody: from } = document;
  const swapped = (cells) => cells.with(from, cells[to]).with(to, cells[from]);
  return { ...document, piece: moveVoice(document.piece, from, to), written: swapped(document.written), locked: swapped(document.locked), melody: to };
}

/** Controls that put right what was guessed. */
function fixes(piece, isMelody, voice) {
  const key = element("select", { id: "fix-key" }, element("option", { value: "" }, "unknown"));
  getCatalogue().then(({ keys }) => {
    key.append(...keys.map((name) => element("option", { value: name }, name)));
    key.value = piece.key ?? "";
  }, () => {});
  key.addEventListener("change", () => {
    putRight("Key", (document) => ({ ...document, piece: { ...document.piece, key: key.value || null } }));
  });
  const controls = [element("label", {}, "Key", key)];
  if (!isMelody) return controls;
  const part = element("select", { id: "fix-voice" }, ...VOICES.map((name, index) => element("option", { value: String(index) }, name)));
  part.value = String(voice ?? 0);
  part.addEventListener("change", () => {
    const to = Number(part.value);
    putRight("Voice of the melody", (document) => withMelodyIn(document, to));
  });
  const octave = (name, semitones) => {
    const button = element("button", { class: "secondary", type: "button" }, name);
    button.addEventListener("click", () => {
      putRight(name, (document) => ({ ...document, piece: transposed(document.piece, semitones, document.melody) }));
    });
    return button;
  };
  controls.push(element("label", {}, "Voice", part), octave("Octave up", 12), octave("Octave down", -12));
  return controls;
}

/** Reads a file in place of the document. @param {File} file */
export async function readFile(file) {
  unsay("error", "opened", "remarks");
  try {
    const { limits } = await getCatalogue().catch(() => ({ limits: { bytes: 10_000_000 } }));
    if (limits?.bytes && file.size > limits.bytes) {
      const megabytes = (bytes) => `${Math.ceil(bytes / 1e5) / 10} MB`;
      throw new Error(`${file.name} has ${megabytes(file.size)}; files of up to ${megabytes(limits.bytes)} can be opened.`);
    }
    takeAnswer(await openFile(file), file.name);
  } catch (error) {
    sayError(error);
  }
}

/** Wires the Open button and dropping anywhere on the page. */
export function startFilesIn() {
  const chooser = byId("open-file");
  byId("open").addEventListener("click", () => chooser.click());
  byId("welcome-open").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    if (chooser.files.length) readFile(chooser.files[0]);
    chooser.value = ""; // so that the same file can be opened again
  });
  // What else changes the notes, such as Undo or New, leaves nothing to put right.
  store.subscribe((document, before) => {
    if (!isPutRight && document.piece?.voices !== before.piece?.voices) unsay("opened", "remarks");
  });
  const hint = byId("drop-hint");
  let depth = 0;
  let isOurs = false; // the MIDI file dragged out of the page
  const hasFiles = (event) => !isOurs && [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragstart", () => { isOurs = true; });
  document.addEventListener("dragend", () => { isOurs = false; });
  document.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    hint.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    hint.hidden = depth > 0 ? hint.hidden : true;
  });
  document.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    hint.hidden = true;
    const files = [...event.dataTransfer.files];
    if (files.length > 1) say("Several files were dropped: the first is opened.", { name: "several" });
    if (files.length) readFile(files[0]);
  });
}
