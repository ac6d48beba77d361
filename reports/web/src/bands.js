// The times in which faults acted: a tint behind every panel, and their names above the first one.

import { colour } from "./theme.js";

const ROW = 15;
const ROWS_MAX = 4;

// Draws the tints behind a panel.
export function tint(chart, faults) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
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
  ctx.restore();
}

// How many rows the names need at most: as many as faults act at once.
export function rowsOf(faults) {
  const edges = faults.flatMap((fault) => fault.phases.flatMap(({ from, to }) => [[from, 1], [to, -1]]));
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let most = 0;
  let now = 0;
  for (const [, change] of edges) most = Math.max(most, (now += change));
  return Math.min(Math.max(most, faults.length > 0 ? 1 : 0) + (faults.length > 1 ? 1 : 0), ROWS_MAX);
}

export const heightOf = (rows) => (rows > 0 ? rows * ROW + 6 : 8);

// Writes the names above the panel: each fault once, at its first phase in sight, a bar over each of its phases.
export function names(chart, faults, rows) {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const ends = new Array(rows).fill(-Infinity);
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const fault of faults) {
    const seen = fault.phases
      .map(({ from, to }) => [chart.valToPos(from, "x", true), chart.valToPos(to, "x", true)])
      .filter(([a, b]) => b >= bbox.left && a <= right);
    if (seen.length === 0) continue;
    const text = fault.label;
    const width = ctx.measureText(text).width + 10 * scale;
    const start = Math.max(seen[0][0], bbox.left);
    const left = Math.max(Math.min(start, right - width), bbox.left);
    let row = ends.findIndex((end) => end <= Math.min(left, start));
    if (row < 0) row = ends.indexOf(Math.min(...ends));
    const crowded = ends[row] > left;
    const y = bbox.top - (rows - row) * ROW * scale;
    ctx.fillStyle = colour("fault");
    for (const [a, b] of seen) {
      const from = Math.max(a, bbox.left);
      ctx.fillRect(from, y + (ROW - 3) * scale, Math.max(Math.min(b, right) - from, 2 * scale), 2 * scale);
    }
    ends[row] = Math.max(left + (crowded ? 0 : width), Math.min(seen[seen.length - 1][1], right));
    if (!crowded) ctx.fillText(text, left + 1 * scale, y + (ROW - 5) / 2 * scale + scale);
  }
  ctx.restore();
}
