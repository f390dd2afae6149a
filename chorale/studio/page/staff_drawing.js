/**
 * How does a voice look on its staff? Draws it as SVG, without a music font.
 *
 * @typedef {import("./staff_layout.js").StaffLayout} StaffLayout
 * @typedef {import("./timeline.js").Piece} Piece
 */

import { alterOf, numberOf, signatureAlter, signatureLetters } from "./pitches.js";
import { BOTTOM, HEIGHT, MIDDLE, SPACE, STEM, TOP } from "./staff_layout.js";
import { restsOf, tiedParts } from "./staff_layout.js";
import { metreLengths } from "./timeline.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Make an SVG element.
 *
 * @param {string} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...Element} children
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
const line = (x1, y1, x2, y2, name = "staff-stroke") =>
  svg("line", { class: name, x1, y1, x2, y2 });

/** A sign of strokes or surfaces at a place. */
const sign = (x, y, d, name = "staff-sign") =>
  svg("path", { class: name, d, transform: `translate(${x} ${y})` });

const G_CLEF =
  "M1 5C-4 6-8-1-2-6C5-11 14-5 13 4C12 13 1 15-7 11C-17 6-17-8-9-17C-3-24 7-30 7-42" +
  "C7-49 4-53 2-53C-3-50-5-41-3-32L5 22C6 30 0 34-5 31C-9 28-7 23-4 24";
const F_CLEF = "M-9 1C-9-8 8-11 9 1C10 14 0 22-11 26";
const SHARP = "M-2.5-10V11M2.5-11V10M-5.5-2L5.5-5M-5.5 5L5.5 2";
const FLAT = "M-3.5-17V6C1 4 5 0 4-3C3-6-1-5-3.5-2";
const NATURAL = "M-3-13V5L3 3M3 13V-5L-3-3";
const ACCIDENTALS = { 1: SHARP, [-1]: FLAT, 0: NATURAL };
const QUARTER_REST =
  "M-3-16L4-6C0-2 0 0 4 6C-3 3-6 8 0 14C-10 9-8 2-1 3L-4-3C0-7 0-10-3-16Z";
const FERMATA = "M-12 0A12 11 0 0 1 12 0";

/**
 * Draw the staff with clef, key signature, time signatures and barlines.
 *
 * @param {StaffLayout} layout
 */
export function drawStaff(layout) {
  const group = svg("g", { class: "staff-frame" });
  const end = layout.barlineX(layout.bars.at(-1));
  for (let index = 0; index < 5; index += 1) {
    const y = TOP + index * SPACE;
    group.append(line(6, y, end, y, "staff-line"));
  }
  if (layout.clef === "treble") {
    group.append(sign(26, layout.y(32), G_CLEF));
    group.append(svg("circle", { class: "staff-fill", cx: 22, cy: BOTTOM + 15, r: 3.5 }));
  } else {
    const y = layout.y(24);
    group.append(sign(26, y, F_CLEF));
    group.append(svg("circle", { class: "staff-fill", cx: 18, cy: y, r: 3.5 }));
    for (const dy of [-6, 6]) {
      group.append(svg("circle", { class: "staff-fill", cx: 40, cy: y + dy, r: 2 }));
    }
  }
  for (const [index, letter] of signatureLetters(layout.fifths).entries()) {
    // Sharps from the upper F line downwards, flats around the middle, as printed.
    const low = MIDDLE[layout.clef] + (layout.fifths > 0 ? -1 : -3);
    const number = low + ((((letter - low) % 7) + 7) % 7);
    const accidental = layout.fifths > 0 ? SHARP : FLAT;
    group.append(sign(52 + 10 * index, layout.y(number), accidental));
  }
  layout.bars.forEach((bar, index) => {
    const before = layout.bars[index - 1];
    const { numerator, denominator } = bar.metre;
    const isNew =
      !before ||
      numerator !== before.metre.numerator ||
      denominator !== before.metre.denominator;
    if (isNew) {
      const x = before ? layout.x(bar.start) - 18 : layout.metreX + 12;
      for (const [text, y] of [
        [numerator, TOP + 2 * SPACE - 3],
        [denominator, BOTTOM - 3],
      ]) {
        const element = svg("text", { class: "staff-metre", x, y });
        element.textContent = String(text);
        group.append(element);
      }
    }
    const x = layout.barlineX(bar);
    const isLast = bar.end === layout.steps;
    group.append(line(x, TOP, x, BOTTOM, isLast ? "staff-end" : "staff-stroke"));
    if (bar.isSpare) {
      const left = layout.barlineX(before ?? bar);
      group.append(
        svg("rect", {
          class: "staff-spare", x: left + 2, y: TOP, width: x - left - 3, height: 4 * SPACE,
        }),
      );
    } else if (bar.position === 0) {
      const number = svg("text", {
        class: "staff-number", x: layout.x(bar.start) - 10, y: HEIGHT - 8,
      });
      number.textContent = String(bar.number);
      group.append(number);
    }
  });
  return group;
}

/**
 * Draw the notes and rests of a voice.
 *
 * @param {StaffLayout} layout
 * @param {Piece} piece
 * @param {number} voice
 * @param {object} [options]
 * @param {number | null} [options.selected]  first step of the selected note
 * @param {1 | -1 | 0} [options.stem]  stems up, down, or by the notes
 * @param {boolean} [options.isBare]  without rests
 */
export function drawNotes(
  layout, piece, voice, { selected = null, stem = 0, isBare = false } = {},
) {
  const group = svg("g", { class: "staff-notes" });
  for (const bar of layout.bars) {
    if (bar.isSpare || isBare) continue;
    for (const rest of restsOf(bar, piece.voices[voice])) {
      group.append(drawRest(layout, bar, rest));
    }
  }
  /** Accidentals in force: bar and diatonic number → sharps. @type {Map<string, number>} */
  const inForce = new Map();
  const parts = [];
  for (const [pitch, start, length] of piece.voices[voice]) {
    const number = numberOf(pitch, layout.fifths);
    const alter = alterOf(pitch, number);
    const place = `${layout.barAt(start).start} ${number}`;
    const before = inForce.get(place) ?? signatureAlter(number, layout.fifths);
    inForce.set(place, alter);
    const name = start === selected ? "staff-note is-selected" : "staff-note";
    const note = svg("g", { class: name, "data-start": start });
    const written = tiedParts(layout, start, length);
    if (alter !== before) {
      const [x, y] = [layout.x(start) - 14, layout.y(number)];
      const single = ACCIDENTALS[Math.sign(alter)];
      for (let count = 0; count < Math.max(Math.abs(alter), 1); count += 1) {
        note.append(sign(x - 8 * count, y, single));
      }
    }
    for (const [index, part] of written.entries()) {
      parts.push({ ...part, number, note });
      const after = written[index + 1];
      if (after) {
        note.append(drawTie(layout.x(part.start), layout.x(after.start), layout.y(number)));
      }
    }
    group.append(note);
  }
  for (const beam of beamsOf(layout, parts)) drawBeam(layout, beam, group, stem);
  return group;
}

/** Draw a fermata. @param {number} x @param {number} y */
export function drawFermata(x, y) {
  const dot = svg("circle", { class: "staff-fill", cx: x, cy: y - 2, r: 2 });
  return svg("g", { class: "staff-fermata" }, sign(x, y, FERMATA), dot);
}

/**
 * Draw a notehead with its ledger lines.
 *
 * @param {StaffLayout} layout
 * @param {number} start
 * @param {number} number  diatonic
 * @param {number} length
 */
export function drawHead(layout, start, number, length) {
  const [x, y] = [layout.x(start), layout.y(number)];
  const group = svg("g", { class: "staff-head" });
  const middle = MIDDLE[layout.clef];
  for (let other = middle + 6; other <= number; other += 2) {
    group.append(line(x - 11, layout.y(other), x + 11, layout.y(other), "staff-line"));
  }
  for (let other = middle - 6; other >= number; other -= 2) {
    group.append(line(x - 11, layout.y(other), x + 11, layout.y(other), "staff-line"));
  }
  group.append(
    svg("ellipse", {
      class: length >= 8 ? "staff-open" : "staff-fill",
      cx: 0, cy: 0, rx: length >= 16 ? 7.4 : 6.6, ry: 4.7,
      transform: `translate(${x} ${y}) rotate(-20)`,
    }),
  );
  if (length % 3 === 0) {
    const onLine = (number - middle) % 2 === 0;
    const cy = onLine ? y - SPACE / 2 : y;
    group.append(svg("circle", { class: "staff-fill", cx: x + 12, cy, r: 2 }));
  }
  return group;
}

/** @param {number} from @param {number} to @param {number} y */
function drawTie(from, to, y) {
  const middle = (from + to) / 2;
  return sign(0, 0, `M${from + 5} ${y + 8}Q${middle} ${y + 17} ${to - 5} ${y + 8}`);
}

/** @param {StaffLayout} layout @param {{end: number}} bar */
function drawRest(layout, bar, { start, length }) {
  const middle = TOP + 2 * SPACE;
  const isBar = length === bar.end - start && start === bar.start;
  const x = isBar ? (layout.x(start) + layout.x(bar.end - 1)) / 2 : layout.x(start);
  if (isBar && length >= 4) {
    return svg("rect", { class: "staff-rest", x: x - 7, y: TOP + SPACE, width: 14, height: 6 });
  }
  if (length === 8) {
    return svg("rect", { class: "staff-rest", x: x - 7, y: middle - 6, width: 14, height: 6 });
  }
  if (length === 4) return sign(x, middle, QUARTER_REST, "staff-rest");
  const flags = length === 2 ? [-6] : [-6, 4];
  const group = svg("g", { class: "staff-rest-group" });
  group.append(sign(x, middle, `M5-8L${length === 2 ? -1 : -3} ${length === 2 ? 14 : 18}`, "staff-rest-stroke"));
  for (const y of flags) {
    group.append(sign(x - (y > 0 ? 2 : 0), middle, `M5 ${y - 2}Q1 ${y + 4}-4 ${y}`, "staff-rest-stroke"));
    group.append(svg("circle", { class: "staff-rest", cx: x - 4 - (y > 0 ? 2 : 0), cy: middle + y, r: 3 }));
  }
  return group;
}

/**
 * Group the notes that are shorter than a quarter by beats; others are alone.
 *
 * @param {StaffLayout} layout
 * @param {{start: number, length: number, number: number, note: Element}[]} parts
 */
function beamsOf(layout, parts) {
  const groups = [];
  let last = null;
  for (const part of parts) {
    const bar = layout.barAt(part.start);
    const { beat } = metreLengths(bar.metre);
    const place = `${bar.start} ${Math.floor((bar.position + part.start - bar.start) / beat)}`;
    const goesOn = last && last.place === place && last.end === part.start && part.length < 4;
    if (goesOn) last.parts.push(part);
    else groups.push((last = { place, parts: [part], end: 0 }));
    last.end = part.length < 4 ? part.start + part.length : -1;
  }
  return groups.map((group) => group.parts);
}

/** Draw notes that share a beam, or one note with its stem and flags. */
function drawBeam(layout, parts, group, stem) {
  const mean = parts.reduce((sum, part) => sum + part.number, 0) / parts.length;
  const isUp = stem ? stem > 0 : mean < MIDDLE[layout.clef];
  const side = isUp ? 1 : -1;
  const heights = parts.map((part) => layout.y(part.number));
  const tip = isUp ? Math.min(...heights) - STEM : Math.max(...heights) + STEM;
  const stemX = (part) => layout.x(part.start) + side * 5.8;
  parts.forEach((part, index) => {
    part.note.append(drawHead(layout, part.start, part.number, part.length));
    if (part.length >= 16) return;
    part.note.append(line(stemX(part), heights[index], stemX(part), tip));
    if (parts.length > 1 || part.length >= 4) return;
    for (let flag = 0; flag < (part.length < 2 ? 2 : 1); flag += 1) {
      const y = tip + side * flag * 8;
      const d = `M0 0C1 ${side * 9} 11 ${side * 11} 7 ${side * 24}`;
      part.note.append(sign(stemX(part), y, d, "staff-flag"));
    }
  });
  if (parts.length < 2) return;
  const [first, last] = [stemX(parts[0]), stemX(parts.at(-1))];
  group.append(line(first, tip + side * 2, last, tip + side * 2, "staff-beam"));
  parts.forEach((part, index) => {
    if (part.length > 1) return;
    const after = parts[index + 1];
    const before = parts[index - 1];
    const end = after ? (after.length === 1 ? stemX(after) : stemX(part) + 8) : stemX(part) - 8;
    if (!after && before.length === 1) return;
    const y = tip + side * 10;
    group.append(line(stemX(part), y, end, y, "staff-beam"));
  });
}
