// The panels of a forecast, one function each. They show forecast.json's own figures.

import { colour, dashOf, fill, toneOf } from "./theme.js";
import { valueAxis } from "./time.js";
import { Panel } from "./panel.js";
import { drawBudget } from "./budget.js";
import { within } from "./clip.js";
import * as say from "./numbers.js";

const DIMMED = 0.1;

// The days of one month follow one another; at the first of a month the count restarts.
function monthsOf(days) {
  const months = [];
  days.forEach(({ date }, day) => {
    if (day === 0 || date.endsWith("-01")) months.push([]);
    months[months.length - 1].push(day);
  });
  return months;
}

// The stretches of a month in which every one of the columns has a value.
function stretchesOf(month, columns) {
  const stretches = [];
  for (const day of month) {
    if (columns.some((values) => values[day] == null)) continue;
    const last = stretches[stretches.length - 1];
    if (last && last[last.length - 1] === day - 1) last.push(day);
    else stretches.push([day]);
  }
  return stretches;
}

// From `first`, at the beginning of the stretch's first day, over the value at each day's end.
function walk(chart, path, stretch, first, values, back) {
  const times = chart.data[0];
  const points = [[times[stretch[0]], first], ...stretch.map((day) => [times[day + 1], values[day]])];
  if (back) points.reverse();
  points.forEach(([time, value], i) => {
    const [x, y] = [chart.valToPos(time, "x", true), chart.valToPos(value, "y", true)];
    if (i === 0 && !back) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
}

// Each of `shown` is a ribbon between low and high, a line, or both: {low, high, line, alpha}, by day. What is not known
// on a day is not drawn; the day after it begins at `first`, as a month does.
function drawDays(chart, months, shown, firstOf) {
  within(chart, (ctx) => {
    for (const one of shown.filter(({ hidden }) => !hidden)) {
      months.forEach((month, i) => {
        const first = firstOf(i);
        for (const stretch of one.low ? stretchesOf(month, [one.low, one.high]) : []) {
          const ribbon = new Path2D();
          walk(chart, ribbon, stretch, first, one.high, false);
          walk(chart, ribbon, stretch, first, one.low, true);
          ctx.globalAlpha = one.alpha ?? 1;
          ctx.fillStyle = one.mark ? fill(one.colour, one.mark) : colour(one.colour);
          ctx.fill(ribbon);
          ctx.globalAlpha = 1;
        }
        const line = new Path2D();
        for (const stretch of one.line ? stretchesOf(month, [one.line]) : []) walk(chart, line, stretch, first, one.line, false);
        ctx.strokeStyle = colour(one.colour);
        ctx.lineWidth = (one.width ?? 1.75) * devicePixelRatio;
        ctx.lineJoin = "round";
        ctx.setLineDash((one.dash ?? []).map((part) => part * devicePixelRatio));
        ctx.stroke(line);
        ctx.setLineDash([]);
      });
    }
  });
}

function dayPanel(figure, forecast, time, shown, { height, top, values, firstOf, over = () => {} }) {
  const months = monthsOf(forecast.days);
  return new Panel(figure, time, [], {
    series: shown,
    height,
    rebuild: (panel) => panel.chart.redraw(false),
    build: () => ({
      data: [time.times, time.times.map(() => null)],
      scales: { y: { range: () => [0, top] } },
      axes: [valueAxis(values)],
      series: [{ paths: () => null, points: { show: false } }],
      hooks: { draw: [(chart) => drawDays(chart, months, shown, firstOf), over] },
    }),
  });
}

export function fan(figure, forecast, time) {
  const column = (name, part) => forecast.days.map((day) => day.month_to_date_usd[name]?.[part] ?? null);
  const of = (name, day) => forecast.days[day].month_to_date_usd[name];
  const between = (low, high) => `${say.dollars(low)} to ${say.dollars(high)}`;
  const shown = [
    {
      label: "95 % intervals of both",
      colour: "cached",
      mark: "solid",
      alpha: 0.8,
      low: column("p10", "low"),
      high: column("p90", "high"),
      value: ([day]) => (of("p10", day) ? between(of("p10", day).low, of("p90", day).high) : ""),
    },
    {
      label: "P10 to P90",
      colour: "served",
      mark: "solid",
      alpha: 0.8,
      low: column("p10", "value"),
      high: column("p90", "value"),
      value: ([day]) => (of("p10", day) ? between(of("p10", day).value, of("p90", day).value) : ""),
    },
    {
      label: "P50",
      colour: "line-1",
      width: 2.5,
      line: column("p50", "value"),
      value: ([day]) => (of("p50", day) ? `${say.dollars(of("p50", day).value)} ±${say.dollars(of("p50", day).half_width)}` : ""),
    },
  ];
  const most = Math.max(...shown[0].high, ...shown[2].line, 0);
  const limit = forecast.budget ? Number(forecast.budget.monthly_usd) : null;
  // A limit far above what is spent would flatten the fan: then it is only named.
  const isDrawn = limit != null && limit <= most * 2.5;
  if (limit != null && !isDrawn) {
    const unit = figure.querySelector(".unit");
    unit.textContent += `; the limit of ${say.dollars(limit)} lies above the axis`;
  }
  const spent = Object.values(forecast.budget?.spent_before_usd ?? {}).reduce((sum, usd) => sum + Number(usd), 0);
  return dayPanel(figure, forecast, time, shown, {
    height: 300,
    top: Math.max(most, isDrawn ? limit : 0) * 1.08 || 1,
    values: (chart, splits) => splits.map((usd) => `$${say.short(usd)}`),
    firstOf: (month) => (month === 0 ? spent : 0),
    over: (chart) => drawBudget(chart, isDrawn ? [{ limit, window: "month" }] : [], []),
  });
}

// A chance that no replication showed is no 0, and one that all showed no 1: all that is known is a bound.
const estimateOf = ({ value, bound }) => (bound ? null : (value ?? null));
const boundOf = ({ value, bound }) => (bound ? value : null);
const endOf = ({ bound }) => (bound === "upper" ? 0 : 1);

export function crossing(figure, forecast, time) {
  const shares = forecast.days[0].p_exceed.map(({ share }) => share);
  const shown = shares.map((share, i) => {
    const isWhole = i === shares.length - 1;
    const [tone, dash] = isWhole ? ["failed", []] : [toneOf(i + 1), dashOf(i + 1)];
    const chances = forecast.days.map((day) => day.p_exceed[i].chance);
    return {
      label: `${say.percent(share)} of the budget`,
      colour: tone,
      dash,
      width: isWhole ? 2.5 : 1.75,
      alpha: DIMMED,
      chances,
      low: chances.map((chance) => (estimateOf(chance) == null ? null : chance.low)),
      high: chances.map((chance) => (estimateOf(chance) == null ? null : chance.high)),
      line: chances.map(estimateOf),
      value: ([day]) => chances[day].text,
    };
  });
  const most = Math.max(...shown.flatMap(({ chances }) => chances.map((chance) => boundOf(chance) ?? chance.high)));
  return dayPanel(figure, forecast, time, shown, {
    height: 220,
    top: Math.min(Math.max(most * 1.1, 0.05), 1),
    values: (chart, splits) => splits.map((share) => say.percent(share)),
    firstOf: () => 0,
    over: (chart) => drawBounds(chart, forecast, shown.filter(({ hidden }) => !hidden)),
  });
}

const ARROW = 5;
const ARROWS_APART = 44;

// A dotted line at the bound, with arrows to where the chance may lie: no area, which would say that it is there.
function drawBounds(chart, forecast, shown) {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const x = (time) => chart.valToPos(time, "x", true);
  within(chart, () => {
    nameBounds(chart, forecast, shown[0]);
    shown.forEach((one, which) => {
      ctx.strokeStyle = ctx.fillStyle = colour(one.colour);
      ctx.lineWidth = 1.25 * scale;
      // Those of several shares that lie on one another take turns.
      let next = bbox.left + ((which + 0.5) * ARROWS_APART * scale) / shown.length;
      one.chances.forEach((chance, day) => {
        if (boundOf(chance) == null) return;
        const [left, right] = [x(chart.data[0][day]), x(chart.data[0][day + 1])];
        const y = chart.valToPos(boundOf(chance), "y", true);
        ctx.setLineDash([2 * scale, 3 * scale]);
        ctx.lineDashOffset = left;
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(right, y);
        ctx.stroke();
        ctx.setLineDash([]);
        for (; next < right; next += ARROWS_APART * scale) if (next >= left) drawArrow(ctx, next, y, chart.valToPos(endOf(chance), "y", true));
      });
    });
  });
}

// What the table says of such a day, once a month above its first one.
function nameBounds(chart, forecast, one) {
  if (!one) return;
  const { ctx } = chart;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = colour("ink-soft");
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  for (const [day] of monthsOf(forecast.days)) {
    const chance = one.chances[day];
    if (chance.bound !== "upper") continue;
    const left = Math.max(chart.valToPos(chart.data[0][day], "x", true), chart.bbox.left) + 4 * devicePixelRatio;
    if (left > chart.valToPos(chart.data[0][day + 1], "x", true) + 60 * devicePixelRatio) continue;
    ctx.fillText(chance.text, left, chart.valToPos(boundOf(chance), "y", true) - 3 * devicePixelRatio);
  }
}

// From a bound towards the end of the scale that the chance may lie at, and not beyond it.
function drawArrow(ctx, x, from, end) {
  const size = ARROW * devicePixelRatio;
  const way = Math.sign(end - from);
  const to = from + way * Math.min(2 * size, Math.abs(end - from));
  const head = to - way * Math.min(size, Math.abs(to - from));
  ctx.beginPath();
  ctx.moveTo(x, from);
  ctx.lineTo(x, to);
  ctx.moveTo(x - size * 0.6, head);
  ctx.lineTo(x, to);
  ctx.lineTo(x + size * 0.6, head);
  ctx.stroke();
}

// --- How much traffic fits -------------------------------------------------------------------------------------------

const LIMITS = [
  ["budget", "the budget", "line-1", "circle"],
  ["latency", "the bound on latency", "line-2", "square"],
];

// Every multiple of the traffic that was tried, ascending; null if none was.
export function ratesOf(forecast) {
  const rates = LIMITS.flatMap(([name]) => trialsOf(forecast.headroom?.[name]).map(({ rate }) => rate));
  return rates.length > 0 ? [...new Set(rates)].sort((a, b) => a - b) : null;
}

// The search's trials, then those on independent numbers.
function trialsOf(limit) {
  if (!limit) return [];
  const more = [limit.at_edge, limit.beyond].filter(Boolean).map((trial) => ({ ...trial, isIndependent: true }));
  return [...limit.tried, ...more];
}

export function headroom(figure, forecast, axis) {
  const shown = LIMITS.filter(([name]) => forecast.headroom[name]).map(([name, words, tone, shape]) => {
    const limit = forecast.headroom[name];
    const trials = trialsOf(limit);
    return {
      label: `breaks ${words}`,
      colour: tone,
      dash: name === "budget" ? [] : [7, 3],
      shape,
      limit,
      trials,
      value: ([view]) => trials.filter(({ rate }) => rate === axis.rates[view]).map(({ broken, rate }) => `${broken.text} at ${rate}×`).join(", "),
    };
  });
  return new Panel(figure, axis, [], {
    series: shown,
    height: 240,
    top: 26,
    rebuild: (panel) => panel.chart.redraw(false),
    build: () => ({
      data: [axis.times, axis.times.map(() => null)],
      scales: { y: { range: () => [0, 1] } },
      axes: [valueAxis((chart, splits) => splits.map((share) => say.percent(share)))],
      series: [{ paths: () => null, points: { show: false } }],
      hooks: { draw: [(chart) => drawTrials(chart, shown.filter(({ hidden }) => !hidden))] },
    }),
  });
}

const BROKEN_MAX = 0.05;

function drawTrials(chart, shown) {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const x = (rate) => chart.valToPos(rate, "x", true);
  const y = (share) => chart.valToPos(share, "y", true);
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "bottom";
  ctx.strokeStyle = ctx.fillStyle = colour("failed");
  ctx.lineWidth = 1.25 * scale;
  ctx.setLineDash([6 * scale, 4 * scale]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y(BROKEN_MAX));
  ctx.lineTo(right, y(BROKEN_MAX));
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.textAlign = "left";
  nameBroken(chart, shown.flatMap(({ trials }) => trials.map(({ rate }) => x(rate))), y(BROKEN_MAX));
  shown.forEach((one, row) => nameEdge(chart, one, row));
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const one of shown) {
    ctx.strokeStyle = ctx.fillStyle = colour(one.colour);
    ctx.lineWidth = 1.25 * scale;
    ctx.globalAlpha = 0.45;
    ctx.setLineDash(one.dash.map((part) => part * scale));
    ctx.beginPath();
    // Between estimates; a bound is none.
    one.limit.tried.filter(({ broken }) => estimateOf(broken) != null).forEach(({ rate, broken }) => ctx.lineTo(x(rate), y(broken.value)));
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    for (const trial of one.trials) drawTrial(ctx, one, x(trial.rate), y, trial);
  }
  ctx.restore();
}

// Where no trial lies in the way, if there is such a place.
function nameBroken(chart, taken, y) {
  const { ctx, bbox } = chart;
  const text = "at most 5 %";
  const width = ctx.measureText(text).width;
  const gap = 6 * devicePixelRatio;
  const isFree = (left) => taken.every((x) => x < left - gap || x > left + width + gap);
  let left = bbox.left + gap;
  while (!isFree(left) && left + width + gap < bbox.left + bbox.width) left += gap;
  ctx.fillText(text, isFree(left) ? left : bbox.left + gap, y - 2 * devicePixelRatio);
}

// A bar over the 95 % interval, and the estimate on it: hollow in the search, filled on independent numbers. Where no
// replication broke the limit, or all did, the bound with an arrow.
function drawTrial(ctx, one, x, y, { broken, isIndependent }) {
  const size = 3.5 * devicePixelRatio;
  ctx.lineWidth = (isIndependent ? 2.5 : 1.25) * devicePixelRatio;
  if (estimateOf(broken) == null) {
    if (boundOf(broken) == null) return;
    const bound = y(boundOf(broken));
    ctx.beginPath();
    ctx.moveTo(x - 1.5 * size, bound);
    ctx.lineTo(x + 1.5 * size, bound);
    ctx.stroke();
    ctx.lineWidth = 1.25 * devicePixelRatio;
    drawArrow(ctx, x, bound, y(endOf(broken)));
    return;
  }
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, y(broken.low));
  ctx.lineTo(x, y(broken.high));
  ctx.stroke();
  const middle = y(broken.value);
  ctx.beginPath();
  if (one.shape === "circle") ctx.arc(x, middle, size, 0, 2 * Math.PI);
  else ctx.rect(x - size, middle - size, 2 * size, 2 * size);
  ctx.fillStyle = isIndependent ? colour(one.colour) : colour("sheet");
  ctx.fill();
  ctx.stroke();
}

// A mark above the chart at the largest traffic that fits, with its name.
function nameEdge(chart, one, row) {
  const { ctx, bbox } = chart;
  const { rate, bounded } = one.limit;
  if (rate == null) return;
  const scale = devicePixelRatio;
  const x = chart.valToPos(rate, "x", true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  const text = `${bounded ? "" : "at least "}${rate}× fits`;
  ctx.strokeStyle = ctx.fillStyle = colour(one.colour);
  ctx.lineWidth = 1.25 * scale;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top - (12 * (1 - row) + 2) * scale);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.globalAlpha = 0.6;
  ctx.stroke();
  ctx.globalAlpha = 1;
  const isLeft = x + 6 * scale + ctx.measureText(text).width > bbox.left + bbox.width;
  ctx.textAlign = isLeft ? "right" : "left";
  ctx.fillText(text, x + (isLeft ? -5 : 5) * scale, bbox.top - 12 * (1 - row) * scale);
}
