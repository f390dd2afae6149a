// Light, dark, or as the system has it? Loaded first, so that nothing flashes.

import { prefer, settings } from "./settings.js";

const NAMES = { system: "as the system", light: "light", dark: "dark" };

function show() {
  const root = document.documentElement;
  if (settings.theme === "system") delete root.dataset.theme;
  else root.dataset.theme = settings.theme;
  document.getElementById("theme")?.setAttribute("aria-label", `Theme: ${NAMES[settings.theme]}`);
  document.getElementById("theme")?.setAttribute("title", `Theme: ${NAMES[settings.theme]}`);
}

/** Goes on to the next theme and says its name. @returns {string} */
export function nextTheme() {
  const order = Object.keys(NAMES);
  prefer({ theme: order[(order.indexOf(settings.theme) + 1) % order.length] });
  show();
  return NAMES[settings.theme];
}

show();
