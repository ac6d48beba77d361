// The panels of a run, one function each.

import { FaultNames } from "./bands.js";
import { drawBudget } from "./budget.js";
import { greatest, spread, spreadWords, sum } from "./columns.js";
import { linePanel } from "./lines.js";
import { stackPanel } from "./stacks.js";
import { dashOf, markOf, toneOf } from "./theme.js";
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

// One number for each view of the run.
const columnOf = (run, values) => Array.from({ length: run.views }, (_, view) => values?.[view] ?? 0);

const totalsOf = (run, columns) => Array.from({ length: run.views }, (_, view) => columns.reduce((total, one) => total + one[view], 0));

// The unit in which a rate reads as a number above one, and the seconds in it.
function rateUnit(most) {
  if (most >= 1) return ["second", 1];
  return most * 60 >= 1 ? ["minute", 60] : ["hour", 3600];
}

const visible = (series) => series.filter(({ hidden }) => !hidden);

// The seconds of each view. The last one is as long as the run lasted in it: a rate over less than a tenth of a view says
// nothing.
const secondsOf = (run, time) => Array.from({ length: run.views }, (_, view) => Math.max(time.times[view + 1] - time.times[view], run.view / 10));

// Series of {label, colour, mark, alpha, counts, value}, stacked as rates. `panel` is what the chart has besides.
function stackRates(figure, run, time, parts, panel) {
  const seconds = secondsOf(run, time);
  const all = totalsOf(run, parts.map(({ counts }) => counts));
  const [unit, factor] = rateUnit(all.reduce((most, n, view) => Math.max(most, n / seconds[view]), 0));
  figure.querySelector(".unit").textContent = `requests per ${unit}`;
  const series = parts.map((part) => ({ ...part, height: (column) => (sum(part.counts, column) / sum(seconds, column)) * factor }));
  const rates = () => totalsOf(run, visible(series).map(({ counts }) => counts)).map((n, view) => (n / seconds[view]) * factor);
  let tops = rates();
  return stackPanel(figure, run, time, {
    series,
    extremes: (column) => {
      const found = column[1] - column[0] > 1 ? spread(tops, column) : null;
      return found && [found.min, found.max];
    },
    tint: "spread",
    tops: () => (tops = rates()),
    scale: { range: (chart, min, max) => [0, Math.max(max * 1.06, 1e-9)] },
    values: (chart, splits) => splits.map(say.scale),
    ...panel,
  });
}

export function requests(figure, run, time) {
  const shown = outcomesOf(run.outcomes).filter(([key]) => run.outcomes[key]);
  const parts = shown.map(([key, label, name, mark]) => {
    const counts = columnOf(run, run.outcomes[key]);
    return { label, colour: name, mark, counts, value: (column) => say.count(sum(counts, column)) };
  });
  const faults = new FaultNames(run.faults, time, document.getElementById("fault-list"));
  return stackRates(figure, run, time, parts, {
    height: () => 210 + faults.height(),
    top: () => faults.height(),
    over: (chart) => faults.draw(chart),
  });
}

// By the route that a request asks for: what was answered in the route's colour, and above it what had no answer.
export function routes(figure, run, time) {
  const parts = run.routes.flatMap((route, i) => {
    const [tone, mark] = [toneOf(i), markOf(i)];
    const all = totalsOf(run, [route.answered, route.refused, route.failed].map((counts) => columnOf(run, counts)));
    const part = (label, values, colour, pattern, alpha) => {
      const counts = columnOf(run, values);
      const value = (column) => {
        const [some, of] = [sum(counts, column), sum(all, column)];
        return of > 0 ? `${say.count(some)} (${say.percent(some / of)})` : "no requests";
      };
      return { label: `${route.name}: ${label}`, colour, mark: pattern, alpha, counts, value, isEmpty: counts.every((n) => n === 0) };
    };
    const rest = [part("refused by a limiter", route.refused, "refused", "dotted", 1), part("not answered", route.failed, "failed", "rising", 1)];
    return [part("answered", route.answered, tone, mark, 0.75), ...rest.filter(({ isEmpty }) => !isEmpty)];
  });
  return stackRates(figure, run, time, parts, { height: 170 });
}

// Who answered: a share for each provider, the cache, and what had no answer.
export function answers(figure, run, time) {
  const outcome = (key) => columnOf(run, run.outcomes[key]);
  const served = run.providers.map(({ name, answers: answered }, i) => [name, toneOf(i), markOf(i), 0.75, columnOf(run, answered)]);
  const answered = totalsOf(run, [...served.map((one) => one[4]), outcome("cache_hit"), outcome("stale_hit")]);
  const unanswered = columnOf(run, run.failed);
  const all = columnOf(run, run.requests);
  const refused = all.map((n, view) => n - answered[view] - unanswered[view]);
  const rest = [
    ["the cache", "cached", "solid", 1, outcome("cache_hit")],
    ["the cache, stale", "stale", "level", 1, outcome("stale_hit")],
    ["refused by a limiter", "refused", "dotted", 1, refused],
    ["not answered", "failed", "rising", 1, unanswered],
  ];
  const series = [...served, ...rest.filter(([, , , , counts]) => counts.some((n) => n > 0))].map(([label, tone, mark, alpha, counts]) => ({
    label,
    isEmpty: counts.every((n) => n === 0),
    colour: tone,
    mark,
    alpha,
    counts,
    height: (column) => (sum(all, column) > 0 ? sum(counts, column) / sum(all, column) : 0),
    value: (column) => (sum(all, column) > 0 ? `${say.count(sum(counts, column))} (${say.percent(sum(counts, column) / sum(all, column))})` : "no requests"),
  }));
  const lost = unanswered.map((n, view) => (all[view] > 0 ? n / all[view] : null));
  return stackPanel(figure, run, time, {
    series,
    // Down to the bucket in which the largest share had no answer.
    extremes: (column) => {
      const isWhole = series.every(({ hidden }) => !hidden) && sum(all, column) > 0;
      return isWhole ? [1 - greatest(lost, column), 1 - sum(unanswered, column) / sum(all, column)] : null;
    },
    tops: () => all.map((n) => (n > 0 ? 1 : 0)),
    height: 150,
    scale: { range: () => [0, 1] },
    values: (chart, splits) => splits.map(say.percent),
  });
}

// Bars of the calls that failed, and frames of the requests that failed for their callers.
export function failedCalls(figure, run, time) {
  const words = (bad, all, what) => (column) => {
    const [failed, of] = [sum(bad, column), sum(all, column)];
    if (of === 0) return `no ${what}`;
    const most = column[1] - column[0] > 1 && failed > 0 ? `, most ${say.count(greatest(bad, column))}` : "";
    return `${say.count(failed)} of ${say.count(of)} (${say.percent(failed / of)})${most}`;
  };
  const meanOf = (counts) => (column) => sum(counts, column) / (column[1] - column[0]);
  const series = run.providers.map((provider, i) => {
    const [calls, counts] = [columnOf(run, provider.calls), columnOf(run, provider.errors)];
    return { label: `${provider.name}: calls`, colour: toneOf(i), mark: markOf(i), counts, height: meanOf(counts), value: words(counts, calls, "calls") };
  });
  const failed = columnOf(run, run.failed);
  series.push({
    label: "requests, as callers see it",
    colour: "ink",
    isOutline: true,
    counts: failed,
    height: meanOf(failed),
    most: (column) => greatest(failed, column),
    value: words(failed, columnOf(run, run.requests), "requests"),
  });
  for (const one of series) one.isEmpty = one.counts.every((n) => n === 0);
  const bars = () => totalsOf(run, visible(series).filter(({ isOutline }) => !isOutline).map(({ counts }) => counts));
  let totals = bars();
  const isNone = series.every(({ isEmpty }) => isEmpty);
  const unit = figure.querySelector(".unit");
  unit.textContent = isNone ? "no call failed" : `calls in a bucket of ${say.span(run.view)}`;
  return stackPanel(figure, run, time, {
    series,
    isBars: true,
    extremes: (column) => [sum(totals, column) / (column[1] - column[0]), greatest(totals, column)],
    tops: () => {
      totals = bars();
      return series.at(-1).hidden ? totals : totals.map((n, view) => Math.max(n, failed[view]));
    },
    height: isNone ? 90 : 170,
    scale: { range: (chart, min, max) => [0, Math.max((max ?? 0) * 1.08, 1)] },
    values: (chart, splits) => splits.map((n) => (Number.isInteger(n) ? say.scale(n) : "")),
  });
}

export function latency(figure, run, time) {
  // A logarithmic axis has no zero, and an answer from the cache takes no time.
  const hasZeros = run.latency.count.some((n, view) => n > 0 && (run.latency.p50[view] ?? 0) === 0);
  if (hasZeros) figure.querySelector(".unit").textContent = "logarithmic; 0 ms, from the cache, is not drawn";
  const known = ["p50", "p95", "p99"].flatMap((name) => run.latency[name].filter((ms) => ms > 0));
  const least = known.reduce((a, b) => Math.min(a, b), 1e9);
  const floor = roundBelow(least === 1e9 ? 1 : least * 0.9);
  const answered = columnOf(run, run.latency.count);
  const lines = [
    ["p50", "line-1", []],
    ["p95", "line-2", [7, 3]],
    ["p99", "line-3", [2, 2.5]],
  ].map(([name, tone, dash]) => {
    const all = columnOf(run, run.latency[name]).map((ms, view) => (answered[view] > 0 ? ms : null));
    return {
      label: name,
      colour: tone,
      dash,
      values: all.map((ms) => (ms > 0 ? ms : null)),
      value: (column) => spreadWords(all, column, say.milliseconds, "none answered"),
    };
  });
  return linePanel(figure, run, time, lines, {
    height: 190,
    scale: { distr: 3, range: (chart, min, max) => [floor, Math.max((max ?? 0) * 1.15, floor * 5)] },
    axis: { space: 18 },
    values: (chart, splits) => splits.map((ms) => (ms == null || !isRound(ms) ? "" : ms >= 1000 ? `${say.scale(ms / 1000)} s` : `${say.short(ms)} ms`)),
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
  const lines = [
    { label: "requests, at most", colour: "ink", dash: [], fill: "area", values: columnOf(run, run.in_flight_max) },
    ...run.providers.map((provider, i) => ({
      label: `${provider.name}: calls`,
      colour: toneOf(i),
      dash: dashOf(i),
      values: columnOf(run, provider.in_flight),
    })),
  ];
  for (const one of lines) one.value = (column) => spreadWords(one.values, column, say.short, "none");
  return linePanel(figure, run, time, lines, {
    height: 150,
    scale: { range: (chart, min, max) => [0, Math.max((max ?? 0) * 1.08, 1)] },
    values: (chart, splits) => splits.map((n) => (Number.isInteger(n) ? say.scale(n) : "")),
  });
}

const ALERTS_MAX = 20;

export function spend(figure, run, time) {
  listAlerts(figure, run, time);
  const dollars = (values) => columnOf(run, values).map((micros) => micros / 1e6);
  const billed = { label: run.billed_words, colour: "line-4", dash: [], width: 3.5, values: dollars(run.billed) };
  billed.value = (column) => spreadWords(billed.values, column, say.dollars, "");
  // A gateway under trial shows no budget.
  const counted = [
    ["month", "as the budget counts, this month", "ink", [7, 4]],
    ["day", "as the budget counts, this day", "line-2", [2, 3]],
  ];
  const windows = (run.budget ? counted : [])
    .filter(([window]) => window === "month" || run.budget[window].limit != null)
    .map(([window, label, tone, dash]) => {
      const [values, limit] = [dollars(run.budget[window].settled), run.budget[window].limit];
      const share = (column) => (limit > 0 ? `, ${say.percent(greatest(values, column) / limit)} of its limit` : "");
      return { label, colour: tone, dash, window, limit, values, value: (column) => spreadWords(values, column, say.dollars, "") + share(column) };
    });
  const lines = [billed, ...windows];
  const limits = windows.filter(({ limit }) => limit != null);
  const most = Math.max(...lines.map(({ values }) => greatest(values, [0, run.views])), 0);
  // A limit far above what was spent would flatten the line: then it is only named.
  const drawn = limits.filter(({ limit }) => limit <= most * 2.5);
  const named = limits.filter((one) => !drawn.includes(one));
  if (named.length > 0) {
    const words = named.map(({ limit, window }) => `${say.dollars(limit)} a ${window}`).join(", ");
    figure.querySelector(".unit").textContent += `; the limit of ${words} lies above the axis`;
  }
  const top = Math.max(most, ...drawn.map(({ limit }) => limit)) * 1.08 || 1;
  return linePanel(figure, run, time, lines, {
    height: 170,
    scale: { range: () => [0, top] },
    values: (chart, splits) => splits.map((usd) => `$${say.scale(usd)}`),
    over: (chart) => drawBudget(chart, drawn, run.alerts),
  });
}

// Every alert in words and with its instant, below the chart of the money.
function listAlerts(figure, run, time) {
  if (run.alerts.length === 0) return;
  const list = document.createElement("p");
  list.className = "note";
  const shown = run.alerts.slice(0, ALERTS_MAX).map(({ label, at }) => `${label} at ${time.instant(at)}`);
  const more = run.alerts.length - shown.length;
  list.textContent = `Alerts: ${shown.join("; ")}${more > 0 ? `; and ${say.count(more)} more` : ""}.`;
  figure.querySelector(".plot").after(list);
}
