// Which of several variations is kept? Cards side by side, to see, hear and choose.

import { covers, touches } from "./cells.js";
import { announce, byId, element, icon } from "./dom.js";
import { findingsName } from "./findings.js";
import { engrave } from "./score.js";
import { store } from "./store.js";
import { svgFrom } from "./svg.js";
import { endTrial, onTrial, getPlayer, stopPlaying, trials, tryOut } from "./transport.js";

/** @typedef {{piece: import("./piece.js").Piece, written: import("./cells.js").Cells, complete_cadence: boolean, findings: number, changed?: number, message?: string}} Variation */

const SCALE = 0.8; // of the notes in a card

let cards = [];
let finish = null;
let isStale = () => false; // whether the piece was changed since

/** @param {Variation} variation @returns {string} */
function about({ complete_cadence: isComplete, findings, changed }) {
  const share = changed === undefined ? "" : `${Math.round(100 * changed)} % changed · `;
  return `${share}${isComplete ? "Full cadence" : "No full cadence"} · ${findingsName(findings).toLowerCase()}`;
}

/** A beam takes the colour that all its notes have. @param {Element} svg */
function markBeams(svg) {
  for (const beam of svg.querySelectorAll(".beam")) {
    beam.classList.toggle("is-written", [...beam.querySelectorAll(".note")].every((note) => note.classList.contains("is-written")));
  }
}

async function draw(holder, { piece, written }, isRewrite) {
  // As wide as the card, so that notes are as large in all cards.
  const width = Math.max(320, Math.floor((holder.clientWidth - 16) / 16) * 16);
  const { pages } = await engrave(piece, { staves: 2, width, scale: width > 800 ? 1 : SCALE, numerals: false });
  const svg = svgFrom(pages[0], { ids: false });
  let first = null;
  for (const node of svg.querySelectorAll("[data-id^='note-']")) {
    const [, voice, start] = /^note-(\d)-(\d+)/.exec(node.dataset.id).map(Number);
    if (!touches(written, voice, start, start + 1) && !covers(written, voice, start, start)) continue;
    node.classList.add("is-written");
    first ??= node;
  }
  markBeams(svg);
  holder.replaceChildren(svg);
  // What was rewritten may be far down.
  const system = isRewrite && first?.closest(".system");
  if (system) holder.scrollTop = system.getBoundingClientRect().top - holder.getBoundingClientRect().top - 8;
}

function card(variation, index, { from, isRewrite }) {
  const name = `Variation ${index + 1}`;
  const holder = element("div", { class: "small-score", tabIndex: 0, role: "group", "aria-label": `Score of variation ${index + 1}` });
  const play = element("button", { class: "secondary", type: "button", "data-testid": "variation-play" }, icon("play", true), element("span", {}, "Play"));
  play.addEventListener("click", () => {
    if (onTrial() === variation.piece && getPlayer()?.playing) stopPlaying();
    else tryOut(variation.piece, from);
  });
  const keep = element("button", { class: "primary", type: "button", "data-testid": "variation-keep" }, "Keep");
  keep.addEventListener("click", () => close(variation));
  const larger = element("button", { class: "plain", type: "button", "aria-pressed": "false", "data-testid": "variation-larger" }, "Full size");
  const made = element(
    "article", { class: "card", "data-testid": "variation", "aria-label": name },
    element("header", {}, element("h3", {}, name), element("span", {}, about(variation))),
    holder, element("footer", {}, play, larger, element("span", { class: "spring" }), keep),
  );
  const show = () => draw(holder, variation, isRewrite).catch(() => {
    holder.replaceChildren(element("p", { class: "muted" }, "The score cannot be shown; it can be heard."));
  });
  larger.addEventListener("click", () => {
    const isLarge = made.classList.toggle("is-large");
    larger.setAttribute("aria-pressed", String(isLarge));
    show();
  });
  return { made, play, show, variation };
}

/** Ends the choice. @param {Variation|null} variation @returns {boolean} whether there was one */
function close(variation) {
  if (!finish) return false;
  endTrial();
  const hadFocus = byId("variations-view").contains(document.activeElement);
  byId("variations-view").hidden = true;
  byId("variations-cards").replaceChildren();
  cards = [];
  if (hadFocus) byId("score").focus({ preventScroll: true });
  const answer = finish;
  finish = null;
  answer(variation);
  return true;
}

/** Says that keeping a variation would take changes back. */
function showStale() {
  byId("variations-note").hidden = !isStale();
}

/**
 * Lets the person choose.
 * @param {Variation[]} variations
 * @param {{from?: number, isRewrite?: boolean, isChanged?: () => boolean}} [options]
 *   from: the step where playing begins; isChanged: whether the piece is another by now
 * @returns {Promise<Variation|null>} null: the piece stays as it was
 */
export function chooseVariation(variations, { from = 0, isRewrite = false, isChanged = () => false } = {}) {
  close(null);
  isStale = isChanged;
  byId("variations-title").textContent = variations.length === 1 ? "Keep it?" : "Choose one";
  cards = variations.map((variation, index) => card(variation, index, { from, isRewrite }));
  byId("variations-cards").replaceChildren(...cards.map(({ made }) => made));
  byId("variations-view").hidden = false;
  showStale();
  for (const { show } of cards) show();
  byId("stage").scrollTo({ top: 0 });
  cards[0].play.focus({ preventScroll: true });
  announce(variations.length === 1 ? "A variation is ready: keep it or not" : `${variations.length} variations are ready: hear them and keep one`);
  return new Promise((resolve) => { finish = resolve; });
}

/** Takes the cards away, keeping nothing. @returns {boolean} whether there were any */
export const dismissVariations = () => close(null);

/** Wires what is not on the cards. */
export function startVariations() {
  byId("variations-discard").addEventListener("click", () => close(null));
  store.subscribe(() => {
    if (finish) showStale();
  });
  trials.addEventListener("trial", () => {
    for (const { made, play, variation } of cards) {
      const isPlaying = onTrial() === variation.piece && Boolean(getPlayer()?.playing);
      made.classList.toggle("is-playing", isPlaying);
      play.querySelector("span").textContent = isPlaying ? "Stop" : "Play";
      play.querySelector("use").setAttribute("href", isPlaying ? "#icon-stop" : "#icon-play");
    }
  });
}
