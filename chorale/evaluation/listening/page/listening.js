// What does a listener hear, see and answer, pair by pair?

import { clopperPearson } from "./intervals.js";
import { INSTRUMENTS, Player } from "./player.js";
import { Records } from "./records.js";
import { ScoreView } from "./score_view.js";
import { embedded, unpacked } from "./unpacking.js";

const SIDES = ["A", "B"];
const NARROW = matchMedia("(max-width: 759px)"); // as in the style
const SOUND = "chorale-listening-sound"; // name of a setting

const byId = (id) => document.getElementById(id);
const settings = embedded("settings");
const packedPairs = embedded("pairs");
const records = new Records(settings.page, packedPairs.length);
const player = new Player();
const views = Object.fromEntries(SIDES.map((side) => [side, new ScoreView(byId(`score-${side}`), side)]));

let pair = null; // what is shown: {A, B, opening}
let side = "A"; // played last
let solution = null; // once it is shown
let aim = null; // the step to play from, which a listener has chosen
let begunAt = 0; // milliseconds, when sound began
let turn = 0; // of showing pairs

// === The parts of the page ===

function show(name, focus = true) {
  document.body.dataset.view = name;
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== name;
  byId("keys").hidden = name !== "pair";
  byId("storage").hidden = records.isKept;
  if (focus) byId(name).focus({ preventScroll: true });
  if (name !== "pair") window.scrollTo(0, 0);
}

/** Show a pair. @param {number} index */
async function showPair(index, focus = true) {
  stop();
  aim = null;
  turn += 1;
  const now = turn;
  const unpacking = await unpacked(packedPairs[index]);
  if (now !== turn) return;
  pair = unpacking;
  records.pair = index;
  records.save();
  byId("pair-title").textContent = `Pair ${index + 1} of ${records.count}`;
  take("A");
  goTo(0);
  draw();
  showAnswer();
  show("pair", focus);
  window.scrollTo(0, 0);
}

function draw() {
  if (!pair) return;
  for (const name of SIDES) views[name].show(pair[name], NARROW.matches ? "narrow" : "wide", pair.opening);
}

function showAnswer() {
  const { choice, known } = records.answers[records.pair];
  for (const radio of document.getElementsByName("choice")) radio.checked = radio.value === choice;
  byId("known").checked = known;
  byId("question").disabled = records.isOver;
  byId("known").disabled = records.isOver;
  byId("back").disabled = records.pair === 0;
  byId("to-results").hidden = !records.isOver;
  byId("next").disabled = records.isOver && records.pair === records.count - 1;
  const isLast = records.pair === records.count - 1;
  byId("next").textContent = isLast && !records.isOver ? "Finish" : "Next";
  for (const name of SIDES) {
    const verdict = byId(`side-${name}`).querySelector(".verdict");
    const isOriginal = solution?.originals[records.pair] === name;
    verdict.textContent = solution ? (isOriginal ? `is ${settings.author}` : "is the computer") : "";
  }
  listPairs();
}

function listPairs() {
  const entries = records.answers.map((_, index) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: String(index + 1) });
    const isDone = records.isDone(index);
    button.classList.toggle("done", isDone);
    button.setAttribute("aria-label", `Pair ${index + 1}${isDone ? ", answered" : ""}`);
    if (index === records.pair) button.setAttribute("aria-current", "step");
    button.addEventListener("click", () => showPair(index));
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  });
  byId("pairs-list").replaceChildren(...entries);
}

// === Answers ===

function answer(change) {
  if (records.isOver) return;
  Object.assign(records.answers[records.pair], change);
  records.save();
  showAnswer();
  byId("storage").hidden = records.isKept;
}

function next() {
  if (records.pair < records.count - 1) showPair(records.pair + 1);
  else if (!records.isOver) showEnd();
}

function back() {
  if (records.pair > 0) showPair(records.pair - 1);
}

function showEnd() {
  stop();
  const { open } = records;
  const missing = open.map((index) => index + 1).join(", ");
  byId("end-text").textContent = open.length
    ? `${open.length} of ${records.count} pairs have no answer yet: ${missing}. Without one they do not count.`
    : `All ${records.count} pairs are answered.`;
  byId("end-back").textContent = open.length ? "Go to the first without an answer" : "Back to the pairs";
  show("end");
}

// === Results ===

const percent = (share) => `${Math.round(100 * share)} %`;

async function showResults() {
  stop();
  solution ??= await unpacked(embedded("solution"));
  const { right, count } = records.score(solution.originals);
  const [low, high] = clopperPearson(right, count);
  byId("score-text").textContent = count
    ? `You were right in ${right} of ${count} (${percent(right / count)}).`
    : "No pair counts: none was answered, or you knew all of them.";
  const interval = `${percent(low)} to ${percent(high)}`;
  byId("interval-text").textContent = count ? `95 % interval (Clopper–Pearson): ${interval}. ${meaning(low, high)}` : "";
  const gauge = byId("gauge");
  gauge.hidden = !count;
  gauge.nextElementSibling.hidden = !count;
  gauge.setAttribute("aria-label", `${percent(right / (count || 1))} right, 95 % interval ${interval}`);
  for (const [name, value] of Object.entries({ low, high, right: right / (count || 1) })) {
    gauge.style.setProperty(`--${name}`, String(value));
  }
  byId("listener").value = records.listener;
  byId("about").textContent = solution.about;
  byId("rows").replaceChildren(...records.answers.map(resultRow));
  show("results");
}

function meaning(low, high) {
  if (low > 0.5) return "Guessing would hardly do as well: you hear the difference.";
  if (high < 0.5) return "Guessing would hardly do as badly: you hear a difference, and take one for the other.";
  return "Guessing, 50 %, is within it: these answers do not show that you hear the difference.";
}

function resultRow({ choice, known }, index) {
  const original = solution.originals[index];
  const verdict = choice === original ? "yes" : "no";
  const go = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: String(index + 1) });
  go.setAttribute("aria-label", `Hear pair ${index + 1} again`);
  go.addEventListener("click", () => showPair(index));
  const cells = [go, choice ?? "–", original, known ? "known" : choice ? verdict : "–", solution.pieces[index]];
  const row = document.createElement("tr");
  if (!known && choice) row.className = verdict;
  row.append(...cells.map((content) => {
    const cell = document.createElement("td");
    cell.append(content);
    return cell;
  }));
  return row;
}

function download() {
  const text = records.csv(settings.page, solution.originals, solution.pieces);
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const name = records.listener.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  const link = Object.assign(document.createElement("a"), { href: url, download: `listening${name && `-${name}`}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// === Sound ===

function take(name) {
  side = name;
  player.setPiece(pair[name].piece);
  byId("position").max = String(pair[name].piece.steps - 1);
  byId("scores").dataset.shown = name;
  for (const each of SIDES) byId(`show-${each}`).setAttribute("aria-pressed", String(each === name));
}

/** Show where the player is, or would begin. @param {number} step */
function goTo(step) {
  const bar = pair[side].piece.bars.findLast(({ start }) => start <= step);
  byId("position").value = String(step);
  byId("position").setAttribute("aria-valuetext", `bar ${bar.number}`);
}

/** Scroll to a note that is not in sight. @param {Element|undefined} node */
function keepInSight(node) {
  if (!node) return;
  const { top, bottom } = node.getBoundingClientRect();
  const height = byId("dock").getBoundingClientRect().top;
  if (top < 0 || bottom > height) window.scrollBy({ top: top - height / 4 });
}

/** Play a piece from its beginning, or from a step; stop it if it is playing. */
function play(name, from = null) {
  const isStop = player.playing && side === name && from === null;
  stop();
  if (isStop) return;
  take(name);
  const start = from ?? aim ?? (byId("skip").checked ? pair.opening : 0);
  aim = null;
  player.play({ from: start, to: pair[name].piece.steps });
}

function stop() {
  if (player.playing) player.stop();
}

function pauseOrGoOn() {
  if (player.playing) player.pause();
  else play(side, Number(byId("position").value));
}

player.addEventListener("step", ({ detail: { step } }) => {
  goTo(step);
  if (player.playing) keepInSight(views[side].mark(step));
});

player.addEventListener("state", ({ detail: { playing } }) => {
  for (const name of SIDES) {
    const isPlaying = playing && name === side;
    const button = byId(`play-${name}`);
    const [sign, word] = isPlaying ? ["■", "Stop"] : ["▶", "Play"];
    button.firstElementChild.textContent = sign;
    button.lastChild.textContent = ` ${word} ${name}`;
    button.classList.toggle("playing", isPlaying);
    if (!isPlaying) views[name].mark(null);
  }
  if (playing) begunAt = performance.now();
  else if (begunAt) {
    records.answers[records.pair].heard[side] += (performance.now() - begunAt) / 1000;
    begunAt = 0;
    if (!records.isOver) records.save();
  }
});

// === Buttons and keys ===

const KEYS = {
  a: () => play("A"),
  b: () => play("B"),
  " ": pauseOrGoOn,
  1: () => answer({ choice: "A" }),
  2: () => answer({ choice: "B" }),
  k: () => answer({ known: !records.answers[records.pair].known }),
  ArrowLeft: back,
  ArrowRight: next,
};

function onKey(event) {
  const { target, key } = event;
  if (byId("pair").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const own = { " ": "button, input, select, summary", ArrowLeft: "input, select", ArrowRight: "input, select" }[key];
  if (target.matches?.("select, input[type=text]") || (own && target.matches?.(own))) return;
  const action = KEYS[key.toLowerCase()] ?? KEYS[key];
  if (!action) return;
  event.preventDefault();
  action();
}

function wire() {
  const click = (id, action) => byId(id).addEventListener("click", action);
  click("begin", () => {
    records.isBegun = true;
    showPair(records.pair);
  });
  for (const name of SIDES) {
    click(`play-${name}`, () => play(name));
    click(`show-${name}`, () => {
      stop();
      take(name);
      goTo(0);
    });
    click(`score-${name}`, ({ clientX, clientY }) => {
      const step = views[name].stepAt(clientX, clientY);
      if (step !== null) play(name, step);
    });
  }
  byId("position").addEventListener("input", ({ target }) => {
    if (!player.playing) aim = Number(target.value);
    player.seek(Number(target.value));
  });
  for (const radio of document.getElementsByName("choice")) {
    radio.addEventListener("change", () => answer({ choice: radio.value }));
  }
  byId("known").addEventListener("change", ({ target }) => answer({ known: target.checked }));
  byId("dock").addEventListener("submit", (event) => event.preventDefault());
  click("next", next);
  click("back", back);
  click("to-results", showResults);
  click("end-back", () => showPair(records.open[0] ?? records.pair));
  click("reveal", () => {
    records.isOver = true;
    records.save();
    showResults();
  });
  byId("listener").addEventListener("input", ({ target }) => {
    records.listener = target.value.trim();
    records.save();
  });
  click("download", download);
  click("again", () => {
    records.clear();
    records.save();
    solution = null;
    show("start");
  });
  document.addEventListener("keydown", onKey);
  NARROW.addEventListener("change", draw);
  byId("sound").append(...INSTRUMENTS.map((name) => new Option(name)));
  byId("sound").addEventListener("change", ({ target }) => {
    player.instrument = target.value;
    try {
      localStorage.setItem(SOUND, target.value);
    } catch {
      // It is the usual sound the next time.
    }
  });
}

function usualSound() {
  try {
    const kept = localStorage.getItem(SOUND);
    return INSTRUMENTS.includes(kept) ? kept : INSTRUMENTS[0];
  } catch {
    return INSTRUMENTS[0];
  }
}

wire();
byId("old").hidden = "DecompressionStream" in window;
byId("begin").disabled = !byId("old").hidden;
player.instrument = usualSound();
byId("sound").value = player.instrument;
if (records.isOver) showResults();
else if (records.isBegun) showPair(records.pair, false);
else show("start", false);
