// The axis that panels share, of time or of something else: its ticks, the cursor on it, the stretch of it that is shown.

import uPlot from "uplot";
import { colour, isPrinting, onChange } from "./theme.js";
import { columnsOf } from "./columns.js";
import { elapsed, short, tick, wall } from "./numbers.js";

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
    this.panels = [];
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
    for (const panel of this.panels) panel.fit();
    this.resizeListeners.forEach((listener) => listener());
  }

  add(panel) {
    this.panels.push(panel);
    this.charts.push(panel.chart);
  }

  // How many CSS pixels lie between the ends of the axis.
  get plotWidth() {
    return this.width - AXIS_LEFT - PAD_RIGHT;
  }

  // The columns that are drawn of what is shown. All charts show the same, so they are worked out once.
  columns(chart) {
    const { min, max } = chart.scales.x;
    const key = [min, max, this.width].join();
    if (this.columnsKey !== key) {
      this.columnsKey = key;
      this.drawnColumns = columnsOf(this.times, min ?? 0, max ?? this.end, this.sharesColumns ? this.plotWidth : Infinity);
    }
    return this.drawnColumns;
  }

  // The views that share a column with this one.
  columnAt(chart, view) {
    const { size } = this.columns(chart);
    const first = Math.floor(view / size) * size;
    return [first, Math.min(first + size, this.times.length - 1)];
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
      space: 60,
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
  // In seconds. `isWall`: its ticks are those of the wall clock (UTC), and not the time since the start. Views that are
  // narrower than a few pixels share a column if they may.
  constructor(times, startUnixMs, place, isWall, sharesColumns) {
    super("time", times, place);
    this.startUnixMs = startUnixMs;
    this.sharesColumns = sharesColumns;
    this.isWall = isWall;
  }

  steps() {
    return STEPS;
  }

  words(at, step) {
    return tick(at, step, this.isWall ? this.startUnixMs : null);
  }

  // In words.
  instant(at) {
    return this.isWall ? wall(this.startUnixMs + 1000 * at) : `${elapsed(Math.floor(at))} after the start`;
  }

  splits(min, max, step) {
    // Round times of the day, whenever the run began.
    const offset = this.isWall ? (this.startUnixMs / 1000) % 86400 : 0;
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
    return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
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
