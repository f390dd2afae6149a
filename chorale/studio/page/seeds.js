// Which opening of Bach's does the new piece begin with? A list that can be searched.

import { byId, element } from "./dom.js";
import { prefer, settings } from "./settings.js";

/** @typedef {{number: number, title: string, source: string, bars: number, metre: string, key: string, form: string}} Seed */

/** @type {Seed[]} */
let seeds = [];
let found = [];

const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[’']/g, "'").toLowerCase();

/** @param {Seed} seed @returns {string} what a search looks through */
const searched = (seed) => plain([seed.number, seed.title, seed.source, seed.source.replace(/^bwv\s*/i, "BWV "), `${seed.bars} bars`, seed.metre, seed.key, seed.form].join(" "));

/** @returns {string} the value of the job's `seed`: a number, or "none" */
export const chosenSeed = () => settings.seed;

function choose(value) {
  prefer({ seed: value });
  for (const row of byId("seed-list").children) row.setAttribute("aria-selected", String(row.dataset.seed === value));
  byId("seed-search").setAttribute("aria-activedescendant", `seed-${value}`);
}

function row(value, number, name, about) {
  const line = element(
    "li",
    { class: "seed", id: `seed-${value}`, role: "option", "data-seed": value, "data-testid": "seed", "aria-selected": String(settings.seed === value), title: name },
    element("span", { class: "number" }, number),
    element("span", { class: "name" }, name),
    element("span", { class: "about" }, about),
  );
  line.addEventListener("click", () => choose(value));
  return line;
}

function list() {
  const words = plain(byId("seed-search").value).split(/\s+/).filter(Boolean);
  found = seeds.filter((seed) => words.every((word) => searched(seed).includes(word)));
  const rows = found.map((seed) => row(
    String(seed.number), String(seed.number), seed.title,
    [seed.source.replace(/^bwv\s*/i, "BWV "), seed.key, seed.metre, `${seed.bars} bars`, seed.form.replaceAll(" ", "\u00a0")].filter(Boolean).join("\u00a0· "),
  ));
  if (!words.length) rows.unshift(row("none", "–", "From nothing", "No opening; a plan of bars and phrases is borrowed"));
  byId("seed-list").replaceChildren(...rows);
  // What is chosen has to be in sight: of what a search finds, the first.
  const isSeen = rows.some((line) => line.dataset.seed === settings.seed);
  if (!isSeen && rows.length) choose(rows[0].dataset.seed);
  byId("seed-count").textContent = words.length ? `${found.length} of ${seeds.length} openings` : `${seeds.length} openings`;
}

/** Moves through the list from the search field. @param {KeyboardEvent} event */
function keys(event) {
  const rows = [...byId("seed-list").children];
  const at = rows.findIndex((line) => line.dataset.seed === settings.seed);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
  if (!(event.key in moves) || !rows.length) return;
  event.preventDefault();
  const next = rows[Math.min(Math.max(at + moves[event.key], 0), rows.length - 1)];
  choose(next.dataset.seed);
  next.scrollIntoView({ block: "nearest" });
}

/** Wires the search field. */
export function startSeeds() {
  byId("seed-search").addEventListener("input", list);
  byId("seed-search").addEventListener("keydown", keys);
}

/** Shows the openings. @param {Seed[]} given */
export function showSeeds(given) {
  seeds = given;
  list();
  const chosen = document.getElementById(`seed-${settings.seed}`);
  if (chosen) {
    choose(settings.seed);
    const list = byId("seed-list");
    const top = chosen.offsetTop - list.offsetTop;
    list.scrollTop = top > list.clientHeight - 40 ? top - 40 : 0;
  }
}
