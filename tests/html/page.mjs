// Opens the pages in Chromium and looks at them.
//
//   node page.mjs CHROMIUM FOLDER...   each with report.html and summary.json

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { at, chartSums, difference } from "./figures.mjs";

const PANELS = ["requests", "lanes", "errors", "latency", "in-flight", "spend"];
const FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu-watchdog", "--disable-hang-monitor", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

let made = 0;
const findings = [];
function expect(is, what) {
  ++made;
  if (!is) findings.push(what);
}

// A page that writes down what goes wrong in it, and what it asks for.
async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const asked = [];
  // Reading the canvases back makes Chromium give advice, which is no complaint about the page.
  page.on("console", (message) => {
    if (!message.text().includes("willReadFrequently")) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(url);
  return { page, complaints, asked, close: () => context.close() };
}

// How many colours the canvas of each panel shows.
const coloursOf = (page) =>
  page.evaluate((panels) => panels.map((id) => {
    const canvas = document.querySelector(`#panel-${id} canvas:not(.swatch)`);
    if (!canvas) return 0;
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size;
  }), PANELS);

// The figures that differ from the summary.
async function wrongFigures(page, summary) {
  const shown = await page.$$eval("[data-path]", (nodes) =>
    nodes.map((node) => [node.dataset.path, node.dataset.as, node.textContent]));
  const wrong = shown.map(([path, kind, text]) => [path, difference(kind, text, at(summary, path))]).filter(([, why]) => why);
  return { count: shown.length, wrong };
}

const cursors = (page) =>
  page.evaluate((panels) => panels.map((id) => {
    const line = document.querySelector(`#panel-${id} .u-cursor-x`);
    return line.classList.contains("u-off") ? null : line.getBoundingClientRect().left;
  }), PANELS);

async function lookAtScheme(browser, name, url, summary, scheme) {
  const where = `${name}, ${scheme}`;
  const { page, complaints, asked, close } = await open(browser, url, { colorScheme: scheme });
  expect(complaints.length === 0, `${where}: ${complaints.join("; ")}`);
  expect(asked.length === 1, `${where}: asked for ${asked.slice(1).join(", ")}`);
  const colours = await coloursOf(page);
  PANELS.forEach((id, i) => expect(colours[i] > 8, `${where}: panel ${id} shows ${colours[i]} colours`));
  const { count, wrong } = await wrongFigures(page, summary);
  expect(count > 60, `${where}: only ${count} figures`);
  made += count;
  for (const [path, why] of wrong) findings.push(`${where}: ${path}: ${why}`);
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
  expect(scheme === "dark" ? Math.max(...paper) < 64 : Math.min(...paper) > 191, `${where}: the page is ${paper}`);
  expect((await page.textContent("#verdict")).includes(summary.verdict), `${where}: no verdict ${summary.verdict}`);
  expect((await page.textContent("code.command")) === summary.replay, `${where}: another replay command`);
  await close();
}

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
  const box = await page.locator("#panel-requests .u-over").boundingBox();
  for (const share of [0.25, 0.7]) {
    await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
    await page.waitForTimeout(60);
    const lines = await cursors(page);
    const isOne = lines.every((x) => x != null && Math.abs(x - lines[0]) <= 1);
    expect(isOne && Math.abs(lines[0] - box.x - box.width * share) <= 2, `${name}: cursors at ${lines.join(", ")}`);
  }
  const values = await page.$$eval("#panel-latency .legend .value", (nodes) => nodes.map((node) => node.textContent));
  expect(values.length === 3 && values.every(Boolean), `${name}: no values under the cursor: ${values}`);
  // The arrow keys move it too, in all panels.
  await page.focus("#panel-errors .plot");
  const before = await page.textContent("#cursor-time");
  for (let i = 0; i < 3; ++i) await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(60);
  expect((await page.textContent("#cursor-time")) !== before, `${name}: the arrow keys do not move the cursor`);
  const lines = await cursors(page);
  expect(lines.every((x) => x != null && Math.abs(x - lines[0]) <= 1), `${name}: after the keys cursors at ${lines.join(", ")}`);
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
  const before = (await coloursOf(page))[0];
  await page.click("#panel-requests .legend button");
  expect((await page.getAttribute("#panel-requests .legend button", "aria-pressed")) === "false", `${name}: nothing was hidden`);
  expect((await coloursOf(page))[0] !== before || before === 0, `${name}: the chart did not change`);
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
  expect((await coloursOf(page)).at(-1) === 1, "a blank canvas is not seen");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.planted = true";
    document.body.append(script);
  });
  expect((await page.evaluate(() => window.planted)) === undefined, "the policy lets a foreign script run");
  await close();
}

const [binary, ...folders] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: binary, args: FLAGS });
try {
  for (const folder of folders) {
    const name = folder.split("/").at(-1);
    const url = pathToFileURL(resolve(join(folder, "report.html"))).href;
    const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8"));
    // The schemes differ in colours only: both are looked at in the first page, one in each of the others.
    const schemes = folder === folders[0] ? ["light", "dark"] : ["dark"];
    for (const scheme of schemes) await lookAtScheme(browser, name, url, summary, scheme);
    const { page, complaints, close } = await open(browser, url);
    await lookAtSums(page, name, summary);
    await lookAtCursor(page, name);
    await lookAtZoom(page, name);
    expect(complaints.length === 0, `${name}: ${complaints.join("; ")}`);
    const took = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
    console.log(`${name}: loaded in ${Math.round(took)} ms`);
    await close();
    if (folder !== folders[0]) continue;
    await lookWithoutScripts(browser, name, url);
    await plantFaults(browser, url, summary);
  }
} finally {
  await browser.close();
}
for (const finding of findings) console.log(finding);
console.log(`${made} looks, ${findings.length} findings`);
process.exit(findings.length > 0 ? 1 : 0);
