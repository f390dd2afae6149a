// Where are the notes of a piece in its score, and which of them sound?

/**
 * @typedef {object} Packed  a piece of a pair
 * @property {import("./timeline.js").Piece} piece
 * @property {string} wide  the score as SVG for large windows
 * @property {string} narrow  the same for phones
 */

export class ScoreView {
  /** @type {{start: number, end: number, nodes: Element[]}[]} */
  #notes = [];
  #sounding = new Set();

  /**
   * @param {HTMLElement} place
   * @param {string} side  A or B
   */
  constructor(place, side) {
    this.place = place;
    this.side = side;
  }

  /**
   * Show a score.
   *
   * @param {Packed} packed
   * @param {"wide"|"narrow"} size
   * @param {number} opening  steps that both pieces of a pair share
   */
  show(packed, size, opening) {
    const text = packed[size].replaceAll("glyph-", `glyph-${this.side}-`);
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const picture = document.importNode(parsed.documentElement, true);
    picture.removeAttribute("width");
    picture.removeAttribute("height");
    picture.querySelector("title").textContent = `Score of piece ${this.side}`;
    this.#index(picture, packed.piece, opening);
    this.place.replaceChildren(picture);
  }

  /**
   * Mark the notes that sound in a step, none at null.
   *
   * @param {number|null} step
   * @returns {Element|undefined} a note that begins
   */
  mark(step) {
    const now = new Set(
      this.#notes.filter(({ start, end }) => step !== null && start <= step && step < end),
    );
    for (const note of this.#sounding) {
      if (!now.has(note)) note.nodes.forEach((node) => node.classList.remove("sounding"));
    }
    for (const note of now) {
      note.nodes.forEach((node) => node.classList.add("sounding"));
    }
    const [begun] = [...now].filter((note) => !this.#sounding.has(note));
    this.#sounding = now;
    return begun?.nodes[0];
  }

  /** Return the step of the note nearest to a point of the window. */
  stepAt(x, y) {
    let [nearest, least] = [null, Infinity];
    for (const { start, nodes } of this.#notes) {
      const box = nodes[0]?.getBoundingClientRect();
      if (!box) continue;
      const across = x - (box.left + box.right) / 2;
      const down = y - (box.top + box.bottom) / 2;
      const distance = across ** 2 + (2 * down) ** 2; // the system matters more
      if (distance < least) [nearest, least] = [start, distance];
    }
    return nearest;
  }

  /** Find the notes, and take their names, which the other score has too. */
  #index(picture, piece, opening) {
    const nodes = new Map();
    for (const node of picture.querySelectorAll("[id^='note-']")) {
      const name = node.id.replace(/-tie-\d+$/, "");
      nodes.set(name, [...(nodes.get(name) ?? []), node]);
    }
    this.#sounding.clear();
    this.#notes = piece.voices.flatMap((line, voice) =>
      line.map(([, start, length]) => ({
        start,
        end: start + length,
        nodes: nodes.get(`note-${voice}-${start}`) ?? [],
      })),
    );
    for (const { start, nodes: heads } of this.#notes) {
      if (start < opening) heads.forEach((head) => head.classList.add("given"));
    }
    const named = picture.querySelectorAll("[id^='note-'], [id^='rest-'], [id^='bar-']");
    named.forEach((node) => node.removeAttribute("id"));
  }
}
