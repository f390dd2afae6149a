// What is said to the person: notices that can be dismissed, errors that are read out.

import { byId, element, icon } from "./dom.js";

const QUIET = 4000; // milliseconds after which a plain notice goes away

/** What begins with the name of a file: `tune.mid has…` or `my tune.mid: …`. */
const FILE_FIRST = /^(\S+\.\w+(?=[\s:,])|[^:]+\.\w+: )/;

/** @param {string} text @returns {string} with a capital, unless a file's name comes first, and a full stop */
function sentence(text) {
  const begun = FILE_FIRST.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/**
 * Says something.
 * @param {string} text one sentence
 * @param {{kind?: "note"|"error", lines?: string[], fixes?: Node[], lasts?: boolean, name?: string}} [options]
 *   lines: further sentences; fixes: controls that put it right; lasts: until dismissed;
 *   name: replaces the notice of the same name
 * @returns {() => void} that takes it away
 */
export function say(text, { kind = "note", lines = [], fixes = [], lasts = false, name } = {}) {
  const notices = byId("notices");
  if (name) notices.querySelector(`[data-name="${name}"]`)?.remove();
  const close = element("button", { class: "plain square", type: "button", "aria-label": "Dismiss" }, icon("close", true));
  const notice = element(
    "div",
    { class: `notice ${kind}`, role: kind === "error" ? "alert" : "status", "data-testid": kind === "error" ? "error" : "notice", "data-name": name },
    element("div", { class: "text" }, sentence(text), lines.length ? element("ul", {}, ...lines.map((line) => element("li", {}, sentence(line)))) : null),
    close,
    fixes.length ? element("div", { class: "fixes" }, ...fixes) : null,
  );
  const remove = () => notice.remove();
  close.addEventListener("click", remove);
  for (const old of [...notices.children].slice(0, -2)) old.remove();
  notices.append(notice);
  if (!lasts && kind !== "error") setTimeout(remove, QUIET);
  return remove;
}

/** Takes notices away that no longer matter. @param {...string} names */
export function unsay(...names) {
  for (const name of names) byId("notices").querySelector(`[data-name="${name}"]`)?.remove();
}

/** Says that something failed; a cancelled job did not. @param {unknown} error */
export function sayError(error) {
  if (error?.name === "AbortError") return;
  if (error?.status === 0) return; // the notice of the connection says it
  console.warn(error);
  say(error?.message || String(error), { kind: "error", name: "error" });
}
