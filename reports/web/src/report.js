// Makes the panels of the page out of the figures that it carries.

import "uplot/dist/uPlot.min.css";
import "./report.css";
import { RateAxis, TimeAxis } from "./time.js";
import { reserveLegends } from "./panel.js";
import { lanes } from "./lanes.js";
import * as panels from "./panels.js";
import * as forecasts from "./forecast.js";
import { elapsed, span, wall } from "./numbers.js";

document.documentElement.classList.add("js");

function figuresOf(id) {
  const holder = document.getElementById(id);
  return holder ? JSON.parse(holder.textContent) : null;
}

// A fault that never stops, stops with the run.
function completed(run) {
  for (const fault of run.faults) {
    fault.phases = fault.phases.map(([from, to]) => ({ from, to: to ?? run.end }));
  }
  return run;
}

// What a step of the charts is: with many buckets to a pixel, several of them.
function sayColumns(run, time) {
  const place = document.getElementById("drawn-as");
  const say = () => {
    const { size } = time.columns(time.charts[0]);
    const words = size === 1 ? "" : `Each step is ${size} buckets (${span(size * run.view)}): the line or area is their mean, the tint reaches from the least to the greatest.`;
    if (place.textContent !== words) place.textContent = words;
  };
  say();
  time.charts[0].hooks.setScale = [...(time.charts[0].hooks.setScale ?? []), say];
  time.resizeListeners.push(say);
}

function timesOf(run) {
  const times = Array.from({ length: run.views }, (_, view) => view * run.view);
  times.push(Math.max(run.end, run.views > 0 ? times[run.views - 1] + run.view * 1e-3 : run.view));
  return times;
}

// The instant under the cursor; where buckets share a column, the stretch of time that its values are of.
function instantWords(run, time, at) {
  const chart = time.charts[0];
  const { size } = time.columns(chart);
  const exact = (seconds) => elapsed(run.view < 1 ? seconds : Math.floor(seconds));
  const clock = (seconds) => (run.start_is_given ? `${wall(run.start_unix_ms + 1000 * seconds)}, ` : "");
  if (size === 1) return `${clock(at)}${exact(at)} after the start`;
  const [first] = time.columnAt(chart, time.viewAt(at));
  const from = time.times[first];
  return `${span(size * run.view)} from ${clock(from)}${exact(from)} after the start`;
}

function showRun(run) {
  const time = new TimeAxis(timesOf(run), run.start_unix_ms, document.querySelector(".plot"), run.start_is_given, true);
  const made = [];
  for (const [id, make] of [
    ["requests", panels.requests],
    ["answers", panels.answers],
    ["routes", panels.routes],
    ["lanes", lanes],
    ["failed-calls", panels.failedCalls],
    ["latency", panels.latency],
    ["in-flight", panels.inFlight],
    ["spend", panels.spend],
  ]) {
    const figure = document.getElementById(`panel-${id}`);
    if (figure) made.push(make(figure, run, time));
  }
  const readout = (time.readout = document.getElementById("cursor-time"));
  time.listeners.push((at) => {
    readout.textContent = at == null ? "" : instantWords(run, time, at);
  });
  sayColumns(run, time);
  document.getElementById("show-all")?.addEventListener("click", () => time.showAll());
  return { time, panels: made };
}

// The ends of the days, in seconds since the start; the first and the last may be cut short.
function dayEdges(forecast, startUnixMs) {
  const end = Number(forecast.horizon_s);
  const later = forecast.days.slice(1).map(({ date }) => (Date.parse(date) - startUnixMs) / 1000);
  return [0, ...later, end];
}

function showForecast(forecast) {
  const start = Date.parse(forecast.start);
  const time = new TimeAxis(dayEdges(forecast, start), start, document.querySelector(".plot"), true, false);
  const made = [forecasts.fan(document.getElementById("panel-fan"), forecast, time)];
  const crossing = document.getElementById("panel-crossing");
  if (crossing) made.push(forecasts.crossing(crossing, forecast, time));
  const readout = (time.readout = document.getElementById("cursor-time"));
  time.listeners.push((at) => {
    readout.textContent = at == null ? "" : `at the end of ${forecast.days[time.viewAt(at)].date}`;
  });
  document.getElementById("show-all")?.addEventListener("click", () => time.showAll());
  const headroom = document.getElementById("panel-headroom");
  const rates = headroom && forecasts.ratesOf(forecast);
  if (rates) made.push(forecasts.headroom(headroom, forecast, new RateAxis(rates, headroom.querySelector(".plot"))));
  return { time, panels: made };
}

function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const code of document.querySelectorAll("code.command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    code.after(button);
  }
}

// A place for what is said after a key, and the tables of the charts closed: they are open for those without scripts.
function arrange() {
  const spoken = document.createElement("p");
  spoken.id = "spoken";
  spoken.className = "unseen";
  spoken.setAttribute("aria-live", "polite");
  document.querySelector("main").append(spoken);
  for (const table of document.querySelectorAll("details.figures")) table.open = false;
}

// What scrolls sideways is reached by the keyboard.
function reachScrollers() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

arrange();
addCopyButtons();
const run = figuresOf("run-figures");
const forecast = figuresOf("forecast-figures");
// For readers of the page's state, such as its test.
window.windtunnelReport = run ? showRun(completed(run)) : showForecast(forecast);
const { time, panels: shown } = window.windtunnelReport;
reserveLegends(shown);
time.resizeListeners.push(() => reserveLegends(shown));
reachScrollers();
time.resizeListeners.push(reachScrollers);
for (const table of document.querySelectorAll("details.figures")) table.addEventListener("toggle", reachScrollers);
