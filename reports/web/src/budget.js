// Limits and alerts of a budget, over a chart of money.

import { colour } from "./theme.js";
import * as say from "./numbers.js";

// The limits as lines with their names; alerts as flags at their instants.
export function drawBudget(chart, limits, alerts) {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.textAlign = "left";
  ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
  for (const one of limits) {
    const y = chart.valToPos(one.limit, "y", true);
    ctx.strokeStyle = colour("failed");
    ctx.lineWidth = 1.25 * scale;
    ctx.setLineDash([6 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = colour("failed");
    ctx.textBaseline = "bottom";
    ctx.fillText(`limit ${say.dollars(one.limit)} a ${one.window}`, bbox.left + 6 * scale, y - 2 * scale);
  }
  ctx.textBaseline = "middle";
  let free = -Infinity;
  for (const alert of alerts) {
    const x = chart.valToPos(alert.at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const y = chart.valToPos(alert.usd, "y", true);
    const size = 5 * scale;
    ctx.fillStyle = colour(alert.kind === "refused" ? "failed" : "alert");
    ctx.beginPath();
    if (alert.kind === "refused") {
      ctx.rect(x - size * 0.8, y - size * 0.8, size * 1.6, size * 1.6);
    } else {
      ctx.moveTo(x, y - size);
      ctx.lineTo(x + size, y + size * 0.8);
      ctx.lineTo(x - size, y + size * 0.8);
    }
    ctx.fill();
    const text = alert.label;
    const width = ctx.measureText(text).width;
    // To the right of its flag, or to the left; the list below the chart has those that fit nowhere.
    const isLeft = x + 8 * scale + width > bbox.left + bbox.width;
    const left = isLeft ? x - 8 * scale - width : x + 8 * scale;
    if (left < Math.max(free, bbox.left)) continue;
    ctx.fillStyle = colour("ink");
    ctx.fillText(text, left, y + 9 * scale);
    free = left + width + 6 * scale;
  }
  ctx.restore();
}
