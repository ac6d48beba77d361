// The times in which faults acted: a tint behind every panel, and their names above the first one. Names that do not fit
// become numbers, which the list of faults explains.

import { within } from "./clip.js";
import { colour } from "./theme.js";

const ROW = 15;
const ROWS_MAX = 5;
const FONT = (scale) => `600 ${11 * scale}px system-ui, sans-serif`;
const GAP = 8;

// Draws the tints behind a panel.
export function tint(chart, faults) {
  within(chart, (ctx) => {
    const { bbox } = chart;
    for (const { from, to } of faults.flatMap((fault) => fault.phases)) {
      const left = chart.valToPos(from, "x", true);
      const right = chart.valToPos(to, "x", true);
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.fillStyle = colour("fault-tint");
      ctx.fillRect(left, bbox.top, Math.max(right - left, devicePixelRatio), bbox.height);
      ctx.fillStyle = colour("fault-edge");
      ctx.fillRect(left, bbox.top, devicePixelRatio, bbox.height);
      ctx.fillRect(right - devicePixelRatio, bbox.top, devicePixelRatio, bbox.height);
    }
  });
}

// Gives each fault that is in sight a row and a place in it, so that no two names lie over each other: null where there
// is no row left. `place` gives the pixels of an instant; left and right are the ends of the chart.
function placed(faults, words, rows, pen, place, left, right) {
  const ends = new Array(rows).fill(-Infinity);
  return faults.map((fault, i) => {
    const seen = fault.phases.map(({ from, to }) => [place(from), place(to)]).filter(([a, b]) => b >= left && a <= right);
    if (seen.length === 0) return null;
    const width = pen.measureText(words[i]).width;
    const start = Math.max(seen[0][0], left);
    const begin = Math.max(Math.min(start, right - width), left);
    const end = Math.max(begin + width, Math.min(seen[seen.length - 1][1], right));
    const row = ends.findIndex((taken) => taken <= Math.min(begin, start));
    if (row < 0 || begin + width > right) return null;
    ends[row] = end + GAP;
    return { row, begin, seen };
  });
}

export class FaultNames {
  // `list`: the list of the page, in the order of the faults. It is shown where names have become numbers.
  constructor(faults, axis, list) {
    this.faults = faults;
    this.axis = axis;
    this.list = list;
    this.pen = document.createElement("canvas").getContext("2d");
    this.pen.font = FONT(1);
  }

  // As the whole run is shown at this width: how many rows, and names or numbers.
  layout() {
    const width = this.axis.plotWidth;
    if (this.width === width) return this.drawn;
    this.width = width;
    const place = (at) => (width * at) / this.axis.end;
    for (const isNumbered of [false, true]) {
      const words = this.faults.map((fault, i) => (isNumbered ? String(i + 1) : fault.label));
      const places = placed(this.faults, words, ROWS_MAX, this.pen, place, 0, width).filter(Boolean);
      const rows = Math.max(0, ...places.map(({ row }) => row + 1));
      this.drawn = { words, rows, isNumbered };
      if (places.length === this.faults.length) break;
    }
    this.list?.classList.toggle("unseen", !this.drawn.isNumbered);
    return this.drawn;
  }

  height() {
    const { rows } = this.layout();
    return rows > 0 ? rows * ROW + 6 : 8;
  }

  // Each fault once, at its first phase in sight, with a bar over each of its phases.
  draw(chart) {
    const { ctx, bbox } = chart;
    const scale = devicePixelRatio;
    const { words, rows } = this.layout();
    const right = bbox.left + bbox.width;
    ctx.save();
    ctx.font = FONT(scale);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.fillStyle = colour("fault");
    const places = placed(this.faults, words, rows, ctx, (at) => chart.valToPos(at, "x", true), bbox.left, right);
    places.forEach((one, i) => {
      if (!one) return;
      const y = bbox.top - (rows - one.row) * ROW * scale;
      for (const [a, b] of one.seen) {
        const from = Math.max(a, bbox.left);
        ctx.fillRect(from, y + (ROW - 3) * scale, Math.max(Math.min(b, right) - from, 2 * scale), 2 * scale);
      }
      ctx.fillText(words[i], one.begin, y + ((ROW - 5) / 2) * scale + scale);
    });
    ctx.restore();
  }
}
