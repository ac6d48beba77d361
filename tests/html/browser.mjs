// What is looked at in every page of ours.

import { chromium } from "playwright-core";
import { at, difference } from "./figures.mjs";

const FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu-watchdog", "--disable-hang-monitor", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export const launch = (binary) => chromium.launch({ executablePath: binary, args: FLAGS });

export class Looks {
  made = 0;
  findings = [];

  expect(is, what) {
    ++this.made;
    if (!is) this.findings.push(what);
  }

  // The exit code.
  say() {
    for (const finding of this.findings) console.log(finding);
    console.log(`${this.made} looks, ${this.findings.length} findings`);
    return this.findings.length > 0 ? 1 : 0;
  }
}

// A page that writes down what goes wrong in it, and what it asks for.
export async function open(browser, url, options = {}, before = null) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  if (before) await context.addInitScript(before);
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
export const coloursOf = (page, panels) =>
  page.evaluate((ids) => ids.map((id) => {
    const canvas = document.querySelector(`#panel-${id} canvas:not(.swatch)`);
    if (!canvas) return 0;
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size;
  }), panels);

const pictureOf = (page, id) =>
  page.evaluate((panel) => document.querySelector(`#panel-${panel} canvas:not(.swatch)`).toDataURL(), id);

// Each series of a panel is drawn: hiding it changes the picture, and showing it again brings the first one back.
export async function lookAtSeries(page, looks, name, id) {
  await page.mouse.move(2, 2);
  const buttons = page.locator(`#panel-${id} .legend button`);
  const whole = await pictureOf(page, id);
  for (let i = 0; i < (await buttons.count()); ++i) {
    const label = await buttons.nth(i).textContent();
    await buttons.nth(i).click();
    await page.waitForTimeout(30);
    looks.expect((await pictureOf(page, id)) !== whole, `${name}, ${id}: ${label} is not drawn`);
    looks.expect((await buttons.nth(i).getAttribute("aria-pressed")) === "false", `${name}, ${id}: ${label} does not say that it is hidden`);
    await buttons.nth(i).click();
    await page.waitForTimeout(30);
    looks.expect((await pictureOf(page, id)) === whole, `${name}, ${id}: ${label} does not come back`);
  }
  looks.expect((await buttons.count()) > 0, `${name}, ${id}: nothing can be hidden`);
}

// The figures that differ from the document.
export async function wrongFigures(page, document) {
  const shown = await page.$$eval("[data-path]", (nodes) =>
    nodes.map((node) => [node.dataset.path, node.dataset.as, node.textContent]));
  const wrong = shown.map(([path, kind, text]) => [path, difference(kind, text, at(document, path))]).filter(([, why]) => why);
  return { count: shown.length, wrong };
}

// Where the cursor of each panel stands.
export const cursorsOf = (page, panels) =>
  page.evaluate((ids) => ids.map((id) => {
    const line = document.querySelector(`#panel-${id} .u-cursor-x`);
    return line.classList.contains("u-off") ? null : line.getBoundingClientRect().left;
  }), panels);
export const isOneCursor = (lines) => lines.every((x) => x != null && Math.abs(x - lines[0]) <= 1);

export const heightsOf = (page, panels) =>
  page.evaluate((ids) => ids.map((id) => document.querySelector(`#panel-${id}`).offsetHeight).join(), panels);

// From the navigation until all panels are on the screen, in milliseconds: of the wall clock, and of the page's own
// thread on a processor, which is what it takes where no other program wants the cores. The best of some.
async function timeToDraw(browser, url) {
  const best = { wall: Infinity, thread: Infinity };
  for (let i = 0; i < 5; ++i) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    // The panels are drawn before the page is loaded; the second frame after that has been painted with them.
    await context.addInitScript(() => addEventListener("load", () =>
      requestAnimationFrame(() => requestAnimationFrame(() => (window.drawnAt = performance.now())))));
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.goto(url);
    await page.waitForFunction(() => window.drawnAt);
    const { metrics } = await devtools.send("Performance.getMetrics");
    best.thread = Math.min(best.thread, 1000 * metrics.find(({ name }) => name === "TaskDuration").value);
    best.wall = Math.min(best.wall, await page.evaluate(() => window.drawnAt));
    await context.close();
  }
  return best;
}

// It opens in under a second. On a machine that is busy with other things, the page's own thread must need less than
// half of one.
export async function lookAtTime(browser, looks, name, url) {
  const { wall, thread } = await timeToDraw(browser, url);
  const words = `${name}: all panels are drawn after ${Math.round(wall)} ms, of which the page's thread ran ${Math.round(thread)}`;
  console.log(words);
  looks.expect(thread > 10 && (wall < 1000 || thread < 500), words);
}

// Nothing is complained of or asked for, every panel is drawn, every figure is the document's, in the colours of the
// scheme; and it fits a telephone.
export async function lookAtScheme(browser, looks, { name, url, document: source, panels }, scheme) {
  const where = `${name}, ${scheme}`;
  const { page, complaints, asked, close } = await open(browser, url, { colorScheme: scheme });
  const colours = await coloursOf(page, panels);
  panels.forEach((id, i) => looks.expect(colours[i] > 8, `${where}: panel ${id} shows ${colours[i]} colours`));
  const { count, wrong } = await wrongFigures(page, source);
  looks.expect(count > 60, `${where}: only ${count} figures`);
  looks.made += count;
  for (const [path, why] of wrong) looks.findings.push(`${where}: ${path}: ${why}`);
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
  looks.expect(scheme === "dark" ? Math.max(...paper) < 64 : Math.min(...paper) > 191, `${where}: the page is ${paper}`);
  looks.expect((await page.textContent("#verdict")).includes(source.verdict.replace("_", " ")), `${where}: no verdict ${source.verdict}`);
  looks.expect((await page.textContent("code.command")) === source.replay, `${where}: another replay command`);
  for (const width of [375, 390, 768]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(100);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    looks.expect(wide <= width, `${where}: ${wide} pixels wide on ${width}`);
  }
  looks.expect(complaints.length === 0, `${where}: ${complaints.join("; ")}`);
  looks.expect(asked.length === 1, `${where}: asked for ${asked.slice(1).join(", ")}`);
  await close();
}

// On paper it is light whatever the scheme, and no table is cut off.
export async function lookAtPaper(browser, looks, name, url) {
  const { page, close } = await open(browser, url, { colorScheme: "dark", viewport: { width: 720, height: 1000 } });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await page.waitForTimeout(100);
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  looks.expect(paper === "rgb(255, 255, 255)", `${name}: paper is ${paper}`);
  const cut = await page.$$eval("table", (tables) => tables.filter((table) => table.getBoundingClientRect().right > innerWidth + 1)
    .map((table) => table.closest("section").querySelector("h2").textContent));
  looks.expect(cut.length === 0, `${name}: on paper these tables are cut off: ${cut.join(", ")}`);
  await close();
}
