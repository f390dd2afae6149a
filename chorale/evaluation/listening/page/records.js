// What has a listener answered? Kept in the browser, and written as CSV.

/**
 * @typedef {object} Answer
 * @property {"A"|"B"|null} choice  which is the original
 * @property {boolean} known  whether the listener knows the piece: then it is not counted
 * @property {{A: number, B: number}} heard  seconds
 */

const HEADER = ["page", "listener", "pair", "answer", "original", "right", "known",
  "seconds_a", "seconds_b", "piece"];

/** @returns {Answer} */
const noAnswer = () => ({ choice: null, known: false, heard: { A: 0, B: 0 } });

export class Records {
  /** Whether the browser keeps them. */
  isKept = true;

  /** @param {string} page  what tells it from other pages @param {number} count */
  constructor(page, count) {
    this.name = `chorale-listening-${page}`;
    this.count = count;
    this.clear();
    const kept = this.#load();
    if (kept?.answers?.length === count) Object.assign(this, kept);
  }

  /** Forget all answers. */
  clear() {
    /** @type {Answer[]} */
    this.answers = Array.from({ length: this.count }, noAnswer);
    this.pair = 0; // the pair to go on with
    this.isBegun = false;
    this.isOver = false; // the solution has been shown: answers stay as they are
    this.listener = "";
  }

  #load() {
    try {
      return JSON.parse(localStorage.getItem(this.name));
    } catch {
      this.isKept = false;
      return null;
    }
  }

  save() {
    const { answers, pair, isBegun, isOver, listener } = this;
    try {
      localStorage.setItem(
        this.name,
        JSON.stringify({ answers, pair, isBegun, isOver, listener }),
      );
    } catch {
      this.isKept = false;
    }
  }

  /** Whether a pair needs nothing more. @param {number} pair */
  isDone(pair) {
    const { choice, known } = this.answers[pair];
    return known || choice !== null;
  }

  /** The pairs that need an answer. @returns {number[]} */
  get open() {
    return this.answers.map((_, pair) => pair).filter((pair) => !this.isDone(pair));
  }

  /**
   * Return how many answers are right, and how many count.
   *
   * @param {string} originals  the right answers, one letter a pair
   */
  score(originals) {
    const counted = this.answers
      .map(({ choice, known }, pair) => ({ choice, known, original: originals[pair] }))
      .filter(({ choice, known }) => choice !== null && !known);
    const right = counted.filter(({ choice, original }) => choice === original);
    return { right: right.length, count: counted.length };
  }

  /**
   * Return a table of the answers as CSV. A pair without an answer has no `right`.
   *
   * @param {string} page
   * @param {string} originals  the right answers, one letter a pair
   * @param {string[]} pieces  what the originals are
   */
  csv(page, originals, pieces) {
    const rows = this.answers.map(({ choice, known, heard }, pair) => [
      page,
      this.listener,
      pair + 1,
      choice ?? "",
      originals[pair],
      choice === null ? "" : Number(choice === originals[pair]),
      Number(known),
      Math.round(heard.A),
      Math.round(heard.B),
      pieces[pair],
    ]);
    return [HEADER, ...rows].map((row) => `${row.map(csvCell).join(",")}\n`).join("");
  }
}

/** @param {string|number} value */
function csvCell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
