// The colours of the page, as its style sheet has them now, and the patterns that distinguish areas without colour.

const root = document.documentElement;
let printing = false;
const listeners = new Set();
const colours = new Map();
const patterns = new Map();

// A colour of the style sheet. While printing, those of the light scheme: the class `print` on the root sees to it.
export function colour(name) {
  if (!colours.has(name)) colours.set(name, getComputedStyle(root).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}

export const isPrinting = () => printing;

export function onChange(listener) {
  listeners.add(listener);
}

function changed() {
  colours.clear();
  patterns.clear();
  for (const listener of listeners) listener();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
addEventListener("beforeprint", () => {
  printing = true;
  root.classList.add("print");
  changed();
});
addEventListener("afterprint", () => {
  printing = false;
  root.classList.remove("print");
  changed();
});

const LINES = [
  ["line-1", []],
  ["line-2", [7, 3]],
  ["line-3", [2, 3]],
  ["line-4", [9, 3, 2, 3]],
  ["line-5", [4, 2]],
  ["line-6", [12, 4]],
  ["line-7", [2, 6]],
  ["line-8", [6, 3, 2, 3, 2, 3]],
];
const MARKS = ["solid", "rising", "level", "upright", "falling", "dotted", "crossed", "grid"];

// Providers, or routes, in the order of the file: a colour each, a dash for its lines and a mark for its areas. From the
// ninth on colours come again, with other dashes and marks.
const turned = (i) => (i + Math.floor(i / LINES.length)) % LINES.length;
export const toneOf = (i) => LINES[i % LINES.length][0];
export const dashOf = (i) => LINES[turned(i)][1];
export const markOf = (i) => MARKS[turned(i)];

// What each mark looks like, drawn on a tile of 8 by 8.
const STROKES = {
  solid: [],
  rising: [[-2, 10, 10, -2], [-2, 2, 2, -2], [6, 10, 10, 6]],
  falling: [[-2, -2, 10, 10], [-2, 6, 2, 10], [6, -2, 10, 2]],
  crossed: [[-2, 10, 10, -2], [-2, -2, 10, 10], [-2, 2, 2, -2], [6, 10, 10, 6], [-2, 6, 2, 10], [6, -2, 10, 2]],
  level: [[0, 2, 8, 2], [0, 6, 8, 6]],
  upright: [[2, 0, 2, 8], [6, 0, 6, 8]],
  grid: [[0, 2, 8, 2], [0, 6, 8, 6], [2, 0, 2, 8], [6, 0, 6, 8]],
  dotted: [[2, 2, 3.4, 2], [6, 6, 7.4, 6]],
};

// A fill: the colour, with the mark's strokes in the page's own colour over it.
export function fill(name, mark) {
  if (mark === "solid") return colour(name);
  const key = `${name} ${mark}`;
  if (patterns.has(key)) return patterns.get(key);
  const scale = devicePixelRatio || 1;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(8 * scale);
  const pen = tile.getContext("2d");
  pen.scale(tile.width / 8, tile.height / 8);
  pen.fillStyle = colour(name);
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = colour("sheet");
  pen.lineWidth = mark === "dotted" ? 1.4 : 1.1;
  for (const [x0, y0, x1, y1] of STROKES[mark]) {
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  }
  const pattern = pen.createPattern(tile, "repeat");
  patterns.set(key, pattern);
  return pattern;
}
