// Which keys do what, everywhere on the page? And the dialog that lists them.

import { byId, element } from "./dom.js";

const LIST = [
  ["Anywhere", [
    [["Space"], "Play or pause"], [["."], "Stop"], [["Ctrl", "Z"], "Undo"], [["Ctrl", "Shift", "Z"], "Redo"],
    [["Ctrl", "O"], "Open a file"], [["Ctrl", "S"], "Save as MIDI"], [["Ctrl", "P"], "Print the score"], [["?"], "This list"],
  ]],
  ["Write (not while notes are edited)", [
    [["G"], "Generate"], [["H"], "Harmonize"], [["R"], "Rewrite the selection"], [["C"], "Check"], [["E"], "Edit notes, or back to the score"],
    [["Esc"], "Cancel what is running; clear the selection"],
  ]],
  ["In the score", [
    [["←", "→"], "Move by bar"], [["↑", "↓"], "Move by voice"], [["Shift", "arrows"], "Extend the selection"],
    [["Home", "End"], "First and last bar"], [["Ctrl", "A"], "Select everything"], [["Enter"], "Play from the selection"],
    [["L"], "Lock or unlock the selection"], [["+", "−"], "Larger, smaller"],
  ]],
];

/** Opens the list of shortcuts. */
export function showShortcuts() {
  const dialog = byId("shortcuts-dialog");
  if (dialog.open) return;
  const close = element("button", { class: "primary" }, "Close");
  const lines = LIST.flatMap(([title, entries]) => [
    element("h3", {}, title),
    element("dl", { class: "keys" }, ...entries.flatMap(([keys, action]) => [
      element("dt", {}, ...keys.flatMap((key, index) => [index ? " " : "", element("kbd", {}, key)])), element("dd", {}, action),
    ])),
  ]);
  dialog.replaceChildren(element("form", { method: "dialog" }, element("h2", { id: "shortcuts-dialog-title" }, "Keyboard"), ...lines, element("div", { class: "buttons" }, close)));
  dialog.showModal();
  close.focus({ preventScroll: true });
  dialog.scrollTop = 0;
}

/** @param {EventTarget|null} target @returns {boolean} whether keys belong to a field */
const isField = (target) => Boolean(target?.closest?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea, melody-editor, sketch-pad, dialog, [contenteditable]"));

/**
 * Listens to keys that no field takes.
 * @param {Record<string, () => void>} actions by name: play, stop, undo, redo, open, save,
 *   print, generate, harmonize, rewrite, check, edit, cancel, all, fromSelection, larger, smaller
 */
export function startShortcuts(actions) {
  byId("help").addEventListener("click", showShortcuts);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const { target } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    const isText = isField(target);
    const inScore = Boolean(target.closest?.("#score")) || target === document.body;
    const isButton = Boolean(target.closest?.("button, summary, a, [role=tab], [role=option]"));
    let name;
    if (isCommand && !event.altKey) {
      const commands = { z: event.shiftKey ? "redo" : "undo", y: "redo", o: "open", s: "save", p: "print" };
      if (inScore) commands.a = "all";
      const isOwn = isText && target.matches("input, textarea, select, [contenteditable]") && "zya".includes(key);
      name = isOwn ? undefined : commands[key];
    } else if (!isText && !event.altKey) {
      const keys = { ".": "stop", "?": "help", g: "generate", h: "harmonize", r: "rewrite", c: "check", e: "edit", escape: "cancel", "+": "larger", "=": "larger", "-": "smaller" };
      if (!isButton && target.type !== "checkbox" && target.type !== "radio") keys[" "] = "play";
      if (inScore) keys.enter = "fromSelection";
      name = keys[key];
    }
    if (!name) return;
    // The piece is out of sight while one sketches, and stays as it is.
    if (byId("view-score").hidden && name !== "help") return;
    if (name === "help") showShortcuts();
    else if (actions[name]) actions[name]();
    else return;
    event.preventDefault();
  });
}
