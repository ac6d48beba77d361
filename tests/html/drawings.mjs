// What the charts of a page draw, read back from their canvases: words and where they stand, and the ink of a colour.

// Every word that is drawn on a canvas is written down there with its box, in the pixels of the canvas, until the
// canvas is cleared. To be run before the page's own scripts.
export function recordWords() {
  const pen = CanvasRenderingContext2D.prototype;
  const { fillText, clearRect } = pen;
  pen.fillText = function (text, x, y, ...more) {
    const { e, f } = this.getTransform();
    const box = this.measureText(text);
    this.canvas.words ??= [];
    this.canvas.words.push({
      text,
      left: x + e - box.actualBoundingBoxLeft,
      right: x + e + box.actualBoundingBoxRight,
      top: y + f - box.actualBoundingBoxAscent,
      bottom: y + f + box.actualBoundingBoxDescent,
    });
    return fillText.call(this, text, x, y, ...more);
  };
  pen.clearRect = function (x, y, width, height) {
    if (width >= this.canvas.width && height >= this.canvas.height) this.canvas.words = [];
    return clearRect.call(this, x, y, width, height);
  };
}

// The words of each panel, and the size of its canvas.
export const wordsOf = (page) =>
  page.evaluate(() => windtunnelReport.panels.map(({ figure, chart }) => {
    const { width, height } = chart.ctx.canvas;
    const bbox = { ...chart.bbox };
    return { id: figure.id, width, height, bbox, words: (chart.ctx.canvas.words ?? []).filter(({ text }) => text !== "") };
  }));

// Which words leave the canvas, and which lie on one another.
export function misplaced({ id, width, height, words }) {
  const wrong = words
    .filter(({ left, right, top, bottom }) => left < -0.5 || right > width + 0.5 || top < -0.5 || bottom > height + 0.5)
    .map(({ text }) => `${id}: "${text}" leaves the chart`);
  words.forEach((one, i) => {
    for (const other of words.slice(i + 1)) {
      const isOver = one.left < other.right - 0.5 && other.left < one.right - 0.5 && one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
      if (isOver) wrong.push(`${id}: "${one.text}" and "${other.text}" lie on one another`);
    }
  });
  return wrong;
}

// Where a panel shows a colour of the style sheet: the pixels that change with it. By column of pixels [from, to) of the
// plot the values at the highest and at the lowest of them, in the units of the axis; null if there is none.
export const inkOf = (page, id, tone, from = -Infinity, to = Infinity) =>
  page.evaluate(([panel, name, first, beyond]) => {
    const { chart } = windtunnelReport.panels.find(({ figure }) => figure.id === `panel-${panel}`);
    const { canvas } = chart.ctx;
    const pixels = () => new Uint32Array(chart.ctx.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    // Colours are read anew after printing.
    const paint = (value) => {
      for (const one of [name, `${name}-edge`]) {
        if (value) document.documentElement.style.setProperty(`--${one}`, value);
        else document.documentElement.style.removeProperty(`--${one}`);
      }
      dispatchEvent(new Event("afterprint"));
    };
    const settled = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return (async () => {
      paint("rgb(0, 255, 1)");
      await settled();
      const there = pixels();
      paint("rgb(255, 0, 254)");
      await settled();
      const other = pixels();
      paint("");
      await settled();
      const { left, top, width, height } = chart.bbox;
      let [high, low, inked] = [Infinity, -Infinity, 0];
      const rows = new Array(Math.round(top + height) + 1).fill(0);
      for (let x = Math.max(Math.round(left), Math.round(first)); x < Math.min(Math.round(left + width), Math.round(beyond)); ++x) {
        for (let y = Math.round(top); y < Math.round(top + height); ++y) {
          if (there[y * canvas.width + x] === other[y * canvas.width + x]) continue;
          ++inked;
          ++rows[y];
          high = Math.min(high, y);
          low = Math.max(low, y);
        }
      }
      if (inked === 0) return null;
      const value = (y) => chart.posToVal((y - top) / devicePixelRatio, "y");
      return { high: value(high), low: value(low + 1), pixel: value(high) - value(high + 1), top: high, bottom: low + 1, inked, rows };
    })();
  }, [id, tone, from, to]);

// The pixels between which a column of views is drawn.
export const placeOf = (page, from, to) =>
  page.evaluate(([first, beyond]) => {
    const [chart] = windtunnelReport.time.charts;
    return [chart.valToPos(first, "x", true), chart.valToPos(beyond, "x", true)];
  }, [from, to]);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// What a tick of the time axis says, in seconds: [instant, the period that it leaves open]. Of a wall clock since 1970
// and since the run's start otherwise. null if it says neither.
export function tickTime(text, startUnixMs) {
  const day = text.match(/^(\d+) ([A-Z][a-z]{2})$/);
  const clock = text.match(/^(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?$/);
  if (startUnixMs != null) {
    if (day && MONTHS.includes(day[2])) return [Date.UTC(new Date(startUnixMs).getUTCFullYear(), MONTHS.indexOf(day[2]), Number(day[1])) / 1000, null];
    return clock ? [3600 * Number(clock[1]) + 60 * Number(clock[2]) + Number(clock[3] ?? 0), 86400] : null;
  }
  const since = text.match(/^(?:(\d+) d)?(?: ?(\d+):(\d\d))?(?::(\d\d(?:\.\d+)?))?$/);
  if (text === "0") return [0, null];
  const minutes = text.match(/^(\d+) min$/);
  if (minutes) return [60 * Number(minutes[1]), null];
  if (!since || text === "") return null;
  const [, days, first, second, third] = since;
  // 2:03 is hours and minutes, or minutes and seconds where the step is below a minute.
  return [86400 * Number(days ?? 0) + 3600 * Number(first ?? 0) + 60 * Number(second ?? 0) + Number(third ?? 0), null];
}
