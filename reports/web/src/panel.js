// One panel: a chart on an axis that it may share, its legend with the values under the cursor, and its keys.

import uPlot from "uplot";
import { colour, fill, onChange } from "./theme.js";
import { tint } from "./bands.js";

const SAMPLES = 24;

// Charts must not move when the legends above them come to hold values, so that these have their room from the start.
export function reserveLegends(panels) {
  const captions = panels.map(({ figure }) => figure.querySelector("figcaption"));
  captions.forEach((caption) => (caption.style.minHeight = ""));
  panels.forEach((panel) => panel.fillForMeasure());
  const heights = captions.map((caption) => caption.offsetHeight);
  captions.forEach((caption, i) => (caption.style.minHeight = `${heights[i]}px`));
  panels.forEach((panel) => panel.values.forEach((value) => (value.textContent = "")));
}

// The small picture of a series in the legend, drawn as the chart draws it.
function swatch(series) {
  const box = document.createElement("canvas");
  box.className = "swatch";
  box.setAttribute("aria-hidden", "true");
  const draw = () => {
    const scale = devicePixelRatio || 1;
    box.width = 22 * scale;
    box.height = 12 * scale;
    const pen = box.getContext("2d");
    if (series.mark) {
      pen.globalAlpha = series.alpha ?? 1;
      pen.fillStyle = fill(series.colour, series.mark);
      pen.fillRect(0, 0, box.width, box.height);
      return;
    }
    if (series.isOutline) {
      pen.strokeStyle = colour(series.colour);
      pen.lineWidth = 1.5 * scale;
      pen.strokeRect(scale, scale, box.width - 2 * scale, box.height - 2 * scale);
      return;
    }
    pen.strokeStyle = colour(series.colour);
    pen.lineWidth = (series.width ?? 1.75) * scale;
    pen.setLineDash((series.dash ?? []).map((part) => part * scale));
    pen.beginPath();
    pen.moveTo(0, box.height / 2);
    pen.lineTo(box.width, box.height / 2);
    pen.stroke();
  };
  draw();
  onChange(draw);
  return box;
}

export class Panel {
  // `series`: [{label, colour, mark | isOutline | dash, value(column, instant) -> text, hidden, isEmpty}], where a column is the
  // views that share one: [first, beyond). `height` and `top` may follow from the axis's width. `build(panel)` gives
  // uPlot's series, data, scales, axes and hooks.
  constructor(figure, axis, faults, { series, height, top = 8, build, rebuild }) {
    this.figure = figure;
    this.plot = figure.querySelector(".plot");
    this.axis = axis;
    this.series = series;
    this.rebuild = rebuild;
    this.height = typeof height === "function" ? height : () => height;
    const room = typeof top === "function" ? top : () => top;
    const shared = axis.options();
    const own = build(this);
    const hooks = own.hooks ?? {};
    const options = {
      width: axis.width,
      height: this.height(),
      legend: { show: false },
      ...shared,
      padding: [() => room(), shared.padding[1], 0, 0],
      scales: { ...shared.scales, ...own.scales },
      axes: [axis.ticks(), ...own.axes],
      series: [{}, ...own.series],
      hooks: {
        ...hooks,
        drawClear: [(chart) => tint(chart, faults), ...(hooks.drawClear ?? [])],
        setCursor: [() => this.showValues()],
      },
    };
    this.chart = new uPlot(options, own.data, this.plot);
    axis.add(this);
    this.addLegend();
    this.addKeys();
    onChange(() => {
      if (!this.fit()) this.chart.redraw(false);
    });
  }

  // True if the width changed, and with it the drawing.
  fit() {
    if (this.chart.width === this.axis.width) return false;
    this.chart.setSize({ width: this.axis.width, height: this.height() });
    return true;
  }

  addLegend() {
    const list = document.createElement("ul");
    list.className = "legend";
    this.values = this.series.map((one) => {
      const item = document.createElement("li");
      const button = document.createElement(this.rebuild && !one.isEmpty ? "button" : "span");
      button.className = "key";
      const value = document.createElement("span");
      value.className = "value";
      const name = document.createElement("span");
      name.textContent = one.label;
      button.append(swatch(one), name, value);
      if (button.type) {
        button.type = "button";
        button.setAttribute("aria-pressed", String(!one.hidden));
        button.title = "Show or hide";
        button.addEventListener("click", () => {
          one.hidden = !one.hidden;
          button.setAttribute("aria-pressed", String(!one.hidden));
          this.rebuild(this);
        });
      }
      item.append(button);
      list.append(item);
      return value;
    });
    this.figure.querySelector("figcaption").append(list);
  }

  // The words that a legend has under the cursor need room: the longest of some of them are put there to be measured.
  fillForMeasure() {
    const last = this.axis.times.length - 2;
    this.series.forEach((one, i) => {
      let longest = "";
      for (let step = 0; step <= SAMPLES; ++step) {
        const view = Math.round((last * step) / SAMPLES);
        const words = one.value(this.axis.columnAt(this.chart, view), this.axis.middle(view));
        if (words.length > longest.length) longest = words;
      }
      this.values[i].textContent = longest;
    });
  }

  showValues() {
    const { left, idx } = this.chart.cursor;
    const inside = left != null && left >= 0 && idx != null;
    const at = inside ? this.chart.posToVal(left, "x") : null;
    this.series.forEach((one, i) => {
      this.values[i].textContent = inside ? one.value(this.axis.columnAt(this.chart, this.axis.viewAt(at)), at) : "";
    });
    this.axis.listeners.forEach((listener) => listener(at));
  }

  // What the legend says, for those who hear it: after a key, not at every move of the mouse.
  say() {
    const words = this.series.map((one, i) => `${one.label} ${this.values[i].textContent}`);
    const spoken = document.getElementById("spoken");
    const at = this.axis.readout?.textContent;
    if (spoken) spoken.textContent = `${at ? `${at}: ` : ""}${words.join("; ")}`;
  }

  // The arrow keys walk the cursor from column to column in all panels; + and - zoom about it, 0 shows all.
  addKeys() {
    this.plot.tabIndex = 0;
    this.plot.addEventListener("keydown", (event) => {
      const { chart, axis } = this;
      const { min, max } = chart.scales.x;
      const now = chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : (min + max) / 2;
      const view = axis.viewAt(now);
      const step = axis.columns(chart).size * (event.shiftKey ? 10 : 1);
      const last = axis.times.length - 2;
      const go = (i) => this.moveTo(axis.middle(Math.min(Math.max(i, 0), last)));
      const zoom = (factor) => axis.show(now - (now - min) * factor, now + (max - now) * factor);
      const keys = {
        ArrowLeft: () => go(view - step),
        ArrowRight: () => go(view + step),
        Home: () => go(axis.viewAt(min)),
        End: () => go(axis.viewAt(max)),
        "+": () => zoom(0.5),
        "=": () => zoom(0.5),
        "-": () => zoom(2),
        0: () => axis.showAll(),
        Escape: () => axis.showAll(),
      };
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
      // The cursor moves with the next frame.
      requestAnimationFrame(() => this.say());
    });
  }

  moveTo(place) {
    const { chart, axis } = this;
    const { min, max } = chart.scales.x;
    if (place < min || place > max) axis.show(place - (max - min) / 2, place + (max - min) / 2);
    chart.setCursor({ left: chart.valToPos(place, "x"), top: chart.over.clientHeight / 2 }, true, true);
  }
}
