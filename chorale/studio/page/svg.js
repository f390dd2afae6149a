// How does an engraving become nodes of the page, with nothing in it but drawing?

const SVG = "http://www.w3.org/2000/svg";
const TAGS = new Set([
  "svg", "g", "path", "polygon", "polyline", "line", "rect", "circle", "ellipse",
  "text", "tspan", "use", "defs", "symbol", "title", "desc",
]);
const ATTRIBUTES = new Set([
  "id", "class", "d", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx",
  "ry", "width", "height", "viewBox", "preserveAspectRatio", "transform", "fill",
  "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity",
  "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "opacity", "color",
  "overflow", "text-anchor", "font-family", "font-size", "font-style", "font-weight",
  "dominant-baseline", "letter-spacing", "xml:space", "version", "xmlns",
]);

/** Keeps what draws and drops the rest. @param {Element} node */
function clean(node) {
  for (const { name, value } of [...node.attributes]) {
    const isData = /^data-[a-z-]+$/.test(name);
    const isUse = node.localName === "use" && /^(xlink:)?href$/.test(name) && value.startsWith("#");
    const isUrl = /url\s*\(|\\/i.test(value); // also with letters escaped as in CSS
    if (!(isData || isUse || ATTRIBUTES.has(name)) || isUrl) node.removeAttribute(name);
  }
  for (const child of [...node.children]) {
    if (TAGS.has(child.localName) && child.namespaceURI === SVG) clean(child);
    else child.remove();
  }
}

/**
 * Reads the text of an SVG, keeping only the tags and attributes that draw.
 * @param {string} text
 * @param {{ids?: boolean}} [options] ids: false moves the ids of notes and bars to
 *   `data-id`, so that several engravings of a piece can stand in a page
 * @returns {SVGSVGElement}
 */
export function svgFrom(text, { ids = true } = {}) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg" || root.querySelector("parsererror")) {
    throw new Error("The engraving is not an SVG.");
  }
  clean(root);
  if (!ids) {
    for (const node of root.querySelectorAll("[id]")) {
      if (node.closest("defs")) continue;
      node.setAttribute("data-id", node.id);
      node.removeAttribute("id");
    }
  }
  root.setAttribute("aria-hidden", "true");
  return document.importNode(root, true);
}
