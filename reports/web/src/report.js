// Makes the panels of the page out of the figures that it carries.

import "uplot/dist/uPlot.min.css";
import "./report.css";
import { RateAxis, TimeAxis } from "./time.js";
import { reserveLegends } from "./panel.js";
import * as panels from "./panels.js";
import * as forecasts from "./forecast.js";
import { elapsed, wall } from "./numbers.js";

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

function timesOf(run) {
  const times = Array.from({ length: run.views }, (_, view) => view * run.view);
  times.push(Math.max(run.end, run.views > 0 ? times[run.views - 1] + run.view * 1e-3 : run.view));
  return times;
}

function showRun(run) {
  const time = new TimeAxis(timesOf(run), run.start_unix_ms, document.querySelector(".plot"));
  const made = [];
  for (const [id, make] of [
    ["requests", panels.requests],
    ["lanes", panels.lanes],
    ["errors", panels.errors],
    ["latency", panels.latency],
    ["in-flight", panels.inFlight],
    ["spend", panels.spend],
  ]) {
    const figure = document.getElementById(`panel-${id}`);
    if (figure) made.push(make(figure, run, time));
  }
  const readout = document.getElementById("cursor-time");
  time.listeners.push((at) => {
    readout.textContent = at == null ? "" : `${elapsed(run.view < 1 ? at : Math.floor(at))} after the start, ${wall(run.start_unix_ms + 1000 * at)}`;
  });
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
  const time = new TimeAxis(dayEdges(forecast, start), start, document.querySelector(".plot"));
  const made = [forecasts.fan(document.getElementById("panel-fan"), forecast, time)];
  const crossing = document.getElementById("panel-crossing");
  if (crossing) made.push(forecasts.crossing(crossing, forecast, time));
  const readout = document.getElementById("cursor-time");
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

addCopyButtons();
const run = figuresOf("run-figures");
const forecast = figuresOf("forecast-figures");
// For readers of the page's state, such as its test.
window.windtunnelReport = run ? showRun(completed(run)) : showForecast(forecast);
const { time, panels: shown } = window.windtunnelReport;
reserveLegends(shown);
time.resizeListeners.push(() => reserveLegends(shown));
