// Which part-writing rules break where: on the notes, and in a list?

import { byId, debounce, element } from "./dom.js";
import { headOf } from "./geometry.js";
import { sayError } from "./notices.js";
import { barAt, isSilent, noteAt } from "./piece.js";
import { score } from "./score.js";
import { request } from "./server.js";
import { store } from "./store.js";

/** @typedef {{rule: string, bar: number, beat: number, step: number, voices: number[], message: string}} Finding */

/** @type {Finding[]} */
let findings = [];
let isOn = false; // once asked for, or since a model wrote, the check follows the piece
let isShown = false; // on the notes, since the person asked for it
let asked = null; // the piece whose check is on its way
let checked = null; // the piece that the findings are of

/**
 * Checks the piece.
 * @param {{shows?: boolean}} [options] shows: on the notes too, not only in the list
 * @returns {Promise<Finding[]>}
 */
export async function check({ shows = true } = {}) {
  const { piece } = store.document;
  isShown ||= shows;
  isOn = true;
  asked = piece;
  if (isSilent(piece)) {
    [findings, checked] = [[], piece];
    byId("findings-summary").textContent = "There are no notes to check yet.";
    list();
    return findings;
  }
  byId("findings-summary").textContent = "Checking…";
  let answer;
  try {
    answer = await request("/check", { piece });
  } catch (error) {
    if (asked === piece) byId("findings-summary").textContent = "Not checked.";
    throw error;
  }
  // Meanwhile the piece may have changed, or be gone by Undo.
  if (asked !== piece || store.document.piece !== piece) return findings;
  [findings, checked] = [answer.findings, piece];
  byId("findings-summary").textContent = `${findingsName(findings.length)}.`;
  list();
  mark();
  return findings;
}

const again = debounce(() => {
  if (isOn) check({ shows: false }).catch(sayError);
}, 400);

/** Counts findings in what a model has just written; they are shown when they are asked for. */
export function countFindings() {
  [isOn, isShown] = [true, false];
  again();
}

/** Shows on the notes what is known. */
export function showFindings() {
  if (isShown || !isOn) return;
  isShown = true;
  mark();
}

/** @param {number} count @returns {string} such as "2 places break a rule" */
export const findingsName = (count) => (count
  ? `${count} ${count === 1 ? "place breaks" : "places break"} a rule` : "No rule is broken");

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function list() {
  const count = byId("findings-count");
  count.hidden = !findings.length;
  count.textContent = String(findings.length);
  byId("findings").replaceChildren(...findings.map((finding, index) => {
    const place = `${finding.bar ? `Bar ${finding.bar}` : "Pickup"}, beat ${String(finding.beat).replace(/\.0$/, "")}`;
    const button = element(
      "button", { class: "finding", type: "button", "data-testid": "finding" },
      element("span", { class: "place" }, place),
      element("span", { class: "rule" }, capital(finding.rule.replaceAll(/[-_]/g, " "))),
      element("span", { class: "message" }, capital(finding.message)),
    );
    button.addEventListener("click", () => goTo(index));
    return element("li", {}, button);
  }));
}

/** @param {Finding} finding @returns {{start: number, end: number, nodes: Element[]}[]} its notes in the score */
function notesOf(finding) {
  const { piece } = store.document;
  return finding.voices.flatMap((voice) => {
    const note = noteAt(piece, voice, finding.step);
    // A leap has two notes, and its step is that of the second.
    const before = note && finding.rule.includes("leap") && noteAt(piece, voice, note[1] - 1);
    return [note, before].flatMap((found) => (found && score.notes.get(`${voice}-${found[1]}`)) || []);
  });
}

/** Shows a finding in the score and selects its bar. @param {number} index */
function goTo(index) {
  const finding = findings[index];
  const { piece } = store.document;
  byId("findings").querySelectorAll(".finding").forEach((button, at) => {
    button.setAttribute("aria-current", String(at === index));
  });
  const bar = barAt(piece, finding.step);
  store.select({ first: bar, last: bar, voices: [...new Set(finding.voices)].sort() });
  score.show(notesOf(finding)[0]?.nodes[0] ?? score.bars[bar]);
  byId("score-overlay").querySelectorAll(".dot").forEach((dot) => dot.classList.toggle("is-current", dot.dataset.finding === String(index)));
}

const RING = 5; // pixels around the head of a note

/** Marks the notes, with a ring round the head of each, which hides no other note. */
function mark() {
  const overlay = byId("score-overlay");
  overlay.querySelectorAll(".dot").forEach((old) => old.remove());
  byId("score-pages").querySelectorAll(".has-finding").forEach((node) => {
    node.classList.remove("has-finding");
    node.removeAttribute("data-finding");
  });
  if (!isShown || !score.isFresh || checked !== store.document.piece) return;
  const { frame } = score;
  findings.forEach((finding, index) => {
    for (const { nodes } of notesOf(finding)) {
      for (const node of nodes) {
        node.classList.add("has-finding");
        node.setAttribute("data-finding", [node.getAttribute("data-finding"), index].filter((value) => value !== null).join(" "));
      }
      const box = headOf(nodes[0]).getBoundingClientRect();
      const dot = element("div", { class: "mark dot", "data-finding": index, "data-testid": "finding-dot" });
      for (const [side, value] of [["left", box.left - frame.left - RING], ["top", box.top - frame.top - RING], ["width", box.width + 2 * RING], ["height", box.height + 2 * RING]]) {
        dot.style.setProperty(side, `${value}px`);
      }
      overlay.append(dot);
    }
  });
}

function tip(event) {
  const node = event.target.closest?.("[data-finding]");
  const shown = byId("finding-tip");
  shown.hidden = !node || event.type === "pointerleave";
  if (shown.hidden) return;
  const messages = node.getAttribute("data-finding").split(" ").map((index) => findings[Number(index)]?.message).filter(Boolean);
  shown.textContent = [...new Set(messages)].map(capital).join(" · ");
  const box = node.getBoundingClientRect();
  // Beside the system, not over the notes that it speaks of.
  const system = (node.closest(".system") ?? node).getBoundingClientRect();
  const hasRoom = system.bottom + shown.offsetHeight + 12 < window.innerHeight;
  const left = Math.min(Math.max(8, box.left), window.innerWidth - shown.offsetWidth - 8);
  shown.style.setProperty("left", `${left}px`);
  shown.style.setProperty("top", `${hasRoom ? system.bottom + 4 : Math.max(8, system.top - shown.offsetHeight - 4)}px`);
}

/** Keeps findings beside a piece that changes. */
export function startFindings() {
  store.subscribe((document, before) => {
    if (document.piece === before.piece) return;
    byId("finding-tip").hidden = true;
    byId("score-overlay").querySelectorAll(".dot").forEach((old) => old.remove());
    if (document.piece) again();
    else {
      [isOn, isShown] = [false, false];
      [asked, checked, findings] = [null, null, []];
      byId("findings-summary").textContent = "Not checked yet.";
      list();
    }
  });
  score.addEventListener("drawn", mark);
  byId("score-pages").addEventListener("pointerover", tip);
  byId("score").addEventListener("pointerleave", tip);
}
