// How do modules make and find elements without ever parsing HTML?

/** @param {string} id @returns {HTMLElement} the element of index.html with this id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element #${id}`);
  return found;
}

/**
 * Makes an element. Strings become text, never markup.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] `class`, `data-…`, `aria-…`, `role` and
 *   `for` become attributes, `on…` listeners, everything else properties
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElement}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (/^(class|for|role|list|data-.*|aria-.*)$/.test(name)) made.setAttribute(name, String(value));
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** @param {string} name of a symbol in index.html, such as `play` @returns {SVGElement} */
export function icon(name, small = false) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", small ? "icon small" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Loads a stylesheet that the first paint does not need. @param {string} name @returns {Promise<void>} once it is there */
export function addStyle(name) {
  const href = `/page/${name}`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = element("link", { rel: "stylesheet", href });
  document.head.append(link);
  // Without its style a part of the page is ugly, but works.
  return new Promise((resolve) => { for (const end of ["load", "error"]) link.addEventListener(end, () => resolve(), { once: true }); });
}

/** Says a sentence to screen readers. @param {string} sentence */
export function announce(sentence) {
  byId("announcer").textContent = sentence;
}

/**
 * Calls a function once, after no call came for a while.
 * @template {(...args: any[]) => void} F @param {F} action @param {number} milliseconds
 */
export function debounce(action, milliseconds) {
  let timer = 0;
  const later = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
  later.now = (...values) => {
    clearTimeout(timer);
    action(...values);
  };
  return later;
}

/** Makes a row of tabs work by arrow keys. @param {HTMLElement} list of role=tablist */
export function arrowTabs(list) {
  list.addEventListener("keydown", (event) => {
    const tabs = [...list.querySelectorAll("[role=tab]")];
    const at = tabs.indexOf(document.activeElement);
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (at < 0 || !move) return;
    event.preventDefault();
    const next = tabs[(at + move + tabs.length) % tabs.length];
    next.click();
    next.focus();
  });
}

/** Marks which tab of a list is chosen. @param {HTMLElement[]} tabs @param {HTMLElement} chosen */
export function chooseTab(tabs, chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
  }
}

/** Closes open menus on Escape, on a click elsewhere and when focus leaves them. */
export function tameMenus() {
  const open = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("pointerdown", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopPropagation();
    }
  }, true);
  document.addEventListener("focusin", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
}
