// Lines over time: level within each column, at the mean of its buckets, with a tint from the least to the greatest.

import { within } from "./clip.js";
import { colour } from "./theme.js";
import { valueAxis } from "./time.js";
import { Panel } from "./panel.js";
import { spread } from "./columns.js";

const TINT = 0.25;

// A step chart holds its last value to the end of the last view.
export const held = (values) => [...values, values[values.length - 1] ?? null];

// Joined where two columns follow one another; a column alone between gaps is a dash of its own.
function drawLine(chart, ctx, one, axis) {
  const { columns } = axis.columns(chart);
  const x = (time) => chart.valToPos(time, "x", true);
  const y = (value) => chart.valToPos(value, "y", true);
  const ground = chart.bbox.top + chart.bbox.height;
  const stroke = new Path2D();
  const range = new Path2D();
  const area = new Path2D();
  let joined = false;
  for (const column of columns) {
    const found = spread(one.values, column);
    if (!found) {
      joined = false;
      continue;
    }
    const left = x(axis.times[column[0]]);
    const right = Math.max(x(axis.times[column[1]]), left + devicePixelRatio);
    const mean = y(found.mean);
    if (joined) stroke.lineTo(left, mean);
    else stroke.moveTo(left, mean);
    stroke.lineTo(right, mean);
    area.rect(left, mean, right - left, ground - mean);
    if (found.max > found.min) range.rect(left, y(found.max), right - left, y(found.min) - y(found.max));
    joined = true;
  }
  if (one.fill) {
    ctx.fillStyle = colour(one.fill);
    ctx.fill(area);
  }
  ctx.globalAlpha = TINT;
  ctx.fillStyle = colour(one.colour);
  ctx.fill(range);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour(one.colour);
  ctx.lineWidth = (one.width ?? 1.75) * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.setLineDash((one.dash ?? []).map((dash) => dash * devicePixelRatio));
  ctx.stroke(stroke);
  ctx.setLineDash([]);
}

// `lines`: [{label, colour, dash, values (by view, null where there is none), value}]. They can be hidden.
export function linePanel(figure, run, time, lines, { height, scale, values, axis, over = () => {} }) {
  const drawAll = (chart) => {
    within(chart, (ctx) => lines.filter(({ hidden }) => !hidden).forEach((one) => drawLine(chart, ctx, one, time)));
    over(chart);
  };
  return new Panel(figure, time, run.faults, {
    series: lines,
    height,
    rebuild: (panel) => lines.forEach((one, i) => panel.chart.setSeries(i + 1, { show: !one.hidden })),
    build: () => ({
      data: [time.times, ...lines.map((one) => held(one.values))],
      scales: { y: scale },
      axes: [valueAxis(values, axis)],
      // uPlot finds the ranges of what is shown; the lines are ours.
      series: lines.map(() => ({ paths: () => null, points: { show: false } })),
      hooks: { draw: [drawAll] },
    }),
  });
}
