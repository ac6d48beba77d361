// One panel: a chart on the shared time axis, its legend with the values under the cursor, and its keys.

import uPlot from "uplot";
import { colour, fill, onChange } from "./theme.js";
import { tint } from "./bands.js";

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
      pen.fillStyle = fill(series.colour, series.mark);
      pen.fillRect(0, 0, box.width, box.height);
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
  // `series`: [{label, colour, mark | dash, value(view) -> text, hidden}]; `build(panel)` gives uPlot's series, data,
  // scales, axes and hooks.
  constructor(figure, time, faults, { series, height, top = 8, build, rebuild, at }) {
    this.figure = figure;
    this.plot = figure.querySelector(".plot");
    this.time = time;
    this.series = series;
    this.at = at;
    this.rebuild = rebuild;
    const shared = time.options();
    const own = build(this);
    const hooks = own.hooks ?? {};
    const options = {
      width: time.width,
      height,
      legend: { show: false },
      ...shared,
      padding: [top, shared.padding[1], 0, 0],
      scales: { ...shared.scales, ...own.scales },
      axes: [time.axis(), ...own.axes],
      series: [{}, ...own.series],
      hooks: {
        ...hooks,
        drawClear: [(chart) => tint(chart, faults), ...(hooks.drawClear ?? [])],
        setCursor: [() => this.showValues()],
      },
    };
    this.chart = new uPlot(options, own.data, this.plot);
    time.add(this.chart);
    this.addLegend();
    this.addKeys();
    onChange(() => {
      if (!this.fit()) this.chart.redraw(false);
    });
  }

  // True if the width changed, and with it the drawing.
  fit() {
    if (this.chart.width === this.time.width) return false;
    this.chart.setSize({ width: this.time.width, height: this.chart.height });
    return true;
  }

  addLegend() {
    const list = document.createElement("ul");
    list.className = "legend";
    this.values = this.series.map((one) => {
      const item = document.createElement("li");
      const button = document.createElement(this.rebuild || one.at ? "button" : "span");
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

  showValues() {
    const { left, idx } = this.chart.cursor;
    const inside = left != null && left >= 0 && idx != null;
    const at = inside ? this.chart.posToVal(left, "x") : null;
    this.series.forEach((one, i) => {
      this.values[i].textContent = inside ? one.value(this.time.viewAt(at), at) : "";
    });
    this.time.listeners.forEach((listener) => listener(at));
  }

  // The arrow keys walk the cursor from view to view in all panels; + and - zoom about it, 0 shows all.
  addKeys() {
    this.plot.tabIndex = 0;
    this.plot.addEventListener("keydown", (event) => {
      const { chart, time } = this;
      const { min, max } = chart.scales.x;
      const now = chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : (min + max) / 2;
      const view = time.viewAt(now);
      const step = event.shiftKey ? 10 : 1;
      const last = time.times.length - 2;
      const middle = (i) => (time.times[i] + time.times[i + 1]) / 2;
      const go = (i) => this.moveTo(middle(Math.min(Math.max(i, 0), last)));
      const zoom = (factor) => time.show(now - (now - min) * factor, now + (max - now) * factor);
      const keys = {
        ArrowLeft: () => go(view - step),
        ArrowRight: () => go(view + step),
        Home: () => go(time.viewAt(min)),
        End: () => go(time.viewAt(max)),
        "+": () => zoom(0.5),
        "=": () => zoom(0.5),
        "-": () => zoom(2),
        0: () => time.showAll(),
        Escape: () => time.showAll(),
      };
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  }

  moveTo(seconds) {
    const { chart, time } = this;
    const { min, max } = chart.scales.x;
    if (seconds < min || seconds > max) time.show(seconds - (max - min) / 2, seconds + (max - min) / 2);
    chart.setCursor({ left: chart.valToPos(seconds, "x"), top: chart.over.clientHeight / 2 }, true, true);
  }
}
