// How do the parts of the page work together? Wiring only.

import { cancel, kept, openAction, run, setLimits, showModels, startActions } from "./actions.js";
import { addStyle, announce, arrowTabs, byId, chooseTab, element, tameMenus } from "./dom.js";
import { forgetKeys, isEditing, prepareEditing, setEditing, startEditing } from "./editing.js";
import { opened, startFilesIn, takeAnswer } from "./files_in.js";
import { printScore, save, startFilesOut } from "./files_out.js";
import { countFindings, startFindings } from "./findings.js";
import { say, sayError, unsay } from "./notices.js";
import { editPiece, newPiece } from "./piece_dialog.js";
import { score } from "./score.js";
import { showSeeds, startSeeds } from "./seeds.js";
import { selectAll, startSelection } from "./selection.js";
import { connection, getCatalogue } from "./server.js";
import { prefer, settings } from "./settings.js";
import { showShortcuts, startShortcuts } from "./shortcuts.js";
import { store } from "./store.js";
import { nextTheme } from "./theme.js";
import { playFromSelection, startTransport, stopPlaying, togglePlay } from "./transport.js";
import { dismissVariations, startVariations } from "./variations.js";

// === The top bar ===

/** Before a change is taken back, a choice that is open is, as it is what one sees. */
function endChoice() {
  const isEnded = dismissVariations();
  if (isEnded) announce("The piece stays as it was");
  return isEnded;
}

function undo() {
  if (endChoice()) return;
  const label = store.undo();
  announce(label ? `Undone: ${label}` : "Nothing to undo");
}

function redo() {
  if (endChoice()) return;
  const label = store.redo();
  announce(label ? `Redone: ${label}` : "Nothing to redo");
}

function showDocument() {
  const { piece } = store.document;
  for (const [id, name, changes] of [["undo", "Undo", store.past], ["redo", "Redo", store.future]]) {
    const label = changes.at(-1)?.label;
    byId(id).disabled = !label;
    byId(id).setAttribute("aria-label", label ? `${name}: ${label}` : name);
    byId(id).title = label ? `${name}: ${label}` : name;
  }
  const title = byId("title");
  if (document.activeElement !== title) title.value = piece?.title ?? "";
  title.disabled = !piece;
  document.title = piece?.title ? `${piece.title} – Chorale studio` : "Chorale studio";
  for (const id of ["edit-notes", "piece-settings", "zoom-in", "zoom-out"]) byId(id).disabled = !piece;
  byId("out-summary").setAttribute("aria-disabled", String(!piece));
  byId("piece-facts").textContent = piece ? facts(piece) : "";
}

function facts(piece) {
  const { numerator, denominator } = piece.metres[0];
  const count = piece.bars.at(-1).number;
  const bars = `${count} ${count === 1 ? "bar" : "bars"}`;
  return [piece.source, piece.key, `${numerator}/${denominator}`, bars].filter(Boolean).join(" · ");
}

function topBar() {
  byId("undo").addEventListener("click", undo);
  byId("redo").addEventListener("click", redo);
  byId("theme").addEventListener("click", () => announce(`Theme: ${nextTheme()}`));
  byId("new").addEventListener("click", begin);
  byId("title").addEventListener("change", (event) => {
    const title = event.target.value.trim();
    store.apply("Title", (document) => (document.piece && document.piece.title !== title
      ? { ...document, piece: { ...document.piece, title } } : document));
  });
  byId("title").addEventListener("keydown", (event) => {
    if (event.key === "Enter") byId("score").focus();
  });
  const tabs = [byId("tab-score"), byId("tab-sketch")];
  arrowTabs(tabs[0].parentElement);
  for (const tab of tabs) tab.addEventListener("click", () => showTab(tab.id.replace("tab-", "")));
}

async function begin() {
  prepareEditing();
  if (!await newPiece()) {
    forgetKeys();
    return;
  }
  openAction("harmonize", { opens: false });
  setEditing(true);
}

async function showTab(name) {
  chooseTab([byId("tab-score"), byId("tab-sketch")], byId(`tab-${name}`));
  byId("view-score").hidden = name !== "score";
  byId("view-sketch").hidden = name !== "sketch";
  // There is no piece in sight to be named, saved or undone.
  for (const part of ["title", "open", "new", "out", "undo", "redo"]) byId(part).hidden = name === "sketch";
  if (name !== "sketch") return;
  stopPlaying();
  const view = byId("view-sketch");
  if (view.childElementCount) return;
  try {
    await Promise.all([import("./sketch_pad.js"), addStyle("sketch_pad.css")]);
    if (!view.childElementCount) view.append(element("sketch-pad"));
  } catch (error) {
    sayError(error);
  }
}

// === View ===

function viewMenu() {
  for (const staves of [2, 4]) {
    byId(`staves-${staves}`).checked = settings.staves === staves;
    byId(`staves-${staves}`).addEventListener("change", () => {
      prefer({ staves });
      score.redraw.now();
    });
  }
  for (const name of ["numerals", "colours", "follow"]) {
    byId(name).checked = settings[name];
    byId(name).addEventListener("change", (event) => {
      prefer({ [name]: event.target.checked });
      if (name === "numerals") score.redraw.now();
      else score.mark();
    });
  }
}

// === The server ===

function connectionNotices() {
  let remove = null;
  connection.addEventListener("gone", () => {
    unsay("saved");
    remove = say("The studio’s server does not answer. Your piece is kept in this browser; trying again…", { kind: "error", name: "connection" });
  });
  connection.addEventListener("back", () => {
    remove?.();
    say("The server is back.", { name: "connection" });
    loadCatalogue();
  });
}

async function loadCatalogue() {
  try {
    const catalogue = await getCatalogue();
    showSeeds(catalogue.seeds);
    showModels(catalogue.models);
    setLimits(catalogue.limits);
    takeCommandLine(catalogue);
  } catch (error) {
    byId("seed-count").textContent = "The openings could not be loaded.";
    sayError(error);
  }
}

/** Opens the file that the command line named, once; a reload keeps what came of it. */
function takeCommandLine({ opened }) {
  if (!opened) return;
  const { piece } = opened;
  const text = JSON.stringify(piece);
  if (settings.commandLine === text && store.document.piece) return;
  prefer({ commandLine: text });
  takeAnswer(opened, piece.title || piece.source || "the file");
}

// === What the browser keeps ===

function keeping() {
  store.addEventListener("unsaved", () => say("This browser has no room to keep the piece: save it as a file before you leave.", { kind: "error", name: "unsaved" }));
  store.addEventListener("saved", () => unsay("unsaved"));
  const { other } = store;
  if (!other) return;
  const answer = (text, action) => {
    const button = element("button", { class: "secondary", type: "button" }, text);
    button.addEventListener("click", () => {
      action();
      store.forgetOther();
      unsay("other");
    });
    return button;
  };
  const name = other.piece.title ? `“${other.piece.title}”` : "a piece without a title";
  say(`Another tab had ${name}, which is kept too.`, {
    fixes: [answer("Bring it back", () => store.apply("Bring back", () => other)), answer("Forget it", () => {})], lasts: true, name: "other",
  });
}

// === Start ===

tameMenus();
topBar();
viewMenu();
connectionNotices();
startSeeds();
startActions();
startVariations();
startFindings();
startSelection(() => run("rewrite"));
startFilesIn();
startFilesOut();
startEditing();
startShortcuts({
  play: togglePlay, stop: stopPlaying, undo, redo, save: () => save("midi"), print: printScore,
  open: () => byId("open-file").click(), help: showShortcuts,
  generate: () => openAction("generate"), harmonize: () => run("harmonize"), rewrite: () => run("rewrite"), check: () => run("check"),
  edit: () => { if (store.document.piece) setEditing(!isEditing()); },
  cancel: () => { if (!cancel()) store.select(null); },
  all: selectAll, fromSelection: playFromSelection, larger: () => score.zoom(1), smaller: () => score.zoom(-1),
});
byId("piece-settings").addEventListener("click", editPiece);
byId("welcome-generate").addEventListener("click", () => run("generate"));
byId("welcome-write").addEventListener("click", begin);
opened.addEventListener("opened", (event) => {
  setEditing(false);
  openAction(event.detail.isMelody ? "harmonize" : "rewrite", { opens: false });
});
kept.addEventListener("kept", () => {
  setEditing(false); // in which a single voice is seen
  countFindings();
});
score.addEventListener("failed", (event) => sayError(event.detail));
store.subscribe(showDocument);
keeping();
showDocument();
score.start();
startTransport().catch(sayError);
loadCatalogue();
