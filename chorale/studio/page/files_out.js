// How does the piece leave the page: as a file, on paper, or dragged into a DAW?

import { byId, debounce, element, icon } from "./dom.js";
import { say, sayError } from "./notices.js";
import { isSilent } from "./piece.js";
import { request } from "./server.js";
import { settings } from "./settings.js";
import { store } from "./store.js";
import { svgFrom } from "./svg.js";

const FORMATS = [
  ["midi", "MIDI", "four tracks"], ["musicxml", "MusicXML", "for notation programs"],
  ["marked", "Marked score", "MusicXML with faults and numerals"],
  ["wav", "WAV", "sound"], ["abc", "ABC", "text"], ["humdrum", "Humdrum", "**kern"], ["csv", "CSV", "table"],
  ["svg", "SVG", "picture"], ["png", "PNG", "picture"],
];

/** Pixels of a page that fits on A4 and on Letter below the title. */
const PAPER = { width: 1000, height: 1220 };

/** The file that can be dragged out, made while the pointer comes near. @type {{piece: object, file: File, url: string}|null} */
let ready = null;

/** @param {Response} answer @returns {string|undefined} the name that the server gave */
function nameOf(answer) {
  const header = answer.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header);
  return encoded ? decodeURIComponent(encoded[1]) : /filename="?([^";]+)"?/i.exec(header)?.[1];
}

/** @param {string} format @returns {Promise<File>} */
async function fileOf(format) {
  const answer = await request(`/export?format=${format}`, { piece: store.document.piece }, { as: "response" });
  const blob = await answer.blob();
  return new File([blob], nameOf(answer) ?? `chorale.${format}`, { type: blob.type });
}

/** Saves the piece as a file. @param {string} format */
export async function save(format) {
  if (!store.document.piece) {
    say("There is no piece to save yet.", { name: "saved" });
    return;
  }
  try {
    const file = await fileOf(format);
    const url = URL.createObjectURL(file);
    const link = element("a", { href: url, download: file.name, class: "hidden-visually" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    say(`Saved ${file.name}.`, { name: "saved" });
  } catch (error) {
    sayError(error);
  }
}

/** Prints the score, or makes a PDF of it. */
export async function printScore() {
  byId("out").open = false;
  const { piece } = store.document;
  if (!piece) {
    say("There is no piece to print yet.", { name: "saved" });
    return;
  }
  try {
    const { staves, numerals } = settings;
    const { pages } = await request("/engrave", { piece, staves, numerals, scale: 1, ...PAPER });
    byId("print-pages").replaceChildren(...pages.map((text) => svgFrom(text, { ids: false })));
    window.print();
  } catch (error) {
    sayError(error);
  } finally {
    byId("print-pages").replaceChildren();
  }
}

async function prepare() {
  const { piece } = store.document;
  if (isSilent(piece) || ready?.piece === piece) return;
  const file = await fileOf("midi").catch(() => null);
  if (!file || store.document.piece !== piece) return;
  if (ready) URL.revokeObjectURL(ready.url);
  ready = { piece, file, url: URL.createObjectURL(file) };
}

/** Makes the handle that gives a MIDI file to whatever it is dropped on. */
function handle() {
  const drag = element("a", { class: "plain entry drag-out", id: "drag-midi", draggable: true, href: "#", role: "button" }, icon("drag", true), "Drag MIDI into a DAW");
  drag.addEventListener("dragstart", (event) => {
    if (ready?.piece !== store.document.piece) {
      event.preventDefault();
      prepare();
      return;
    }
    event.dataTransfer.effectAllowed = "copy";
    // Chromium writes the file where it is dropped; others take the file itself.
    event.dataTransfer.setData("DownloadURL", `audio/midi:${ready.file.name}:${ready.url}`);
    event.dataTransfer.setData("text/uri-list", ready.url);
    try {
      event.dataTransfer.items.add(ready.file);
    } catch {
      // A browser that takes no files here has the address.
    }
  });
  drag.addEventListener("click", (event) => {
    event.preventDefault();
    save("midi");
  });
  return drag;
}

/** Fills the menu. */
export function startFilesOut() {
  const entry = (id, name, about, action) => {
    const button = element("button", { class: "plain entry", id, type: "button" }, name, element("small", {}, about));
    button.addEventListener("click", () => {
      byId("out").open = false;
      byId("out-summary").focus();
      action();
    });
    return button;
  };
  byId("out-menu").replaceChildren(
    handle(), element("hr"),
    ...FORMATS.map(([format, name, about]) => entry(`export-${format}`, name, about, () => save(format))),
    element("hr"), entry("print", "Print or PDF", "the score", printScore),
  );
  byId("out").addEventListener("toggle", () => { if (byId("out").open) prepare(); });
  const soon = debounce(() => { if (byId("out").open) prepare(); }, 300);
  store.subscribe(soon);
}
