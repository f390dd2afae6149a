// What does the panel ask of a model, with which options, and what becomes of the answer?

import { difference, isEmpty, noCells, toNoteEnds, union } from "./cells.js";
import { announce, arrowTabs, byId, chooseTab, element } from "./dom.js";
import { check, findingsName, showFindings } from "./findings.js";
import { say, sayError, unsay } from "./notices.js";
import { isSilent, VOICES } from "./piece.js";
import { chosenSeed } from "./seeds.js";
import { selectedCells, selectedSteps, selectionName } from "./selection.js";
import { runJob } from "./server.js";
import { prefer, settings } from "./settings.js";
import { store } from "./store.js";
import { chooseVariation, dismissVariations } from "./variations.js";

const ACTIONS = ["generate", "harmonize", "rewrite", "check"];
const NAMES = { generate: "Generate", harmonize: "Harmonize", rewrite: "Rewrite", check: "Check" };
const RULES = ["off", "lenient", "strict"];
const RULE_WORDS = ["free", "lenient", "strict"];

const TEMPERATURE = 0.8; // the default of next-step models; that of infillers is 1

/** @param {number} position of the slider, 0 to 10 @returns {number} from half the default of the model, which is in the middle */
export const temperatureOf = (position) => Math.round((0.5 + 0.1 * position) * (isInfiller() ? 1 : TEMPERATURE) * 100) / 100;

const temperatureWord = (position) => {
  const words = ["calm", "calm", "calm", "restrained", "restrained", "balanced", "lively", "lively", "bold", "bold", "adventurous"];
  return words[position];
};

/** Fires `kept` when what a model wrote has become the piece. */
export const kept = new EventTarget();

let running = null; // AbortController of the job
let infillers = []; // names of the models that have neither guidance, critic nor particles

const isInfiller = () => infillers.includes(byId("model").value);

/** @returns {boolean} whether the panel is a sheet at the bottom, as on a phone */
const isSheet = () => matchMedia("(max-width: 760px)").matches;

function options() {
  const number = (id, otherwise, digits = Math.round) => {
    const { value, min, max } = byId(id);
    return value === "" ? otherwise : Math.min(Math.max(digits(Number(value)), Number(min)), Number(max));
  };
  return {
    model: byId("model").value || "bach", variations: number("variations", 1), best_of: number("best-of", 2),
    temperature: temperatureOf(settings.temperature), rules: RULES[settings.rules], random_state: number("random-state", 0),
    top_p: number("top-p", 0.96, Number), guidance: number("guidance", 2, Number), critic: number("critic", 2, Number), particles: number("particles", null),
    bars: number("bars", null), opening: number("opening", 2), distance: number("distance", 40) / 100,
  };
}

/** @param {string} action @returns {object} the job, or throws a sentence */
function jobOf(action) {
  const { bars, opening, distance, particles, ...common } = options();
  const { piece, locked, melody } = store.document;
  if (action === "generate") return { action, seed: chosenSeed(), bars, opening, ...common };
  if (isSilent(piece)) throw new Error("There are no notes yet: open a file, write a melody or generate a chorale first.");
  if (action === "harmonize") {
    if (!piece.voices[melody].length) throw new Error(`The ${VOICES[melody]} has no notes: choose the voice of the melody.`);
    return { action, piece, voice: melody, locked: isEmpty(locked) ? null : locked, particles, ...common };
  }
  const selected = selectedCells();
  if (isEmpty(selected)) throw new Error("Nothing is selected: drag over the bars to rewrite, or move there with the arrow keys.");
  const cells = difference(toNoteEnds(selected, piece.voices), locked);
  if (isEmpty(cells)) throw new Error("All selected notes are locked: unlock some, or select others.");
  return { action, piece, cells, distance, particles, ...common };
}

/** Runs an action of the panel. @param {string} action */
export async function run(action) {
  if (running) {
    say("One job is running: wait for it, or cancel it first.", { name: "busy" });
    return;
  }
  openAction(action, { opens: !isSheet() || action === "check" });
  unsay("error", "opened", "remarks");
  try {
    if (action === "check") {
      const findings = await check();
      announce(findingsName(findings.length));
      return;
    }
    const job = jobOf(action);
    if (settings.fresh) {
      job.random_state = Math.floor(Math.random() * 1e6);
      byId("random-state").value = String(job.random_state);
    }
    dismissVariations();
    const steps = selectedSteps();
    const before = store.document;
    const begun = content(before);
    const isChanged = () => content(store.document) !== begun;
    const isRewrite = action === "rewrite";
    const isLonger = isRewrite && !isEmpty(difference(job.cells, selectedCells()));
    const { variations, remarks = [] } = await follow(action, job);
    if (isLonger) remarks.push("Notes that go on after the selection were rewritten to their end.");
    const tell = () => {
      if (remarks.length) say(`${NAMES[action]}: what to know.`, { lines: remarks, lasts: true, name: "remarks" });
    };
    if (variations.length > 1) tell(); // as it helps to choose
    // What was changed meanwhile is not overwritten unasked.
    const chosen = variations.length === 1 && !isChanged() ? variations[0]
      : await chooseVariation(variations, { from: isRewrite && steps ? steps[0] : 0, isRewrite, isChanged });
    if (variations.length > 1) unsay("remarks");
    if (!chosen) return;
    keep(action, job, chosen, isChanged() ? before : store.document);
    if (variations.length === 1) tell(); // after the change, which takes older remarks away
    if (chosen.message) say(chosen.message, { name: "message" });
  } catch (error) {
    sayError(error);
  }
}

/** What a result takes the place of: all but the title, the tempo and the selection. */
const content = ({ piece, locked }) => JSON.stringify([piece && { ...piece, title: "", tempo: 0 }, locked]);

/** Puts a result in place of the document. @param {object} of the document whose piece was asked about */
function keep(action, job, { piece, written, findings }, of) {
  store.apply(NAMES[action], () => {
    if (action === "generate") return { ...of, piece, written, locked: noCells(), melody: 0, selection: null };
    const { title, tempo } = of.piece;
    const isSame = action === "rewrite" || job.locked;
    return { ...of, piece: { ...piece, title, tempo }, written: isSame ? union(of.written, written) : written };
  });
  kept.dispatchEvent(new Event("kept"));
  announce(`${NAMES[action]}: done. ${findingsName(findings)}.`);
}

/** Shows how far a job is, and lets it be cancelled. */
async function follow(action, job) {
  running = new AbortController();
  const { signal } = running;
  const text = byId("progress-text");
  const bar = byId("progress-bar");
  bar.removeAttribute("value");
  // Drawing the page anew takes time that the job on the same machine needs.
  const tell = (words) => { if (text.textContent !== words) text.textContent = words; };
  tell(`${NAMES[action]}…`);
  byId("progress").hidden = false;
  byId("run").disabled = true;
  try {
    return await runJob(job, {
      signal,
      onQueued: (position) => {
        tell(position ? `In the queue: ${position} before this one` : `${NAMES[action]}…`);
      },
      onProgress: (done, total) => {
        tell(`${NAMES[action]}…`);
        if (total > 0) bar.value = done / total;
      },
    });
  } finally {
    running = null;
    byId("progress").hidden = true;
    byId("run").disabled = false;
    show();
  }
}

/** Cancels what is running. @returns {boolean} whether anything was */
export function cancel() {
  if (!running) return false;
  running.abort();
  byId("run").focus({ preventScroll: true }); // as the button of Cancel goes away
  announce("Cancelled");
  return true;
}

// === The panel ===

/** Shows the part of the panel for an action. @param {string} action @param {{opens?: boolean}} [options] opens: the sheet of a phone too */
export function openAction(action, { opens = true } = {}) {
  prefer({ action });
  chooseTab(ACTIONS.map((name) => byId(`action-${name}`)), byId(`action-${action}`));
  for (const name of ACTIONS) byId(`part-${name}`).hidden = name !== action;
  byId("options").hidden = action === "check";
  for (const only of ["generate", "rewrite"]) {
    for (const node of document.querySelectorAll(`.only-${only}`)) node.hidden = action !== only;
  }
  if (opens) byId("panel").dataset.open = "true";
  if (action === "check") showFindings();
  show();
}

/** @param {string} action @returns {string} what its button says */
function runName(action) {
  const { variations } = options();
  if (action === "check" || variations < 2) return action === "rewrite" ? "Rewrite the selection" : NAMES[action];
  return action === "generate" ? `Generate ${variations} variations` : `${NAMES[action]} in ${variations} variations`;
}

function show() {
  const { action } = settings;
  const { piece, selection, locked, melody } = store.document;
  const isNeeded = action !== "generate" && isSilent(piece);
  byId("run").textContent = runName(action);
  byId("run").disabled = Boolean(running) || isNeeded || (action === "rewrite" && !selection);
  byId("melody-voice").value = String(melody);
  byId("harmonize-note").textContent = isSilent(piece) ? "Open or write a melody first."
    : isEmpty(locked) ? "Notes of other voices are replaced, except locked ones." : "Locked notes stay as they are.";
  for (const node of document.querySelectorAll("#guidance, [for=guidance], #critic, [for=critic]")) node.hidden = isInfiller();
  for (const node of document.querySelectorAll("#particles, [for=particles]")) node.hidden = isInfiller() || action === "generate";
  const name = selectionName();
  byId("rewrite-selection").textContent = name ? name.charAt(0).toUpperCase() + name.slice(1)
    : "Nothing is selected. Drag over the score, or move with the arrow keys.";
  byId("rewrite-locked").textContent = isEmpty(locked) ? "" : "Locked notes stay as they are.";
}

/** Takes what the server allows. @param {{bars: number, variations: number}} limits */
export function setLimits({ bars, variations }) {
  byId("bars").max = byId("opening").max = String(bars);
  byId("variations").max = String(variations);
}

/** Fills the list of models. @param {{name: string, kind: string, summary: string}[]} models */
export function showModels(models) {
  infillers = models.filter(({ kind }) => kind === "infiller").map(({ name }) => name);
  const isWriter = ({ kind }) => !/sketch|classif/.test(kind);
  byId("model").replaceChildren(...models.filter(isWriter).map(({ name, summary }) => element("option", { value: name, title: summary }, name)));
  if (models.some(({ name }) => name === settings.model)) byId("model").value = settings.model;
  tellSliders();
  show();
}

/** Says in words where the sliders are. */
function tellSliders() {
  byId("temperature-text").textContent = temperatureWord(settings.temperature);
  byId("temperature").setAttribute("aria-valuetext", `${temperatureWord(settings.temperature)}, ${temperatureOf(settings.temperature)}`);
  byId("rules-text").textContent = RULE_WORDS[settings.rules];
  byId("rules").setAttribute("aria-valuetext", RULE_WORDS[settings.rules]);
}

function sliders() {
  for (const id of ["temperature", "rules"]) {
    byId(id).value = String(settings[id]);
    byId(id).addEventListener("input", (event) => {
      prefer({ [id]: Number(event.target.value) });
      tellSliders();
    });
  }
  tellSliders();
}

/** Wires the panel. */
export function startActions() {
  arrowTabs(document.querySelector(".actions"));
  for (const name of ACTIONS) {
    byId(`action-${name}`).addEventListener("click", () => {
      const isOpen = byId("panel").dataset.open === "true" && settings.action === name;
      openAction(name);
      if (isSheet()) unsay("opened", "remarks"); // the sheet needs their room
      if (isSheet() && isOpen) byId("panel").dataset.open = "false";
    });
  }
  byId("run").addEventListener("click", () => {
    if (isSheet()) byId("panel").dataset.open = "false";
    run(settings.action);
  });
  byId("cancel").addEventListener("click", cancel);
  byId("melody-voice").addEventListener("change", (event) => {
    store.apply("Voice of the melody", (document) => ({ ...document, melody: Number(event.target.value) }));
  });
  sliders();
  byId("fresh").checked = settings.fresh;
  for (const [id, name] of [["variations", "variations"], ["best-of", "bestOf"], ["opening", "opening"]]) {
    byId(id).value = String(settings[name]);
    byId(id).addEventListener("change", () => prefer({ [name]: Number(byId(id).value) || 1 }));
  }
  byId("distance").value = String(settings.distance);
  byId("distance").addEventListener("change", () => prefer({ distance: options().distance * 100 }));
  for (const [id, name, option] of [["top-p", "topP", "top_p"], ["guidance", "guidance", "guidance"], ["critic", "critic", "critic"], ["particles", "particles", "particles"]]) {
    byId(id).value = String(settings[name] ?? "");
    byId(id).addEventListener("change", () => prefer({ [name]: options()[option] }));
  }
  byId("variations").addEventListener("input", show);
  byId("model").addEventListener("change", () => {
    prefer({ model: byId("model").value });
    tellSliders(); // the temperature is that of the kind of model
    show();
  });
  byId("fresh").addEventListener("change", () => prefer({ fresh: byId("fresh").checked }));
  byId("random-state").addEventListener("input", () => {
    byId("fresh").checked = false;
    prefer({ fresh: false });
  });
  store.subscribe(show);
  // What becomes a sheet as the window is made narrow would cover the score.
  matchMedia("(max-width: 760px)").addEventListener("change", () => {
    byId("panel").dataset.open = String(!isSheet());
  });
  openAction(settings.action);
  byId("panel").dataset.open = String(!isSheet());
}
