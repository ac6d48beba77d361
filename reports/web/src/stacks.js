// What is stacked over time: areas, or bars that stand apart. A column that several buckets share shows their mean; what
// lies beyond it, in its least and its greatest bucket, is a tint.

import { colour, fill } from "./theme.js";
import { valueAxis } from "./time.js";
import { Panel } from "./panel.js";
import { within } from "./clip.js";
import { held } from "./lines.js";

const BAR_LEAST = 2;
const BAR_GAP_FROM = 5;

// `series`: [{label, colour, mark, alpha, height(column) -> of the mean, value}], from the ground up; one that isOutline
// stands before the others, from the ground. `extremes(column)`: what the tint covers, [from, to], or null. `tops`: the
// height of each view's whole stack, for the range of the axis.
export function stackPanel(figure, run, time, { series, isBars, extremes, tint = "beyond", tops, height, top, scale, values, over = () => {} }) {
  const drawAll = (chart) => {
    within(chart, (ctx) => drawStack(chart, ctx, time, { series, isBars, extremes, tint }));
    over(chart);
  };
  return new Panel(figure, time, run.faults, {
    series,
    height,
    top,
    rebuild: (panel) => {
      panel.chart.setData([time.times, held(tops())], false);
      panel.chart.redraw();
    },
    build: () => ({
      data: [time.times, held(tops())],
      scales: { y: scale },
      axes: [valueAxis(values)],
      series: [{ paths: () => null, points: { show: false } }],
      hooks: { draw: [drawAll] },
    }),
  });
}

// Where a column begins and ends, in whole pixels. Bars leave a gap where there is room for one.
function edgesOf(chart, time, isBars) {
  const x = (view) => Math.round(chart.valToPos(time.times[view], "x", true));
  return ([first, beyond]) => {
    const [left, right] = [x(first), x(beyond)];
    const scale = devicePixelRatio;
    if (!isBars) return [left, Math.max(right, left + 1)];
    const gap = right - left >= BAR_GAP_FROM * scale ? scale : 0;
    return [left, Math.max(right - gap, left + BAR_LEAST * scale)];
  };
}

function drawStack(chart, ctx, time, { series, isBars, extremes, tint }) {
  const { columns } = time.columns(chart);
  const edges = edgesOf(chart, time, isBars);
  const y = (value) => chart.valToPos(value, "y", true);
  const places = columns.map((column) => ({ column, edges: edges(column), floor: 0 }));
  const shown = series.filter(({ hidden }) => !hidden);
  for (const one of shown.filter(({ isOutline }) => !isOutline)) drawLayer(ctx, one, places, y, isBars);
  const beyond = new Path2D();
  for (const { column, edges: [left, right] } of places) {
    const found = extremes(column);
    if (!found || found[1] <= found[0]) continue;
    beyond.rect(left, y(found[1]), right - left, y(found[0]) - y(found[1]));
  }
  ctx.fillStyle = colour(tint);
  ctx.fill(beyond);
  for (const one of shown.filter(({ isOutline }) => isOutline)) drawOutlines(ctx, one, places, y);
}

// One layer, on the floors that the layers below it left.
function drawLayer(ctx, one, places, y, isBars) {
  const steps = new Path2D();
  const edge = new Path2D();
  let joined = null;
  for (const place of places) {
    const height = one.height(place.column);
    if (height <= 0) continue;
    const [left, right] = place.edges;
    const low = y(place.floor);
    place.floor += height;
    const high = y(place.floor);
    steps.rect(left, high, right - left, low - high);
    if (joined === left && !isBars) edge.lineTo(left, high);
    else edge.moveTo(left, high);
    edge.lineTo(right, high);
    joined = right;
  }
  ctx.globalAlpha = one.alpha ?? 1;
  ctx.fillStyle = fill(one.colour, one.mark);
  ctx.fill(steps);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour(`${one.colour}-edge`) || colour(one.colour);
  ctx.lineWidth = devicePixelRatio;
  ctx.stroke(edge);
}

const FRAME_FROM = 6;

// A frame up to the mean, or a stem where there is no room for one, and a stem with a cap up to the greatest bucket.
function drawOutlines(ctx, one, places, y) {
  const frames = new Path2D();
  const half = 0.5 * devicePixelRatio;
  for (const { column, edges: [left, right] } of places) {
    const height = one.height(column);
    if (height <= 0) continue;
    const middle = (left + right) / 2;
    const most = one.most(column);
    const isFrame = right - left >= FRAME_FROM * devicePixelRatio;
    if (isFrame) frames.rect(left + half, y(height), right - left - 2 * half, y(0) - y(height));
    frames.moveTo(middle, y(isFrame ? height : 0));
    frames.lineTo(middle, y(most));
    for (const end of [height, most]) {
      frames.moveTo(left - half, y(end));
      frames.lineTo(right + half, y(end));
    }
  }
  ctx.strokeStyle = colour(one.colour);
  ctx.lineWidth = 2 * half;
  ctx.stroke(frames);
}
