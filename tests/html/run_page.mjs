// Opens pages of runs in Chromium and looks at them.
//
//   node run_page.mjs CHROMIUM FOLDER...   each with report.html and summary.json

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { coloursOf, cursorsOf, heightsOf, isOneCursor, launch, Looks, lookAtPaper, lookAtScheme, lookAtSeries, lookAtTime, open, wrongFigures } from "./browser.mjs";
import { inkOf, placeOf, recordWords, tickTime, wordsOf } from "./drawings.mjs";
import { chartSums } from "./figures.mjs";
import { lookAtAccess, lookAtContrast, lookAtTelephone } from "./reading.mjs";

const PANELS = ["requests", "answers", "lanes", "failed-calls", "latency", "in-flight", "spend"];
const panelsOf = (summary) => (summary.routes?.length > 0 ? [...PANELS, "routes"] : PANELS);
const looks = new Looks();
const expect = (is, what) => looks.expect(is, what);

// Sums of the charts and of the matrix of who answered.
async function lookAtSums(page, name, summary) {
  const run = JSON.parse(await page.textContent("#run-figures"));
  expect(run.views <= 4000, `${name}: ${run.views} buckets`);
  for (const [what, chart, total] of chartSums(run, summary)) expect(chart === total, `${name}: ${what}: ${chart}, not ${total}`);
  const cells = await page.$$eval("#matrix tbody tr td:last-child", (nodes) => nodes.map((node) => Number(node.textContent.replaceAll(",", ""))));
  const all = cells.reduce((a, b) => a + b, 0);
  expect(all === summary.users.requests, `${name}: the matrix has ${all} requests, not ${summary.users.requests}`);
}

async function lookAtCursor(page, name, panels) {
  const heights = await heightsOf(page, panels);
  const box = await page.locator("#panel-requests .u-over").boundingBox();
  for (const share of [0.25, 0.7]) {
    await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
    await page.waitForTimeout(60);
    const lines = await cursorsOf(page, panels);
    expect(isOneCursor(lines) && Math.abs(lines[0] - box.x - box.width * share) <= 2, `${name}: cursors at ${lines.join(", ")}`);
  }
  const values = await page.$$eval("#panel-latency .legend .value", (nodes) => nodes.map((node) => node.textContent));
  expect(values.length === 3 && values.every(Boolean), `${name}: no values under the cursor: ${values}`);
  expect((await heightsOf(page, panels)) === heights, `${name}: the charts move when the legends have values`);
  // The arrow keys move it too, in all panels.
  await page.focus("#panel-failed-calls .plot");
  const before = await page.textContent("#cursor-time");
  for (let i = 0; i < 3; ++i) await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(60);
  expect((await page.textContent("#cursor-time")) !== before, `${name}: the arrow keys do not move the cursor`);
  const lines = await cursorsOf(page, panels);
  expect(isOneCursor(lines), `${name}: after the keys cursors at ${lines.join(", ")}`);
}

async function lookAtZoom(page, name, run) {
  const stretches = () => page.evaluate(() => windtunnelReport.time.charts.map(({ scales }) => [scales.x.min, scales.x.max]));
  const [whole] = await stretches();
  const plot = page.locator("#panel-latency .u-over");
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width * 0.2, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForTimeout(60);
  const now = await stretches();
  const isZoomed = now.every(([min, max]) => Math.abs((max - min) / (whole[1] - whole[0]) - 0.4) < 0.02);
  expect(isZoomed, `${name}: after a drag the panels show ${now.join("; ")}`);
  await page.click("#show-all");
  const after = await stretches();
  expect(after.every(([min, max]) => min === whole[0] && max === whole[1]), `${name}: "Show all" shows ${after.join("; ")}`);
  const hasFailures = run.providers.some(({ errors }) => errors.some((n) => n > 0));
  for (const id of ["requests", "answers", ...(hasFailures ? ["failed-calls"] : []), ...(run.routes ? ["routes"] : []), "latency", "in-flight", "spend"]) await lookAtSeries(page, looks, name, id);
}

const greatestOf = (values) => values.reduce((most, value) => (value > most ? value : most), -Infinity);

// However many buckets share a pixel, what is drawn reaches from the least to the greatest of them.
async function lookAtExtremes(page, name, run) {
  const { size } = await page.evaluate(() => windtunnelReport.time.columns(windtunnelReport.time.charts[0]));
  expect(name !== "long" || size > 1, `${name}: ${size} buckets share a column`);
  const column = (values) => Array.from({ length: run.views }, (_, view) => values?.[view] ?? 0);
  const near = (ink, place, value) => ink != null && Math.abs(ink[place] - value) <= 2.5 * ink.pixel;
  const reaches = (what, ink, value, low) => {
    expect(near(ink, "high", value), `${name}: ${what} is drawn up to ${ink?.high}, and its greatest bucket has ${value}`);
    if (low !== undefined) expect(near(ink, "low", low), `${name}: ${what} is drawn down to ${ink?.low}, and its least bucket has ${low}`);
  };
  const answered = column(run.latency.count);
  for (const [quantile, tone] of [["p50", "line-1"], ["p95", "line-2"], ["p99", "line-3"]]) {
    const known = column(run.latency[quantile]).filter((ms, view) => answered[view] > 0 && ms > 0);
    const ink = await inkOf(page, "latency", tone);
    // The axis is logarithmic: a pixel is worth more at its top.
    reaches(quantile, ink, greatestOf(known));
  }
  reaches("in flight", await inkOf(page, "in-flight", "ink"), greatestOf(run.in_flight_max));
  const calls = run.providers.reduce((all, { errors }) => all.map((n, view) => n + (errors[view] ?? 0)), column([]));
  const most = greatestOf(calls);
  if (most > 0 && size > 1) {
    reaches("failed calls", await inkOf(page, "failed-calls", "beyond"), most);
    // A single bucket of the whole run, where it is.
    const view = calls.indexOf(most);
    const [left, right] = await placeOf(page, view * run.view, (view + 1) * run.view);
    reaches("the bucket with most failed calls", await inkOf(page, "failed-calls", "beyond", left - 3, right + 3), most);
  }
  const lost = greatestOf(column(run.failed).map((n, view) => (run.requests[view] > 0 ? n / run.requests[view] : 0)));
  if (lost > 0 && size > 1) {
    const ink = await inkOf(page, "answers", "beyond");
    expect(near(ink, "low", 1 - lost), `${name}: ${lost} of a bucket had no answer, and that is drawn down to ${ink?.low}`);
  }
}

// The calls that failed in a bucket are a bar of that height, and where none failed there is none.
async function lookAtBars(page, name, run) {
  const { errors } = run.providers[0];
  const full = greatestOf(errors);
  const views = errors.flatMap((n, view) => (n > 0 && !(errors[view - 1] > 0) ? [view] : []));
  const { size } = await page.evaluate(() => windtunnelReport.time.columns(windtunnelReport.time.charts[0]));
  expect(full > 0 && views.length > 0 && size === 1, `${name}: no call failed, or ${size} buckets share a bar`);
  if (size > 1) return;
  for (const view of views.slice(0, 4)) {
    const [left, right] = await placeOf(page, view * run.view, (view + 1) * run.view);
    const ink = await inkOf(page, "failed-calls", "line-1", left, Math.max(right, left + 2));
    const isBar = ink && Math.abs(ink.high - errors[view]) <= 1.5 * ink.pixel && ink.low <= ink.pixel;
    expect(isBar, `${name}: bucket ${view} has ${errors[view]} failed calls and a bar from ${ink?.low} to ${ink?.high}`);
  }
  const [begin] = await placeOf(page, 0, run.view);
  const [first] = await placeOf(page, views[0] * run.view, run.view);
  expect((await inkOf(page, "failed-calls", "line-1", begin, first - 3)) === null, `${name}: a bar before the first failed call`);
}

// The ticks of the time axis stand where they say: at a time of the day if the scenario names its start.
async function lookAtTicks(browser, name, url, run) {
  const { page, close } = await open(browser, url, {}, recordWords);
  const [requests] = await wordsOf(page);
  const below = requests.words.filter(({ top }) => top > requests.bbox.top + requests.bbox.height);
  const start = run.start_is_given ? run.start_unix_ms : null;
  const pixel = run.end / requests.bbox.width;
  expect(below.length >= 3, `${name}: only the ticks ${below.map(({ text }) => text)}`);
  for (const { text, left, right } of below) {
    const at = ((left + right) / 2 - requests.bbox.left) * pixel + (start ?? 0) / 1000;
    const said = tickTime(text, start);
    const away = said && (said[1] ? ((((at - said[0] + said[1] / 2) % said[1]) + said[1]) % said[1]) - said[1] / 2 : at - said[0]);
    expect(said && Math.abs(away) <= 2 * pixel, `${name}: the tick "${text}" is ${away} s away from its place`);
  }
  const clock = await page.textContent("#panels .times");
  expect(clock.includes(run.start_is_given ? "Wall-clock time (UTC)" : "Time since the start"), `${name}: the charts' time is "${clock}"`);
  await close();
}

// The cost has one name and one figure: in its card, in the chart and in the chart's table.
async function lookAtCost(page, name, run, summary) {
  const WORDS = "billed by the providers";
  const card = await page.$$eval(".tile", (tiles) => tiles.find((tile) => tile.querySelector("dt").textContent === "Cost").textContent);
  const legend = await page.textContent("#panel-spend .legend");
  const table = await page.textContent("#panel-spend thead");
  for (const [place, text] of Object.entries({ card, legend, table })) expect(text.includes(WORDS), `${name}: the cost's ${place} says "${text}"`);
  const path = await page.getAttribute('.tile [data-path="/cost_usd"]', "data-path");
  const billed = Math.round(1e6 * Number(summary.cost_usd));
  const drawn = await page.evaluate(() => windtunnelReport.panels.find(({ figure }) => figure.id === "panel-spend").series[0].values.at(-1));
  const row = await page.$eval("#panel-spend tbody tr:last-child td", (cell) => Number(cell.textContent));
  expect(path && run.billed.at(-1) === billed && Math.round(1e6 * drawn) === billed, `${name}: the chart ends at ${drawn}, and the card says ${summary.cost_usd}`);
  expect(Math.abs(row - billed / 1e6) <= 5.1e-5, `${name}: the chart's table ends at ${row}, and the card says ${summary.cost_usd}`);
}

// Names of faults that do not fit are numbers, and the list says which is which.
async function lookAtFaultNames(browser, name, url, run) {
  for (const width of [1400, 390]) {
    const { page, close } = await open(browser, url, { viewport: { width, height: 900 } }, recordWords);
    const [requests] = await wordsOf(page);
    const drawn = requests.words.filter(({ bottom }) => bottom < requests.bbox.top).map(({ text }) => text);
    const isListed = await page.evaluate(() => !document.getElementById("fault-list").classList.contains("unseen"));
    const wanted = run.faults.map(({ label }, i) => (isListed ? String(i + 1) : label));
    expect(wanted.every((words) => drawn.includes(words)), `${name}, ${width} pixels: the faults ${drawn} are named, and not ${wanted}`);
    const list = await page.textContent("#fault-list");
    expect(run.faults.every(({ label }) => list.includes(label)), `${name}: the list of faults says "${list}"`);
    expect(name !== "crowded" || width > 390 || isListed, `${name}: long names on a telephone`);
    await close();
  }
}

// Without scripts the tables stand in for the charts.
async function lookWithoutScripts(browser, name, url) {
  const { page, close } = await open(browser, url, { javaScriptEnabled: false });
  const tables = await page.locator("figure.panel details.figures table:visible").count();
  const rows = await page.locator("#panel-requests tbody tr:visible").count();
  const lists = await page.locator("#fault-list li:visible").count();
  expect(lists > 0, `${name}: no list of faults without scripts`);
  expect(tables === PANELS.length && rows > 2, `${name}: ${tables} tables without scripts, the first of ${rows} rows`);
  await close();
}

// What the checks above would find is found when it is there.
async function plantFaults(browser, url, summary) {
  const { page, close } = await open(browser, url);
  await page.evaluate(() => {
    const figure = document.querySelector('[data-path="/users/requests"]');
    figure.textContent = figure.textContent.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
    const canvas = document.querySelector("#panel-spend canvas:not(.swatch)");
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  });
  const { wrong } = await wrongFigures(page, summary);
  expect(wrong.length === 1 && wrong[0][0] === "/users/requests", `a planted digit gives ${JSON.stringify(wrong)}`);
  expect((await coloursOf(page, PANELS)).at(-1) === 1, "a blank canvas is not seen");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.planted = true";
    document.body.append(script);
  });
  expect((await page.evaluate(() => window.planted)) === undefined, "the policy lets a foreign script run");
  await close();
}

const [binary, ...folders] = process.argv.slice(2);
const browser = await launch(binary);
try {
  for (const folder of folders) {
    const name = folder.split("/").at(-1);
    const url = pathToFileURL(resolve(join(folder, "report.html"))).href;
    const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8"));
    // The schemes differ in colours only: both are looked at in the first page, one in each of the others.
    const schemes = folder === folders[0] ? ["light", "dark"] : ["dark"];
    for (const scheme of schemes) await lookAtScheme(browser, looks, { name, url, document: summary, panels: panelsOf(summary) }, scheme);
    const { page, complaints, close } = await open(browser, url);
    await lookAtSums(page, name, summary);
    const run = JSON.parse(await page.textContent("#run-figures"));
    await lookAtExtremes(page, name, run);
    await lookAtCost(page, name, run, summary);
    await lookAtTicks(browser, name, url, run);
    if (run.faults.length > 0) await lookAtFaultNames(browser, name, url, run);
    await lookAtTelephone(browser, looks, name, url, run.providers.map((provider) => provider.name));
    await lookAtCursor(page, name, panelsOf(summary));
    await lookAtZoom(page, name, run);
    expect(complaints.length === 0, `${name}: ${complaints.join("; ")}`);
    await lookAtTime(browser, looks, name, url);
    await lookAtPaper(browser, looks, name, url);
    if (name === "openai-outage") await lookAtBars(page, name, run);
    await close();
    if (folder !== folders[0]) continue;
    for (const scheme of ["light", "dark"]) await lookAtContrast(browser, looks, name, url, scheme);
    await lookAtAccess(browser, looks, name, url, PANELS);
    await lookWithoutScripts(browser, name, url);
    await plantFaults(browser, url, summary);
  }
} finally {
  await browser.close();
}
process.exit(looks.say());
