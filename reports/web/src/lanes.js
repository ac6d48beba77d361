// The state of each provider's breaker, a lane for each, with its whole name above it.

import { colour, fill } from "./theme.js";
import { valueAxis } from "./time.js";
import { Panel } from "./panel.js";
import { within } from "./clip.js";

const LINE = 14;
const BAR = 16;
const SPACE = 6;
const FONT = (scale) => `${11 * scale}px system-ui, sans-serif`;
const STATES = { closed: ["lane-closed", "solid"], half_open: ["lane-half", "rising"], open: ["lane-open", "crossed"] };
const STATE_WORDS = { closed: "closed", half_open: "half-open", open: "open" };

// A name in as many lines as it needs.
function wrapped(name, width, pen) {
  const lines = [""];
  for (const letter of name) {
    const longer = lines[lines.length - 1] + letter;
    if (pen.measureText(longer).width <= width || longer === letter) lines[lines.length - 1] = longer;
    else lines.push(letter);
  }
  return lines;
}

// Where each lane lies below the top of the chart, in CSS pixels.
function laid(providers, width) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = FONT(1);
  let y = 0;
  const lanes = providers.map((provider) => {
    const lines = wrapped(provider.name, width, pen);
    const lane = { provider, lines, top: y, bar: y + lines.length * LINE };
    y = lane.bar + BAR + SPACE;
    return lane;
  });
  return { lanes, height: y };
}

// The part of a lane at an instant: [from, state].
function partAt(lane, seconds) {
  let low = 0;
  let high = lane.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lane[middle][0] <= seconds) low = middle;
    else high = middle;
  }
  return lane[low];
}

export function lanes(figure, run, time) {
  const { providers } = run;
  let [width, laidOut] = [null, null];
  const layout = () => {
    if (width !== time.plotWidth) [width, laidOut] = [time.plotWidth, laid(providers, time.plotWidth)];
    return laidOut;
  };
  const keys = Object.entries(STATES).map(([state, [tone, mark]]) => ({
    label: STATE_WORDS[state],
    colour: tone,
    mark,
    value: (column, seconds) => providers.filter(({ lane }) => partAt(lane, seconds)[1] === state).map(({ name }) => name).join(", "),
  }));
  return new Panel(figure, time, run.faults, {
    series: keys,
    height: () => layout().height + 26 + 12,
    build: () => ({
      data: [time.times, time.times.map(() => null)],
      scales: { y: { range: () => [0, 1] } },
      axes: [valueAxis(() => [], { splits: () => [], grid: { show: false } })],
      series: [{ paths: () => null, points: { show: false } }],
      hooks: { draw: [(chart) => drawLanes(chart, layout().lanes, time.end)] },
    }),
  });
}

function drawLanes(chart, places, end) {
  const { bbox } = chart;
  const scale = devicePixelRatio;
  const right = bbox.left + bbox.width;
  within(chart, (ctx) => {
    ctx.font = FONT(scale);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    for (const { provider, lines, top, bar } of places) {
      ctx.fillStyle = colour("ink");
      lines.forEach((text, i) => ctx.fillText(text, bbox.left, bbox.top + (top + (i + 0.5) * LINE) * scale));
      // Closed first, so that the shortest opening is seen over it.
      for (const wanted of ["closed", "half_open", "open"]) {
        const [tone, mark] = STATES[wanted];
        ctx.fillStyle = fill(tone, mark);
        const inset = wanted === "closed" ? 5 : 0;
        provider.lane.forEach(([from, state], i) => {
          if (state !== wanted) return;
          const to = provider.lane[i + 1]?.[0] ?? end;
          const x0 = Math.max(chart.valToPos(from, "x", true), bbox.left);
          const x1 = Math.min(chart.valToPos(to, "x", true), right);
          if (x1 < bbox.left || x0 > right) return;
          ctx.fillRect(x0, bbox.top + (bar + inset) * scale, Math.max(x1 - x0, 1.5 * scale), (BAR - 2 * inset) * scale);
        });
      }
    }
  });
}
