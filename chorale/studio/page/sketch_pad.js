/**
 * What does a drawing show? `<sketch-pad>`: paper for mouse, pen or finger, the five
 * likeliest words while drawing, and what the network sees of the strokes.
 *
 * By keyboard: Tab to the paper, arrows move the pen, the space bar puts it down and
 * lifts it. Event: `guess`, detail {guesses, milliseconds}.
 *
 * @typedef {import("./sketch_drawing.js").Stroke} Stroke
 * @typedef {{word: string, probability: number}} Guess
 */

import { getCatalogue, request } from "./server.js";
import { saveFile, toNdjson, toSvg } from "./sketch_drawing.js";

const SIDE = 400; // units of the paper, whatever its size on the screen
const WAIT = 80; // milliseconds between two guesses
const PEN_STEP = 8; // units that an arrow key moves the pen
const MOST_POINTS = 4000;
const ARROWS = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
};

export class SketchPad extends HTMLElement {
  /** @type {Stroke[]} */
  strokes = [];
  /** @type {Guess[]} */
  guesses = [];
  /** Milliseconds from sending the last drawing to its words. */
  latency = 0;

  #isReady = false;
  /** @type {Stroke | null} */
  #stroke = null; // that is being drawn
  #pen = [SIDE / 2, SIDE / 2]; // of the keyboard
  #timer = 0;
  #asked = 0; // number of the last question
  #answered = 0;

  connectedCallback() {
    if (this.#isReady) return;
    this.#isReady = true;
    this.paper = make("canvas", "sketch-paper", {
      width: String(SIDE), height: String(SIDE), tabindex: "0", role: "application",
      "aria-label": "Paper to draw on",
      "aria-description": "Arrows move the pen, the space bar puts it down and lifts it.",
    });
    const buttons = make("div", "sketch-buttons");
    for (const [text, action] of [
      ["Undo stroke", () => this.undo()],
      ["Clear", () => this.clear()],
      ["Save SVG", () => this.save("svg")],
      ["Save ndjson", () => this.save("ndjson")],
    ]) {
      const button = make("button", "", { type: "button" }, text);
      button.addEventListener("click", action);
      buttons.append(button);
    }
    this.list = make("ol", "sketch-guesses", { "aria-label": "Likeliest words" });
    this.status = make("p", "sketch-status", { role: "status" }, "Draw something.");
    this.seen = make("canvas", "sketch-seen", {
      width: "128", height: "128", role: "img", "aria-label": "What the network sees",
    });
    const figure = make("figure", "sketch-figure");
    figure.append(this.seen, make("figcaption", "", {}, "What the network sees"));
    const side = make("div", "sketch-side");
    side.append(this.status, this.list, figure, this.#makeWords());
    const main = make("div", "sketch-main");
    main.append(this.paper, buttons);
    this.append(main, side);
    this.#listen();
    const redraw = () => this.#draw();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    const theme = { attributes: true, attributeFilter: ["data-theme"] };
    new MutationObserver(redraw).observe(document.documentElement, theme);
    new ResizeObserver(() => this.#fit()).observe(this.paper);
    this.#draw();
  }

  // === What a person does ===

  clear() {
    this.strokes = [];
    this.#stroke = null;
    this.#pen = [SIDE / 2, SIDE / 2];
    this.#changed();
  }

  undo() {
    this.strokes = this.strokes.slice(0, -1);
    this.#stroke = null;
    this.#changed();
  }

  /** @param {"svg" | "ndjson"} form */
  save(form) {
    if (!this.strokes.length) {
      this.status.textContent = "There is nothing drawn to be saved.";
      return;
    }
    const word = this.guesses[0]?.word ?? null;
    const name = `${(word ?? "drawing").replace(/[^a-z0-9]+/gi, "-")}.${form}`;
    if (form === "svg") saveFile(name, toSvg(this.strokes), "image/svg+xml");
    else saveFile(name, toNdjson(this.strokes, word), "application/x-ndjson");
  }

  #listen() {
    const { paper } = this;
    paper.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      paper.setPointerCapture(event.pointerId);
      this.#begin(this.#place(event));
    });
    paper.addEventListener("pointermove", (event) => {
      if (!this.#stroke || !event.isPrimary || !event.buttons) return;
      // A browser gives one event a frame; the points between are kept in it.
      const events = event.getCoalescedEvents?.() ?? [];
      for (const part of events.length ? events : [event]) this.#add(this.#place(part));
      this.#changed();
    });
    for (const name of ["pointerup", "pointercancel"]) {
      paper.addEventListener(name, () => (this.#stroke = null));
    }
    paper.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        if (this.#stroke) this.#stroke = null;
        else this.#begin([...this.#pen]);
        this.status.textContent = this.#stroke ? "Pen down." : "Pen up.";
      } else if (ARROWS[event.key]) {
        const [dx, dy] = ARROWS[event.key];
        const reach = event.shiftKey ? 3 * PEN_STEP : PEN_STEP;
        const within = (value) => Math.min(Math.max(value, 0), SIDE);
        this.#pen = [within(this.#pen[0] + dx * reach), within(this.#pen[1] + dy * reach)];
        if (this.#stroke) this.#add([...this.#pen]);
        this.#changed();
      } else if (event.key === "Backspace" || event.key === "Delete") this.undo();
      else return;
      event.preventDefault();
    });
    for (const name of ["focus", "blur"]) paper.addEventListener(name, () => this.#draw());
  }

  /** @param {PointerEvent} event @returns {[number, number]} units of the paper */
  #place(event) {
    const box = this.paper.getBoundingClientRect();
    const round = (value) => Math.round(value * 10) / 10;
    return [
      round(((event.clientX - box.left) * SIDE) / box.width),
      round(((event.clientY - box.top) * SIDE) / box.height),
    ];
  }

  /** @param {[number, number]} point */
  #begin(point) {
    this.#stroke = [point];
    this.strokes = [...this.strokes, this.#stroke];
    this.#changed();
  }

  /** @param {[number, number]} point */
  #add(point) {
    const last = this.#stroke.at(-1);
    const isNew = last[0] !== point[0] || last[1] !== point[1];
    if (isNew && this.#stroke.length < MOST_POINTS) this.#stroke.push(point);
  }

  // === What the network says ===

  #changed() {
    this.#draw();
    if (!this.#timer) {
      this.#timer = window.setTimeout(() => {
        this.#timer = 0;
        this.#ask();
      }, WAIT);
    }
  }

  async #ask() {
    const number = (this.#asked += 1);
    if (!this.strokes.length) {
      this.#answered = number;
      this.#show([], []);
      return;
    }
    const begin = performance.now();
    try {
      const found = await request("/guess", { strokes: this.strokes });
      if (number < this.#answered) return; // a newer drawing was answered before
      this.#answered = number;
      this.latency = performance.now() - begin;
      this.#show(found.guesses, found.strokes);
      const detail = { guesses: found.guesses, milliseconds: this.latency };
      this.dispatchEvent(new CustomEvent("guess", { detail, bubbles: true }));
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  /** @param {Guess[]} guesses @param {Stroke[]} strokes */
  #show(guesses, strokes) {
    this.guesses = guesses;
    this.simplified = strokes;
    this.list.replaceChildren(
      ...guesses.map(({ word, probability }) => {
        const item = make("li", "sketch-guess");
        const share = Math.round(probability * 100);
        const percent = share ? `${share} %` : "< 1 %";
        const bar = make("span", "sketch-bar", { "aria-hidden": "true" });
        bar.append(make("span"));
        bar.firstElementChild.style.setProperty("width", `${probability * 100}%`);
        item.append(make("span", "", {}, word), bar, make("span", "", {}, percent));
        return item;
      }),
    );
    const [best] = guesses;
    this.status.textContent = best ? `Looks like: ${best.word}` : "Draw something.";
    this.#draw();
  }

  // === Drawing ===

  /** Give the paper as many pixels as it has on the screen. */
  #fit() {
    const pixels = Math.round(this.paper.clientWidth * window.devicePixelRatio);
    if (!pixels || pixels === this.paper.width) return;
    this.paper.width = this.paper.height = pixels;
    this.#draw();
  }

  #draw() {
    const style = getComputedStyle(this);
    const ink = style.getPropertyValue("--ink").trim() || "#1d1d1f";
    const accent = style.getPropertyValue("--accent").trim() || "#2456b0";
    const scale = this.paper.width / SIDE;
    paint(this.paper, this.strokes, { ink, width: 5 * scale, scale, margin: 0 });
    if (document.activeElement === this.paper && this.paper.matches(":focus-visible")) {
      const pen = this.paper.getContext("2d");
      pen.fillStyle = accent;
      pen.beginPath();
      const [x, y] = this.#pen.map((at) => at * scale);
      pen.arc(x, y, 5 * scale, 0, 2 * Math.PI);
      pen.fill();
    }
    const simplified = this.simplified ?? [];
    const look = { ink, width: 2, scale: 112 / 255, margin: 8, dots: accent };
    paint(this.seen, simplified, look);
  }

  #makeWords() {
    const details = make("details", "sketch-words");
    const summary = make("summary", "", {}, "Words the network knows");
    const search = make("input", "", { type: "search", "aria-label": "Search words" });
    search.placeholder = "Search";
    const list = make("ul", "", { "aria-label": "Words", tabindex: "0" });
    details.append(summary, search, list);
    let words = [];
    const show = () => {
      const wanted = search.value.trim().toLowerCase();
      const found = words.filter((word) => word.toLowerCase().includes(wanted));
      list.replaceChildren(...found.map((word) => make("li", "", {}, word)));
    };
    search.addEventListener("input", show);
    details.addEventListener("toggle", async () => {
      if (!details.open || words.length) return;
      try {
        words = (await getCatalogue()).words;
        summary.textContent = `The ${words.length} words the network knows`;
        show();
      } catch (error) {
        this.status.textContent = error.message;
      }
    });
    return details;
  }
}

/** Paint strokes on a canvas. */
function paint(canvas, strokes, { ink, width, scale, margin, dots }) {
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  [pen.strokeStyle, pen.lineWidth] = [ink, width];
  [pen.lineCap, pen.lineJoin] = ["round", "round"];
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [x * scale + margin, y * scale + margin]);
    pen.beginPath();
    pen.moveTo(...points[0]);
    for (const point of points) pen.lineTo(...point);
    pen.stroke();
    if (!dots) continue;
    pen.fillStyle = dots;
    for (const [x, y] of points) pen.fillRect(x - 1.5, y - 1.5, 3, 3);
  }
}

/** Make an element with a class, attributes and a text. */
function make(name, className = "", attributes = {}, text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

customElements.define("sketch-pad", SketchPad);
