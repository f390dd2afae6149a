// What is the piece called, in which key, metre and tempo? And what does a new one begin as?

import { noCells } from "./cells.js";
import { byId, element } from "./dom.js";
import { sayError } from "./notices.js";
import { barLength, emptyPiece, pickupOf, transposed, transposedKey, VOICES, withMetre } from "./piece.js";
import { getCatalogue } from "./server.js";
import { store } from "./store.js";

const METRES = ["2/2", "2/4", "3/4", "4/4", "3/2", "4/2", "3/8", "6/8", "6/4", "9/8", "12/8"];

const metreOf = (name) => {
  const [numerator, denominator] = name.split("/").map(Number);
  return { numerator, denominator };
};

const nameOf = ({ numerator, denominator }) => `${numerator}/${denominator}`;

function choice(id, names, value) {
  const all = names.includes(value) || value === "" ? names : [value, ...names];
  const select = element("select", { id }, ...all.map((name) => element("option", { value: name }, name || "unknown")));
  select.value = value;
  return select;
}

async function keyChoice(id, value) {
  const { keys } = await getCatalogue().catch(() => ({ keys: [] }));
  return choice(id, ["", ...keys], value ?? "");
}

/** A pickup in quarters, up to a bar. */
function pickupChoice(id, metre, steps) {
  const quarters = [];
  for (let step = 0; step < barLength(metre); step += 2) quarters.push(step);
  if (!quarters.includes(steps)) quarters.push(steps);
  const name = (step) => (step ? `${step / 4} quarter${step === 4 ? "" : "s"}` : "none");
  const select = element("select", { id }, ...quarters.map((step) => element("option", { value: String(step) }, name(step))));
  select.value = String(steps);
  return select;
}

function field(label, control) {
  return [element("label", { for: control.id }, label), control];
}

const number = (id, value, min, max) => element("input", { type: "number", id, value: String(value), min: String(min), max: String(max) });

/** Shows a form in a dialog. @returns {Promise<boolean>} whether it was accepted */
function ask(id, title, fields, accept, note) {
  const dialog = byId(id);
  const cancel = element("button", { class: "plain", type: "button" }, "Cancel");
  const form = element(
    "form", { method: "dialog" },
    element("h2", { id: `${id}-title` }, title), element("div", { class: "grid" }, ...fields.flat()),
    note ? element("p", { class: "muted fine" }, note) : null,
    element("div", { class: "buttons" }, cancel, element("button", { class: "primary", id: `${id}-accept` }, accept)),
  );
  dialog.replaceChildren(form);
  cancel.addEventListener("click", () => dialog.close());
  dialog.showModal();
  return new Promise((resolve) => {
    let isAccepted = false;
    form.addEventListener("submit", () => { isAccepted = true; });
    dialog.addEventListener("close", () => resolve(isAccepted), { once: true });
  });
}

/** Changes title, key, metre, pickup, tempo and the voice of the melody. */
export async function editPiece() {
  const { piece, melody } = store.document;
  if (!piece) return;
  const metre = piece.metres[0];
  const isFixed = piece.metres.length > 1;
  const title = element("input", { type: "text", id: "piece-title", value: piece.title, maxLength: 200 });
  const key = await keyChoice("piece-key", piece.key);
  const time = choice("piece-metre", METRES, nameOf(metre));
  let pickup = pickupChoice("piece-pickup", metre, pickupOf(piece));
  time.addEventListener("change", () => {
    const next = pickupChoice("piece-pickup", metreOf(time.value), 0);
    pickup.replaceWith(next);
    pickup = next;
  });
  time.disabled = isFixed;
  pickup.disabled = isFixed;
  const tempo = number("piece-tempo", Math.round(piece.tempo), 10, 400);
  const transposing = number("piece-transpose", 0, -12, 12);
  transposing.setAttribute("aria-describedby", "piece-transpose-unit");
  const semitones = element("span", { class: "pair" }, transposing, element("span", { class: "muted fine", id: "piece-transpose-unit" }, "semitones"));
  const voice = choice("piece-voice", VOICES, VOICES[melody]);
  const fields = [
    field("Title", title), field("Key", key), field("Metre", time), field("Pickup", pickup), field("Tempo", tempo), field("Melody in the", voice),
    [element("label", { for: "piece-transpose" }, "Transpose by"), semitones],
  ];
  const note = isFixed ? "The metre changes within this piece and stays as it is."
    : "Metre and pickup move the barlines; the notes stay. The key names what is written; Transpose moves the notes, and the key with them.";
  if (!await ask("piece-dialog", "The piece", fields, "Change", note)) return;
  const moved = transposed(piece, Number(transposing.value));
  const pitches = moved.voices.flat().map(([pitch]) => pitch);
  if (pitches.some((pitch) => pitch < 1 || pitch > 127)) {
    sayError(new Error(`Transposed by ${transposing.value} semitones, notes would leave the range of MIDI.`));
    return;
  }
  const named = key.value || null;
  const isNamed = named !== piece.key; // by hand
  store.apply("Piece", (document) => {
    // What came meanwhile, such as what a model wrote, stays.
    const { piece: now } = document;
    const far = Number(transposing.value);
    let changed = far ? { ...transposed(now, far), key: transposedKey(now.key, far) } : now;
    if (!isFixed && (time.value !== nameOf(metre) || Number(pickup.value) !== pickupOf(changed))) {
      changed = withMetre(changed, metreOf(time.value), Number(pickup.value));
    }
    const beats = Number(tempo.value);
    return {
      ...document, melody: VOICES.indexOf(voice.value), selection: null,
      piece: { ...changed, title: title.value.trim(), key: isNamed ? named : changed.key, tempo: beats >= 10 && beats <= 400 ? beats : changed.tempo },
    };
  });
}

/** Begins an empty piece. @returns {Promise<boolean>} whether there is one now */
export async function newPiece() {
  const key = await keyChoice("new-key", "C major");
  const time = choice("new-metre", METRES, "4/4");
  let pickup = pickupChoice("new-pickup", metreOf("4/4"), 0);
  time.addEventListener("change", () => {
    const next = pickupChoice("new-pickup", metreOf(time.value), 0);
    pickup.replaceWith(next);
    pickup = next;
  });
  const bars = number("new-bars", 8, 1, 64);
  const tempo = number("new-tempo", 72, 10, 400);
  const fields = [field("Key", key), field("Metre", time), field("Pickup", pickup), field("Bars", bars), field("Tempo", tempo)];
  const note = store.document.piece ? "The present piece can be brought back by Undo." : "";
  if (!await ask("new-dialog", "A new piece", fields, "Begin", note)) return false;
  const piece = emptyPiece({
    ...metreOf(time.value), key: key.value || null, pickup: Number(pickup.value),
    bars: Math.min(Math.max(Math.round(Number(bars.value)) || 8, 1), 64), tempo: Number(tempo.value) || 72,
  });
  store.apply("New piece", (document) => ({ ...document, piece, written: noCells(), locked: noCells(), melody: 0, selection: null }));
  return true;
}
