// What is the document, what was it before, and how does it survive a reload?
//
// The document is a value that nobody changes in place: {piece, written, locked, melody,
// selection}. Every change has a label and can be undone; the selection is no change.

import { cut, noCells } from "./cells.js";

/**
 * @typedef {object} Document
 * @property {import("./piece.js").Piece|null} piece
 * @property {import("./cells.js").Cells} written by a model
 * @property {import("./cells.js").Cells} locked notes, which no action writes again
 * @property {number} melody voice that harmonize keeps
 * @property {{first: number, last: number, voices: number[], note?: [number, number]}|null} selection
 *   indices of written bars, voices, and the steps of a note where only that is selected
 */

const KEY = "chorale-studio-document-1";
const WRITER = "chorale-studio-writer-1"; // which tab stored last
const OTHER = "chorale-studio-other-1"; // the document of another tab that was open beside this one
const HISTORY = 100; // changes that can be undone
const STORED = 40; // of these, the newest that survive a reload

/** @returns {Document} */
const emptyDocument = () => ({ piece: null, written: noCells(), locked: noCells(), melody: 0, selection: null });

/** @param {unknown} value @returns {boolean} whether a stored document can be shown */
function isDocument(value) {
  const piece = value?.piece;
  const areCells = (cells) => Array.isArray(cells) && cells.length === 4 && cells.every(Array.isArray);
  return Boolean(value) && areCells(value.written) && areCells(value.locked)
    && (piece === null || (piece?.steps > 0 && piece.voices?.length === 4
      && piece.bars?.length > 0 && piece.metres?.length > 0));
}

/** Events `change`, `unsaved` when the browser has no room, `saved` when it has again. */
class Store extends EventTarget {
  /** @type {Document} */
  document = emptyDocument();

  /** @type {{label: string, document: Document}[]} changes and what was before them */
  past = [];

  /** @type {{label: string, document: Document}[]} undone changes and what came of them */
  future = [];

  #timer = 0;
  #isSaved = true; // a tab without changes must not store its old piece over a newer one
  #hasRoom = true;
  #tab = Math.random().toString(36).slice(2);

  constructor() {
    super();
    this.#load();
    window.addEventListener("pagehide", () => {
      if (!this.#isSaved) this.save();
    });
  }

  /** @param {(document: Document, before: Document) => void} listener @returns {() => void} that stops listening */
  subscribe(listener) {
    const heard = (event) => listener(this.document, event.detail);
    this.addEventListener("change", heard);
    return () => this.removeEventListener("change", heard);
  }

  /**
   * Changes the document; the change can be undone by its label.
   * @param {string} label such as "Harmonize"
   * @param {(document: Document) => Document} change
   * @param {{merge?: boolean}} [options] merge: one change with the last of the same label
   */
  apply(label, change, { merge = false } = {}) {
    const before = this.document;
    const after = change(before);
    if (after === before) return;
    const isMerged = merge && this.past.at(-1)?.label === label && !this.future.length;
    if (!isMerged) this.past.push({ label, document: before });
    if (this.past.length > HISTORY) this.past.shift();
    this.future = [];
    this.#become(after);
  }

  /** @param {Document["selection"]} selection */
  select(selection) {
    if (JSON.stringify(selection) === JSON.stringify(this.document.selection)) return;
    this.#become({ ...this.document, selection });
  }

  /** @returns {string|undefined} the label of what was undone */
  undo() {
    const last = this.past.pop();
    if (!last) return undefined;
    this.future.push({ label: last.label, document: this.document });
    this.#become(last.document);
    return last.label;
  }

  /** @returns {string|undefined} the label of what was done again */
  redo() {
    const next = this.future.pop();
    if (!next) return undefined;
    this.past.push({ label: next.label, document: this.document });
    this.#become(next.document);
    return next.label;
  }

  #become(after) {
    const before = this.document;
    this.document = this.#fitted(after);
    this.#isSaved = false;
    this.dispatchEvent(new CustomEvent("change", { detail: before }));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), 200);
  }

  /** Drops what lies behind the end of the piece. */
  #fitted(document) {
    const { piece, selection } = document;
    if (!piece) return { ...document, written: noCells(), locked: noCells(), selection: null };
    const isOutside = selection && selection.last >= piece.bars.length;
    return {
      ...document, written: cut(document.written, piece.steps), locked: cut(document.locked, piece.steps),
      selection: isOutside ? null : selection,
    };
  }

  // === What survives a reload ===

  /** Stores the document in the browser, with as much of its history as there is room for. */
  save() {
    clearTimeout(this.#timer);
    this.#shelve();
    for (let kept = STORED; ; kept = Math.floor(kept / 2)) {
      const past = kept ? this.past.slice(-kept) : [];
      const future = kept ? this.future.slice(-kept) : [];
      const text = JSON.stringify({ document: this.document, past, future });
      try {
        sessionStorage.setItem(KEY, text); // of this tab, where several are open
        localStorage.setItem(KEY, text);
        this.#isSaved = true;
        if (!this.#hasRoom) this.dispatchEvent(new Event("saved"));
        this.#hasRoom = true;
        return;
      } catch (error) {
        if (kept) continue;
        this.#hasRoom = false;
        this.dispatchEvent(new CustomEvent("unsaved", { detail: error }));
        return;
      }
    }
  }

  /** Puts aside what another tab has stored, before this one stores its own. */
  #shelve() {
    try {
      if (localStorage.getItem(WRITER) === this.#tab) return;
      const stored = JSON.parse(localStorage.getItem(KEY));
      if (stored?.document?.piece && !this.#knows(stored.document.piece)) {
        localStorage.setItem(OTHER, JSON.stringify(stored.document));
      }
      localStorage.setItem(WRITER, this.#tab);
    } catch {
      // Without room the other tab has still its own.
    }
  }

  /** @returns {boolean} whether a piece is this tab's, or was */
  #knows(piece) {
    const text = JSON.stringify(piece);
    return [{ document: this.document }, ...this.past, ...this.future].some(({ document }) => JSON.stringify(document.piece) === text);
  }

  /** @returns {Document|null} of another tab, where this one's took its place */
  get other() {
    try {
      const found = JSON.parse(localStorage.getItem(OTHER));
      return isDocument(found) && found.piece && !this.#knows(found.piece) ? { ...emptyDocument(), ...found } : null;
    } catch {
      return null;
    }
  }

  /** Forgets the document of another tab. */
  forgetOther() {
    localStorage.removeItem(OTHER);
  }

  #load() {
    for (const storage of ["sessionStorage", "localStorage"]) {
      try {
        const stored = JSON.parse(window[storage].getItem(KEY));
        if (!isDocument(stored?.document)) continue;
        const changes = (list) => (Array.isArray(list) ? list.filter((change) => isDocument(change?.document)) : []);
        this.document = this.#fitted({ ...emptyDocument(), ...stored.document });
        this.past = changes(stored.past);
        this.future = changes(stored.future);
        return;
      } catch {
        // No storage, or not ours: begin with an empty page.
      }
    }
  }
}

export const store = new Store();
