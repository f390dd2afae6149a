/**
 * What is drawn, and how is it kept in files? Strokes as canvases and Quick, Draw! give
 * them: each a list of points [x, y], x to the right and y down.
 *
 * @typedef {[number, number][]} Stroke
 */

const GRID = 255; // the longer side of a drawing in Quick, Draw!'s files
const TOLERANCE = 2; // of their simplification, in units of the grid

/**
 * Move a drawing to 0 and scale its longer side to the grid, simplified and rounded as
 * in the files of Quick, Draw!.
 *
 * @param {Stroke[]} strokes
 * @returns {Stroke[]}
 */
export function onGrid(strokes) {
  const points = strokes.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...points.map((at) => at[axis])));
  const sides = [0, 1].map(
    (axis) => Math.max(...points.map((at) => at[axis])) - [left, top][axis],
  );
  const scale = GRID / (Math.max(...sides) || GRID);
  return strokes.map((stroke) =>
    simplify(stroke.map(([x, y]) => [(x - left) * scale, (y - top) * scale])).map(
      ([x, y]) => [Math.round(x), Math.round(y)],
    ),
  );
}

/**
 * Leave out points that are near the line through their neighbours (Ramer 1972,
 * Douglas & Peucker 1973).
 *
 * @param {Stroke} stroke
 * @returns {Stroke}
 */
function simplify(stroke) {
  if (stroke.length < 3) return stroke;
  const [[x1, y1], [x2, y2]] = [stroke[0], stroke.at(-1)];
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = Math.hypot(dx, dy);
  let [farthest, largest] = [0, TOLERANCE];
  for (let index = 1; index < stroke.length - 1; index += 1) {
    const [x, y] = [stroke[index][0] - x1, stroke[index][1] - y1];
    const distance = length ? Math.abs(dx * y - dy * x) / length : Math.hypot(x, y);
    if (distance > largest) [farthest, largest] = [index, distance];
  }
  if (!farthest) return [stroke[0], stroke.at(-1)];
  const before = simplify(stroke.slice(0, farthest + 1));
  return [...before.slice(0, -1), ...simplify(stroke.slice(farthest))];
}

/**
 * Return a line of a Quick, Draw! file in its simplified form.
 *
 * @param {Stroke[]} strokes
 * @param {string | null} word  what the network takes it for
 */
export function toNdjson(strokes, word) {
  const drawing = onGrid(strokes).map((stroke) => [
    stroke.map(([x]) => x),
    stroke.map(([, y]) => y),
  ]);
  return `${JSON.stringify({ ...(word && { word }), drawing })}\n`;
}

/**
 * Return a picture of the strokes as an SVG file.
 *
 * @param {Stroke[]} strokes
 */
export function toSvg(strokes) {
  const lines = onGrid(strokes).map((stroke) => {
    // A dot is a line of no length, which round ends make visible.
    const points = stroke.length < 2 ? [stroke[0], stroke[0]] : stroke;
    return `  <polyline points="${points.map((at) => at.join(",")).join(" ")}"/>`;
  });
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 272 272" fill="none" ' +
      'stroke="black" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">',
    ...lines,
    "</svg>\n",
  ].join("\n");
}

/**
 * Give a text to the person as a file.
 *
 * @param {string} name
 * @param {string} text
 * @param {string} type  media type
 */
export function saveFile(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
