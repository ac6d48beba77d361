// The axis that panels share, of time or of something else: its ticks, the cursor on it, the stretch of it that is shown.

import uPlot from "uplot";
import { colour, isPrinting, onChange } from "./theme.js";
import { short, tick } from "./numbers.js";

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];
const AXIS_LEFT = 62;  // the same in every panel, so that their times stand one above the other
const PAD_RIGHT = 26;
const PRINT_WIDTH = 700;

class Axis {
  // `times` are the edges of the views: one more than there are views. All charts are as wide as `place`; those of the
  // same `name` have one cursor.
  constructor(name, times, place) {
    this.name = name;
    this.times = times;
    this.end = times[times.length - 1];
    this.least = (times[1] - times[0]) * 4;
    this.charts = [];
    this.sync = uPlot.sync(name);
    this.listeners = [];
    this.resizeListeners = [];
    this.place = place;
    this.measure();
    // Before the panels' own listeners, which fit their charts to this width.
    onChange(() => this.measure());
    new ResizeObserver(() => this.measure() && this.resized()).observe(place);
  }

  // Read once for all panels: reading it lays the page out.
  measure() {
    const before = this.width;
    this.width = isPrinting() ? PRINT_WIDTH : Math.max(this.place.clientWidth, 240);
    return before !== this.width;
  }

  resized() {
    for (const chart of this.charts) chart.setSize({ width: this.width, height: chart.height });
    this.resizeListeners.forEach((listener) => listener());
  }

  add(chart) {
    this.charts.push(chart);
  }

  // A view at an instant.
  viewAt(seconds) {
    let low = 0;
    let high = this.times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.times[middle] <= seconds) low = middle;
      else high = middle;
    }
    return low;
  }

  // Where the cursor stands for a view.
  middle(view) {
    return (this.times[view] + this.times[view + 1]) / 2;
  }

  show(from, to) {
    const width = Math.min(Math.max(to - from, this.least), this.end);
    const begin = Math.min(Math.max((from + to - width) / 2, 0), this.end - width);
    for (const chart of this.charts) chart.setScale("x", { min: begin, max: begin + width });
  }

  showAll() {
    this.show(0, this.end);
  }

  // The members of uPlot's options that have to do with this axis.
  options() {
    const own = this;
    return {
      padding: [null, PAD_RIGHT, null, 0],
      cursor: {
        sync: { key: this.name, setSeries: false },
        drag: { x: true, y: false, uni: 10 },
        y: false,
        points: { show: false },
        bind: { dblclick: (chart, target, handler) => (event) => (handler(event), own.showAll(), null) },
      },
      scales: { x: { time: false, range: (chart, min, max) => [min ?? 0, max ?? own.end] } },
    };
  }

  ticks() {
    const own = this;
    return {
      scale: "x",
      size: 26,
      gap: 4,
      space: 70,
      font: "11px system-ui, sans-serif",
      stroke: () => colour("ink-soft"),
      grid: { stroke: () => colour("grid"), width: 1 },
      ticks: { stroke: () => colour("grid"), width: 1, size: 4 },
      incrs: own.steps(),
      splits: (chart, axis, min, max, step) => own.splits(min, max, step),
      values: (chart, splits, axis, space, step) => splits.map((at) => own.words(at, step)),
    };
  }
}

export class TimeAxis extends Axis {
  // In seconds.
  constructor(times, startUnixMs, place) {
    super("time", times, place);
    this.startUnixMs = startUnixMs;
    this.byCalendar = this.end > 2 * 86400;
  }

  steps() {
    return STEPS;
  }

  words(at, step) {
    return tick(at, step, this.startUnixMs, this.byCalendar);
  }

  splits(min, max, step) {
    const offset = this.byCalendar ? (this.startUnixMs / 1000) % 86400 : 0;
    const splits = [];
    for (let i = Math.ceil((min + offset) / step); i * step - offset <= max; ++i) {
      splits.push(Number((i * step - offset).toFixed(6)));
    }
    return splits;
  }
}

// Multiples of the traffic. The views are the multiples that were tried.
export class RateAxis extends Axis {
  constructor(rates, place) {
    const between = rates.slice(1).map((rate, i) => (rate + rates[i]) / 2);
    super("rate", [0, ...between, rates[rates.length - 1] * 1.06], place);
    this.rates = rates;
    this.least = 0.04;
  }

  middle(view) {
    return this.rates[view];
  }

  steps() {
    return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
  }

  words(at) {
    return `${short(at)}×`;
  }

  splits(min, max, step) {
    const splits = [];
    for (let i = Math.ceil(min / step - 1e-9); i * step <= max; ++i) splits.push(Number((i * step).toFixed(6)));
    return splits;
  }
}

// The axis on the left of a panel.
export function valueAxis(values, more = {}) {
  return {
    size: AXIS_LEFT,
    gap: 6,
    space: 26,
    font: "11px system-ui, sans-serif",
    stroke: () => colour("ink-soft"),
    grid: { stroke: () => colour("grid"), width: 1 },
    ticks: { show: false },
    values,
    ...more,
  };
}
