// Makes the panels of the page out of the figures that it carries.

import "uplot/dist/uPlot.min.css";
import "./report.css";
import { TimeAxis } from "./time.js";
import * as panels from "./panels.js";
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
// For whoever looks into the page, such as its test.
if (run) window.windtunnelReport = showRun(completed(run));
