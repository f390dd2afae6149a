// How is the piece played: buttons, position, tempo, loop, metronome and voices?

import { byId, element } from "./dom.js";
import { sayError } from "./notices.js";
import { isSilent, placeName, VOICES } from "./piece.js";
import { score } from "./score.js";
import { selectedSteps } from "./selection.js";
import { prefer, settings } from "./settings.js";
import { store } from "./store.js";

/** @type {import("./player.js").Player|null} */
let player = null;
let shown = null; // the piece that is played: the document's, or one on trial
let isTrial = false;

/** Fires `trial` when what is played changes between the piece and one on trial. */
export const trials = new EventTarget();

/** @returns {import("./player.js").Player|null} once it is loaded */
export const getPlayer = () => player;

/** Plays a piece that is not the document's, from its beginning. @param {import("./piece.js").Piece} piece @param {number} [from] step */
export function tryOut(piece, from = 0) {
  if (!player) return;
  player.stop();
  [isTrial, shown] = [true, piece];
  player.setPiece(piece);
  player.play({ from, to: piece.steps, loop: false });
  trials.dispatchEvent(new Event("trial"));
}

/** Goes back to the piece of the document. */
export function endTrial() {
  if (!isTrial) return;
  player.stop();
  isTrial = false;
  shown = null;
  take(store.document.piece);
  trials.dispatchEvent(new Event("trial"));
}

/** @returns {import("./piece.js").Piece|null} the piece on trial */
export const onTrial = () => (isTrial ? shown : null);

/** Plays on from the position, or pauses; where the selection is looped, within it. */
export function togglePlay() {
  if (!player || !shown) return;
  if (player.playing) {
    player.pause();
    return;
  }
  endTrial();
  const steps = selectedSteps();
  const isLooped = settings.loop && steps;
  const at = player.position;
  if (isLooped) {
    const [from, to] = steps;
    player.play({ from: from <= at && at < to ? at : from, to, loop: true });
    player.range = { from, to, loop: true }; // and again from its first bar
  } else player.play({ from: at >= shown.steps - 1 ? 0 : at, to: shown.steps, loop: false });
}

/** Plays from the first step of the selection. */
export function playFromSelection() {
  const steps = selectedSteps();
  if (!player || !shown || !steps) return;
  endTrial();
  player.play({ from: steps[0], to: settings.loop ? steps[1] : shown.steps, loop: settings.loop });
}

/** Stops and goes to the beginning. */
export function stopPlaying() {
  if (!player) return;
  player.stop();
  endTrial();
  player.seek?.(0);
  showStep(0, false);
}

function take(piece) {
  if (isTrial) endTrial();
  const isSounding = !isSilent(piece);
  byId("play").disabled = !player || !isSounding;
  byId("stop").disabled = !player || !isSounding;
  byId("position").disabled = !player || !piece;
  byId("tempo").disabled = !piece;
  if (!piece) {
    player?.stop();
    shown = null;
    byId("position-text").textContent = "–";
    return;
  }
  byId("tempo").value = String(Math.round(piece.tempo));
  byId("position").max = String(piece.steps - 1);
  if (player && shown !== piece) player.setPiece(piece);
  shown = piece;
  showStep(Math.min(player?.position ?? 0, piece.steps - 1), false);
}

function showStep(step, sounds = true) {
  if (!shown) return;
  const place = placeName(shown, Math.min(step, shown.steps - 1));
  byId("position").value = String(step);
  byId("position").setAttribute("aria-valuetext", place);
  byId("position-text").textContent = place.charAt(0).toUpperCase() + place.slice(1).replace(/\.\d+$/, "");
  if (!isTrial) score.play(sounds ? step : null);
}

function showState(playing) {
  byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  byId("play-icon").setAttribute("href", playing ? "#icon-pause" : "#icon-play");
  if (!playing) score.play(null);
  trials.dispatchEvent(new Event("trial"));
}

function loop() {
  const { selection } = store.document;
  byId("loop").disabled = !selection;
  byId("loop").setAttribute("aria-pressed", String(settings.loop && Boolean(selection)));
  if (!player?.playing || isTrial || !shown) return;
  const steps = selectedSteps();
  player.range = settings.loop && steps ? { from: steps[0], to: steps[1], loop: true } : { from: 0, to: shown.steps, loop: false };
}

/** @param {number} tempo quarters per minute */
function setTempo(tempo) {
  if (!store.document.piece || !(tempo >= 10 && tempo <= 400)) {
    byId("tempo").value = String(Math.round(store.document.piece?.tempo ?? 72));
    return;
  }
  store.apply("Tempo", (document) => ({ ...document, piece: { ...document.piece, tempo } }), { merge: true });
}

// === The voices ===

function mixer(instruments) {
  const mute = (voice) => element("button", { class: "chip", id: `mute-${voice}`, type: "button", "aria-pressed": "false", "aria-label": `Mute ${VOICES[voice]}`, title: "Mute" }, "M");
  const solo = (voice) => element("button", { class: "chip", id: `solo-${voice}`, type: "button", "aria-pressed": "false", "aria-label": `Solo ${VOICES[voice]}`, title: "Solo" }, "S");
  const rows = VOICES.map((name, voice) => {
    const volume = element("input", { type: "range", id: `volume-${voice}`, min: "0", max: "100", value: String(settings.volumes[voice] * 100) });
    volume.addEventListener("input", () => {
      const volumes = settings.volumes.with(voice, Number(volume.value) / 100);
      prefer({ volumes });
      player.volume(voice, volumes[voice]);
    });
    const switches = [[mute(voice), "mute"], [solo(voice), "solo"]].map(([button, action]) => {
      button.addEventListener("click", () => {
        const isOn = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(isOn));
        player[action](voice, isOn);
      });
      return button;
    });
    player.volume(voice, settings.volumes[voice]);
    const label = element("label", { for: `volume-${voice}` }, name.charAt(0).toUpperCase() + name.slice(1));
    return element("div", { class: "channel" }, label, volume, ...switches);
  });
  const choice = element("select", { id: "instrument" }, ...instruments.map((name) => element("option", { value: name }, name)));
  choice.value = instruments.includes(settings.instrument) ? settings.instrument : instruments[0];
  player.instrument = choice.value;
  choice.addEventListener("change", () => {
    player.instrument = choice.value;
    prefer({ instrument: choice.value });
  });
  const output = element("select", { id: "midi-output" }, element("option", { value: "" }, "this page"));
  const find = element("button", { class: "plain", type: "button", id: "midi-find" }, "Find MIDI outputs");
  find.addEventListener("click", () => findOutputs(output).catch(sayError));
  output.addEventListener("change", () => { player.output = outputs.get(output.value) ?? null; });
  byId("mixer-sheet").replaceChildren(
    ...rows, element("hr"),
    element("div", { class: "pair" }, element("label", { for: "instrument" }, "Sound"), choice),
    element("div", { class: "pair" }, element("label", { for: "midi-output" }, "Plays on"), output),
    find,
  );
}

const outputs = new Map();

async function findOutputs(select) {
  const { NO_MIDI, requestPorts } = await import("./midi_ports.js");
  const ports = await requestPorts();
  if (!ports) throw new Error(NO_MIDI);
  const list = () => {
    outputs.clear();
    for (const port of ports.outputs) outputs.set(port.id, port);
    const chosen = select.value;
    select.replaceChildren(element("option", { value: "" }, "this page"), ...[...outputs.values()].map((port) => element("option", { value: port.id }, port.name)));
    select.value = outputs.has(chosen) ? chosen : "";
  };
  ports.onchange = list;
  list();
  if (!outputs.size) throw new Error("This computer has no MIDI output.");
}

/** Loads the player and wires the bar at the bottom. */
export async function startTransport() {
  byId("play").addEventListener("click", togglePlay);
  byId("stop").addEventListener("click", stopPlaying);
  byId("position").addEventListener("input", (event) => {
    const step = Number(event.target.value);
    player?.seek(step);
    showStep(step);
  });
  byId("loop").addEventListener("click", () => {
    prefer({ loop: !settings.loop });
    loop();
  });
  byId("tempo").addEventListener("change", (event) => setTempo(Number(event.target.value)));
  const metronome = byId("metronome");
  metronome.setAttribute("aria-pressed", String(settings.metronome));
  metronome.addEventListener("click", () => {
    prefer({ metronome: !settings.metronome });
    metronome.setAttribute("aria-pressed", String(settings.metronome));
    if (player) player.metronome = settings.metronome;
  });
  store.subscribe((document, before) => {
    if (document.piece !== before.piece) take(document.piece);
    if (document.selection !== before.selection) loop();
  });
  take(store.document.piece);
  const { Player, INSTRUMENTS } = await import("./player.js");
  player = new Player();
  player.metronome = settings.metronome;
  player.addEventListener("step", (event) => showStep(event.detail.step, player.playing));
  player.addEventListener("state", (event) => showState(event.detail.playing));
  mixer(INSTRUMENTS);
  shown = null;
  take(store.document.piece);
  loop();
}
