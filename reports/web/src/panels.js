// The panels of a run, one function each.

import { colour, fill } from "./theme.js";
import { valueAxis } from "./time.js";
import { names, heightOf, rowsOf } from "./bands.js";
import { Panel } from "./panel.js";
import * as say from "./numbers.js";

// From the bottom of the stack to its top, what went well first. Each has a colour and a mark.
const OUTCOMES = [
  ["served", "served", "served", "solid"],
  ["cache_hit", "from the cache", "cached", "solid"],
  ["stale_hit", "stale answer", "stale", "level"],
  ["refused_rate", "refused: rate", "refused", "dotted"],
  ["refused_tokens", "refused: tokens", "refused", "upright"],
  ["refused_budget", "refused: budget", "refused", "falling"],
  ["client_error", "client error", "client-error", "level"],
  ["deadline_exceeded", "deadline exceeded", "failed-late", "upright"],
  ["all_providers_unavailable", "all unavailable", "unavailable", "crossed"],
  ["failed", "failed", "failed", "rising"],
];
const KNOWN = new Set(OUTCOMES.map(([key]) => key));
// A new outcome is shown, on top and in the colour of a failure, before it has a line above.
const outcomesOf = (counts) => [
  ...OUTCOMES,
  ...Object.keys(counts)
    .filter((key) => !KNOWN.has(key))
    .map((key) => [key, key.replaceAll("_", " "), "failed", "crossed"]),
];
// Lines of providers: a colour and a dash each.
export const LINES = [
  ["line-1", []],
  ["line-2", [7, 3]],
  ["line-3", [2, 3]],
  ["line-4", [9, 3, 2, 3]],
  ["line-5", [4, 2]],
  ["line-6", [12, 4]],
  ["line-7", [2, 6]],
  ["line-8", [6, 3, 2, 3, 2, 3]],
];

// Level within each view, joined where two views follow one another; a view alone between gaps is a dash of its own.
function stepped(chart, index, first, last) {
  const stroke = new Path2D();
  const area = new Path2D();
  const [times, values] = [chart.data[0], chart.data[index]];
  const scale = chart.series[index].scale;
  const ground = chart.valToPos(chart.scales[scale].min, scale, true);
  let joined = false;
  for (let view = Math.max(first - 1, 0); view <= last && view + 1 < times.length; ++view) {
    const value = values[view];
    if (value == null) {
      joined = false;
      continue;
    }
    const left = chart.valToPos(times[view], "x", true);
    const right = Math.max(chart.valToPos(times[view + 1], "x", true), left + devicePixelRatio);
    const y = chart.valToPos(value, scale, true);
    if (joined) stroke.lineTo(left, y);
    else stroke.moveTo(left, y);
    stroke.lineTo(right, y);
    area.rect(left, y, right - left, ground - y);
    joined = true;
  }
  return { stroke, fill: area, flags: 1 };
}
// A step chart holds its last value to the end of the last view.
const held = (values) => [...values, values[values.length - 1] ?? null];
const at = (column, view) => column?.[view] ?? 0;

// The unit in which a rate reads as a number above one, and the seconds in it.
function rateUnit(most) {
  if (most >= 1) return ["second", 1];
  return most * 60 >= 1 ? ["minute", 60] : ["hour", 3600];
}

// Where there are many views a thin line tells more.
const widthOf = (time, width = 1.75) => (time.times.length > 700 ? width * 0.6 : width);

const line = (name, dash, more = {}) => ({
  stroke: () => colour(name),
  dash,
  paths: stepped,
  points: { show: false },
  spanGaps: false,
  ...more,
});

export function requests(figure, run, time) {
  const shown = outcomesOf(run.outcomes).filter(([key]) => run.outcomes[key]);
  const widths = time.times.slice(1).map((to, i) => to - time.times[i]);
  // The last view is as long as the run lasted in it: a rate over less than a tenth of a view says nothing.
  const seconds = widths.map((width) => Math.max(width, run.view / 10));
  const total = widths.map((_, view) => shown.reduce((sum, [key]) => sum + at(run.outcomes[key], view), 0));
  const [unit, factor] = rateUnit(Math.max(...total.map((n, view) => n / seconds[view])));
  figure.querySelector(".unit").textContent = `requests per ${unit}`;
  const series = shown.map(([key, label, name, mark]) => ({
    label,
    colour: name,
    mark,
    value: (view) => say.count(at(run.outcomes[key], view)),
    rates: widths.map((_, view) => (at(run.outcomes[key], view) / seconds[view]) * factor),
  }));
  const stack = () => {
    const below = new Array(widths.length).fill(0);
    return series.map((one) => {
      if (!one.hidden) one.rates.forEach((rate, view) => (below[view] += rate));
      return held(below);
    });
  };
  const rows = rowsOf(run.faults);
  return new Panel(figure, time, run.faults, {
    series,
    height: 210 + heightOf(rows),
    top: heightOf(rows),
    rebuild: (panel) => {
      series.forEach((one, i) => panel.chart.setSeries(i + 1, { show: !one.hidden }));
      panel.chart.setData([time.times, ...stack()], false);
      panel.chart.redraw();
    },
    build: () => ({
      data: [time.times, ...stack()],
      scales: { y: { range: (chart, min, max) => [0, Math.max(max * 1.06, 1e-9)] } },
      axes: [valueAxis((chart, splits) => splits.map(say.short))],
      // Drawn from the top of the stack down, each over what lies behind it.
      series: series.map((one) => ({
        stroke: () => colour(`${one.colour}-edge`) || colour(one.colour),
        width: 0.75,
        fill: () => fill(one.colour, one.mark),
        paths: () => null,
        points: { show: false },
      })),
      hooks: {
        draw: [(chart) => drawStack(chart, series), (chart) => names(chart, run.faults, rows)],
      },
    }),
  });
}

// The areas of a stack, each between what lies below it and its own edge, as steps.
function drawStack(chart, series) {
  const { ctx, bbox } = chart;
  const times = chart.data[0];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const x = times.map((time) => Math.round(chart.valToPos(time, "x", true)));
  const y = (value) => chart.valToPos(value, "y", true);
  let floor = null;
  series.forEach((one, i) => {
    if (one.hidden) return;
    const top = chart.data[i + 1];
    const steps = new Path2D();
    const edge = new Path2D();
    let joined = -1;
    for (let view = 0; view + 1 < x.length; ++view) {
      const high = y(top[view]);
      const low = floor ? y(floor[view]) : y(0);
      if (low - high < 0.01) continue;
      steps.rect(x[view], high, Math.max(x[view + 1] - x[view], 1), low - high);
      if (joined === view) edge.lineTo(x[view], high);
      else edge.moveTo(x[view], high);
      edge.lineTo(x[view + 1], high);
      joined = view + 1;
    }
    ctx.fillStyle = fill(one.colour, one.mark);
    ctx.fill(steps);
    ctx.strokeStyle = colour(`${one.colour}-edge`);
    ctx.lineWidth = devicePixelRatio;
    ctx.stroke(edge);
    floor = top;
  });
  ctx.restore();
}

export function errors(figure, run, time) {
  const shares = (part, whole) => part.map((n, view) => (whole[view] > 0 ? n / whole[view] : null));
  const views = time.times.length - 1;
  const column = (values) => Array.from({ length: views }, (_, view) => at(values, view));
  const lines = run.providers.map((provider, i) => {
    const calls = column(provider.calls);
    const bad = column(provider.errors);
    return {
      label: `${provider.name}: calls`,
      colour: LINES[i][0],
      dash: LINES[i][1],
      shares: shares(bad, calls),
      value: (view) => (calls[view] > 0 ? `${say.percent(bad[view] / calls[view])} of ${say.count(calls[view])}` : "no calls"),
    };
  });
  const all = column(run.requests);
  const failed = column(run.failed);
  lines.push({
    label: "as callers see it",
    colour: "failed",
    dash: [],
    width: 2.5,
    shares: shares(failed, all),
    value: (view) => (all[view] > 0 ? `${say.percent(failed[view] / all[view])} of ${say.count(all[view])}` : "no requests"),
  });
  return linePanel(figure, run, time, lines, {
    height: 170,
    scale: { range: (chart, min, max) => [0, Math.min(Math.max((max ?? 0) * 1.08, 0.02), 1.03)] },
    values: (chart, splits) => splits.map((v) => `${say.short(100 * v)} %`),
    column: (one) => one.shares,
  });
}

// Lines that can be shown and hidden, on a scale of their own.
function linePanel(figure, run, time, lines, { height, scale, values, column, axis, hooks }) {
  return new Panel(figure, time, run.faults, {
    series: lines,
    height,
    rebuild: (panel) => lines.forEach((one, i) => panel.chart.setSeries(i + 1, { show: !one.hidden })),
    build: () => ({
      data: [time.times, ...lines.map((one) => held(column(one)))],
      scales: { y: scale },
      axes: [valueAxis(values, axis)],
      series: lines.map((one) => line(one.colour, one.dash, { width: widthOf(time, one.width), ...(one.fill ? { fill: () => colour(one.fill) } : {}) })),
      hooks,
    }),
  });
}

export function latency(figure, run, time) {
  const views = time.times.length - 1;
  // A logarithmic axis has no zero, and an answer from the cache takes no time.
  const hasZeros = run.latency.count.some((n, view) => n > 0 && at(run.latency.p50, view) === 0);
  if (hasZeros) figure.querySelector(".unit").textContent = "logarithmic; 0 ms, from the cache, is not drawn";
  const known = ["p50", "p95", "p99"].flatMap((name) => run.latency[name].filter((ms) => ms > 0));
  const least = known.reduce((a, b) => Math.min(a, b), 1e9);
  const floor = roundBelow(least === 1e9 ? 1 : least * 0.9);
  const lines = [
    ["p50", "line-1", []],
    ["p95", "line-2", [7, 3]],
    ["p99", "line-3", [2, 2.5]],
  ].map(([name, tone, dash]) => ({
    label: name,
    colour: tone,
    dash,
    ms: Array.from({ length: views }, (_, view) => (at(run.latency[name], view) > 0 ? at(run.latency[name], view) : null)),
    value: (view) => (at(run.latency.count, view) > 0 ? say.milliseconds(at(run.latency[name], view)) : "none answered"),
  }));
  return linePanel(figure, run, time, lines, {
    height: 190,
    scale: { distr: 3, range: (chart, min, max) => [floor, Math.max((max ?? 0) * 1.15, floor * 5)] },
    axis: { space: 18 },
    values: (chart, splits) => splits.map((ms) => (ms == null || !isRound(ms) ? "" : ms >= 1000 ? `${say.short(ms / 1000)} s` : `${say.short(ms)} ms`)),
    column: (one) => one.ms,
  });
}

// The greatest of 1, 2 and 5 times a power of ten that is not above the value.
function roundBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return ([5, 2].find((digit) => digit * power <= value) ?? 1) * power;
}

// 1, 2 and 5 times a power of ten.
function isRound(value) {
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((round) => Math.abs(digit - round) < 1e-6);
}

export function inFlight(figure, run, time) {
  const views = time.times.length - 1;
  const column = (values) => Array.from({ length: views }, (_, view) => at(values, view));
  const lines = [
    { label: "requests, at most", colour: "ink", dash: [], fill: "area", values: column(run.in_flight_max) },
    ...run.providers.map((provider, i) => ({
      label: `${provider.name}: calls`,
      colour: LINES[i][0],
      dash: LINES[i][1],
      values: column(provider.in_flight),
    })),
  ];
  for (const one of lines) one.value = (view) => say.count(one.values[view]);
  return linePanel(figure, run, time, lines, {
    height: 150,
    scale: { range: (chart, min, max) => [0, Math.max((max ?? 0) * 1.08, 1)] },
    values: (chart, splits) => splits.map((n) => (Number.isInteger(n) ? say.count(n) : "")),
    column: (one) => one.values,
  });
}

export function spend(figure, run, time) {
  const views = time.times.length - 1;
  const column = (values) => Array.from({ length: views }, (_, view) => at(values, view) / 1e6);
  const windows = [
    ["month", "this month", "line-1", []],
    ["day", "this day", "line-2", [7, 3]],
  ];
  const lines = windows
    .filter(([window]) => window === "month" || run.budget[window].limit != null)
    .map(([window, label, tone, dash]) => ({
      label,
      colour: tone,
      dash,
      fill: window === "month" ? "area" : undefined,
      window,
      usd: column(run.budget[window].settled),
    }));
  for (const one of lines) {
    const limit = run.budget[one.window].limit;
    one.value = (view) => {
      const share = limit > 0 ? `, ${say.percent(one.usd[view] / limit)}` : "";
      return `${say.dollars(one.usd[view])}${share}`;
    };
  }
  const limits = lines.map((one) => ({ ...one, limit: run.budget[one.window].limit })).filter((one) => one.limit != null);
  const most = Math.max(...lines.flatMap((one) => one.usd), 0);
  // A limit far above what was spent would flatten the line: then it is only named.
  const drawn = limits.filter((one) => one.limit <= most * 2.5);
  const named = limits.filter((one) => !drawn.includes(one));
  const unit = figure.querySelector(".unit");
  if (named.length > 0) {
    const words = named.map((one) => `${say.dollars(one.limit)} a ${one.window}`).join(", ");
    unit.textContent = `US dollars; the limit of ${words} lies above the axis`;
  }
  const top = Math.max(most, ...drawn.map((one) => one.limit)) * 1.08 || 1;
  return linePanel(figure, run, time, lines, {
    height: 170,
    scale: { range: () => [0, top] },
    values: (chart, splits) => splits.map((usd) => `$${say.short(usd)}`),
    column: (one) => one.usd,
    hooks: { draw: [(chart) => drawBudget(chart, drawn, run.alerts)] },
  });
}

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
    const left = x + 8 * scale + width > bbox.left + bbox.width ? x - 8 * scale - width : x + 8 * scale;
    if (left < free) continue;
    ctx.fillStyle = colour("ink");
    ctx.fillText(text, left, y + 9 * scale);
    free = left + width + 6 * scale;
  }
  ctx.restore();
}

const LANE = 26;
const STATES = { closed: ["lane-closed", "solid"], half_open: ["lane-half", "rising"], open: ["lane-open", "crossed"] };
const STATE_WORDS = { closed: "closed", half_open: "half-open", open: "open" };

export function lanes(figure, run, time) {
  const providers = run.providers;
  const stateAt = (provider, seconds) => {
    let low = 0;
    let high = provider.lane.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (provider.lane[middle][0] <= seconds) low = middle;
      else high = middle;
    }
    return provider.lane[low][1];
  };
  const keys = Object.entries(STATES).map(([state, [tone, mark]]) => ({
    label: STATE_WORDS[state],
    colour: tone,
    mark,
    value: (view, seconds) => providers.filter((one) => stateAt(one, seconds) === state).map((one) => one.name).join(", "),
  }));
  return new Panel(figure, time, run.faults, {
    series: keys,
    height: providers.length * LANE + 26 + 12,
    build: () => ({
      data: [time.times, time.times.map(() => null)],
      scales: { y: { dir: -1, range: () => [0, providers.length] } },
      axes: [
        valueAxis((chart, splits) => splits.map((_, i) => shortName(providers[i].name)), {
          splits: () => providers.map((_, i) => i + 0.5),
          grid: { show: false },
          space: 1,
        }),
      ],
      series: [{ paths: () => null, points: { show: false } }],
      hooks: { draw: [(chart) => drawLanes(chart, providers, time.end)] },
    }),
  });
}

const shortName = (name) => (name.length > 10 ? `${name.slice(0, 9)}…` : name);

function drawLanes(chart, providers, end) {
  const { ctx, bbox } = chart;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  providers.forEach((provider, row) => {
    const top = Math.round(chart.valToPos(row + 0.16, "y", true));
    const bottom = Math.round(chart.valToPos(row + 0.84, "y", true));
    // Closed first, so that the shortest opening is seen over it.
    for (const wanted of ["closed", "half_open", "open"]) {
      const [tone, mark] = STATES[wanted];
      ctx.fillStyle = fill(tone, mark);
      provider.lane.forEach(([from, state], i) => {
        if (state !== wanted) return;
        const to = provider.lane[i + 1]?.[0] ?? end;
        const x0 = Math.max(chart.valToPos(from, "x", true), bbox.left);
        const x1 = Math.min(chart.valToPos(to, "x", true), right);
        if (x1 < bbox.left || x0 > right) return;
        const inset = wanted === "closed" ? Math.round((bottom - top) * 0.36) : 0;
        ctx.fillRect(x0, top + inset, Math.max(x1 - x0, 1.5 * devicePixelRatio), bottom - top - 2 * inset);
      });
    }
  });
  ctx.restore();
}
