// How is the piece engraved, put into the page, sized and coloured?

import { covers, touches } from "./cells.js";
import { byId, debounce } from "./dom.js";
import { connection, request } from "./server.js";
import { prefer, settings } from "./settings.js";
import { store } from "./store.js";
import { svgFrom } from "./svg.js";

const CACHED = 24; // engravings
const ZOOMS = [50, 60, 70, 80, 90, 100, 115, 130, 150, 175, 200];

/** @type {Map<string, Promise<{pages: string[]}>>} */
const cache = new Map();

/**
 * Engraves a piece, or takes the engraving that is there.
 * @param {import("./piece.js").Piece} piece
 * @param {{staves: number, width: number, scale: number, numerals: boolean}} options
 * @returns {Promise<{pages: string[]}>}
 */
export function engrave(piece, options) {
  // The tempo is only heard, the title stands above the score.
  const key = JSON.stringify([{ ...piece, title: "", tempo: 0 }, options]);
  const known = cache.get(key);
  if (known) return known;
  const asked = request("/engrave", { piece, ...options });
  cache.set(key, asked);
  asked.catch(() => cache.delete(key));
  if (cache.size > CACHED) cache.delete(cache.keys().next().value);
  return asked;
}

/** Events: `drawn` after new notes stand in the page, `failed` (detail: the error). */
class Score extends EventTarget {
  /** @type {Map<string, {voice: number, start: number, end: number, nodes: Element[]}>} */
  notes = new Map();

  /** @type {Element[]} groups of the written bars, by index */
  bars = [];

  #drawn = null; // the piece that the page shows
  #asked = 0;

  start() {
    this.redraw = debounce(() => this.#draw(), 60);
    store.subscribe((document, before) => {
      if (document.piece !== before.piece) this.redraw.now();
      else this.mark();
    });
    let width = 0;
    new ResizeObserver(() => {
      const now = this.#width();
      if (now && now !== width) {
        width = now;
        this.redraw();
      }
    }).observe(byId("score"));
    connection.addEventListener("back", () => this.redraw());
    byId("zoom-in").addEventListener("click", () => this.zoom(1));
    byId("zoom-out").addEventListener("click", () => this.zoom(-1));
    this.zoom(0);
    this.redraw.now();
  }

  /** @returns {number} pixels that the engraving may take, in steps of 16 */
  #width() {
    const box = byId("score-pages").clientWidth;
    return Math.floor(box / 16) * 16;
  }

  /** @param {number} steps larger or smaller; 0 shows the present size */
  zoom(steps) {
    const at = ZOOMS.findIndex((size) => size >= settings.zoom);
    const zoom = ZOOMS[Math.min(Math.max(at + steps, 0), ZOOMS.length - 1)];
    byId("zoom").textContent = `${zoom} %`;
    if (zoom === settings.zoom) return;
    prefer({ zoom });
    this.redraw();
  }

  async #draw() {
    const { piece } = store.document;
    this.#asked += 1; // what is on its way is of another piece
    const turn = this.#asked;
    byId("score").hidden = !piece || document.body.dataset.mode === "edit";
    byId("welcome").hidden = Boolean(piece);
    const width = this.#width();
    if (!piece || !width) {
      byId("score-wait").hidden = true;
      if (!piece) byId("score-pages").replaceChildren();
      return;
    }
    const wait = setTimeout(() => { byId("score-wait").hidden = false; }, 250);
    try {
      const narrow = width < 480 ? 0.8 : 1;
      const { staves, numerals, zoom } = settings;
      const { pages } = await engrave(piece, { staves, width, scale: zoom / 100 * narrow, numerals });
      if (turn !== this.#asked) return;
      byId("score-pages").replaceChildren(...pages.map((text) => svgFrom(text)));
      this.#drawn = piece;
      this.#index(piece);
      this.mark();
      this.dispatchEvent(new Event("drawn"));
    } catch (error) {
      if (turn === this.#asked) this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    } finally {
      clearTimeout(wait);
      if (turn === this.#asked) byId("score-wait").hidden = true;
    }
  }

  /** Finds the groups of notes and bars. */
  #index(piece) {
    const pages = byId("score-pages");
    this.notes.clear();
    const lengths = piece.voices.map((notes) => new Map(notes.map(([, start, length]) => [start, length])));
    for (const node of pages.querySelectorAll("[id^='note-']")) {
      const found = /^note-(\d)-(\d+)(-tie-.+)?$/.exec(node.id);
      if (!found) continue;
      const [voice, start] = [Number(found[1]), Number(found[2])];
      const name = `${voice}-${start}`;
      const note = this.notes.get(name)
        ?? { voice, start, end: start + (lengths[voice]?.get(start) ?? 1), nodes: [] };
      note.nodes.push(node);
      this.notes.set(name, note);
    }
    this.bars = piece.bars.map((_, index) => document.getElementById(`bar-${index}`));
  }

  /** @returns {boolean} whether the page shows the notes of the document */
  get isFresh() {
    return this.#drawn === store.document.piece;
  }

  /** Colours the notes by what is known about them. */
  mark() {
    const { written, locked } = store.document;
    byId("score-pages").classList.toggle("coloured", settings.colours);
    if (!this.isFresh) return;
    for (const { voice, start, end, nodes } of this.notes.values()) {
      const isWritten = touches(written, voice, start, end);
      const isLocked = covers(locked, voice, start, end);
      for (const node of nodes) {
        node.classList.toggle("is-written", isWritten);
        node.classList.toggle("is-locked", isLocked);
      }
    }
    // A beam takes the colour that all its notes have.
    for (const beam of byId("score-pages").querySelectorAll(".beam")) {
      const notes = [...beam.querySelectorAll(".note")];
      for (const name of ["is-written", "is-locked"]) {
        beam.classList.toggle(name, notes.length > 0 && notes.every((note) => note.classList.contains(name)));
      }
    }
  }

  /** Highlights the notes that sound at a step; null: none. @param {number|null} step */
  play(step) {
    let first = null;
    for (const { start, end, nodes } of this.notes.values()) {
      const sounds = step !== null && start <= step && step < end;
      for (const node of nodes) if (node.classList.contains("is-playing") !== sounds) node.classList.toggle("is-playing", sounds);
      if (sounds) first ??= nodes[0];
    }
    if (first && settings.follow) this.show(first);
  }

  /** Scrolls so that a node is well within sight. @param {Element|null} node */
  show(node) {
    const stage = byId("stage");
    const system = node?.closest(".system") ?? node;
    if (!system) return;
    const [box, view] = [system.getBoundingClientRect(), stage.getBoundingClientRect()];
    if (box.top >= view.top + 40 && box.bottom <= view.bottom - 24) return;
    const spare = Math.max(48, (view.height - box.height) / 3);
    stage.scrollTo({ top: stage.scrollTop + box.top - view.top - spare });
  }

  /** @returns {DOMRect} of the notes' own frame, for what lies over the score */
  get frame() {
    return byId("score").getBoundingClientRect();
  }
}

export const score = new Score();
