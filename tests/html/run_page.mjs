// Opens pages of runs in Chromium and looks at them.
//
//   node run_page.mjs CHROMIUM FOLDER...   each with report.html and summary.json

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { coloursOf, cursorsOf, heightsOf, isOneCursor, launch, Looks, lookAtPaper, lookAtScheme, lookAtSeries, lookAtTime, open, wrongFigures } from "./browser.mjs";
import { chartSums } from "./figures.mjs";

const PANELS = ["requests", "lanes", "errors", "latency", "in-flight", "spend"];
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

async function lookAtCursor(page, name) {
  const heights = await heightsOf(page, PANELS);
  const box = await page.locator("#panel-requests .u-over").boundingBox();
  for (const share of [0.25, 0.7]) {
    await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
    await page.waitForTimeout(60);
    const lines = await cursorsOf(page, PANELS);
    expect(isOneCursor(lines) && Math.abs(lines[0] - box.x - box.width * share) <= 2, `${name}: cursors at ${lines.join(", ")}`);
  }
  const values = await page.$$eval("#panel-latency .legend .value", (nodes) => nodes.map((node) => node.textContent));
  expect(values.length === 3 && values.every(Boolean), `${name}: no values under the cursor: ${values}`);
  expect((await heightsOf(page, PANELS)) === heights, `${name}: the charts move when the legends have values`);
  // The arrow keys move it too, in all panels.
  await page.focus("#panel-errors .plot");
  const before = await page.textContent("#cursor-time");
  for (let i = 0; i < 3; ++i) await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(60);
  expect((await page.textContent("#cursor-time")) !== before, `${name}: the arrow keys do not move the cursor`);
  const lines = await cursorsOf(page, PANELS);
  expect(isOneCursor(lines), `${name}: after the keys cursors at ${lines.join(", ")}`);
}

async function lookAtZoom(page, name) {
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
  for (const id of ["requests", "latency", "in-flight"]) await lookAtSeries(page, looks, name, id);
}

// Without scripts the tables stand in for the charts.
async function lookWithoutScripts(browser, name, url) {
  const { page, close } = await open(browser, url, { javaScriptEnabled: false });
  const tables = await page.locator("figure.panel noscript table").count();
  const rows = await page.locator("#panel-requests noscript tbody tr").count();
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
    for (const scheme of schemes) await lookAtScheme(browser, looks, { name, url, document: summary, panels: PANELS }, scheme);
    const { page, complaints, close } = await open(browser, url);
    await lookAtSums(page, name, summary);
    await lookAtCursor(page, name);
    await lookAtZoom(page, name);
    expect(complaints.length === 0, `${name}: ${complaints.join("; ")}`);
    await lookAtTime(browser, looks, name, url);
    await close();
    if (folder !== folders[0]) continue;
    await lookAtPaper(browser, looks, name, url);
    await lookWithoutScripts(browser, name, url);
    await plantFaults(browser, url, summary);
  }
} finally {
  await browser.close();
}
process.exit(looks.say());
