// Opens pages of forecasts in Chromium and looks at them.
//
//   node forecast_page.mjs CHROMIUM FOLDER...   each with report.html and forecast.json; the first has a budget and the
//                                               search for headroom

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { pathToFileURL } from "node:url";
import { inkOf } from "./drawings.mjs";
import { lookAtAccess, lookAtContrast, lookAtTelephone } from "./reading.mjs";
import { coloursOf, cursorsOf, heightsOf, isOneCursor, launch, Looks, lookAtPaper, lookAtScheme, lookAtSeries, lookAtTime, open, wrongFigures } from "./browser.mjs";

const looks = new Looks();
const expect = (is, what) => looks.expect(is, what);

const panelsOf = (forecast) => ["fan", ...(forecast.budget ? ["crossing"] : []), ...(forecast.headroom ? ["headroom"] : [])];

// What the charts are drawn from is the document's own.
async function lookAtCharts(page, name, forecast) {
  const shown = JSON.parse(await page.textContent("#forecast-figures"));
  for (const part of ["start", "horizon_s", "budget", "days", "headroom"]) {
    expect(isDeepStrictEqual(shown[part], forecast[part]), `${name}: the charts have another ${part}`);
  }
}

const dollars = (text) => Number(text.replace(/[$,]/g, ""));

// Under the cursor stands what the document says of that day.
async function lookAtDays(page, name, forecast) {
  const panels = panelsOf(forecast).filter((id) => id !== "headroom");
  const heights = await heightsOf(page, panels);
  const box = await page.locator("#panel-fan .u-over").boundingBox();
  const count = forecast.days.length;
  for (const day of [0, Math.floor(count / 2), count - 1]) {
    await page.mouse.move(box.x + (box.width * (day + 0.5)) / count, box.y + box.height / 2);
    await page.waitForTimeout(60);
    const lines = await cursorsOf(page, panels);
    expect(isOneCursor(lines) && Math.abs(lines[0] - box.x - (box.width * (day + 0.5)) / count) <= 2, `${name}: cursors at ${lines.join(", ")}`);
    const { date, month_to_date_usd: usd, p_exceed } = forecast.days[day];
    expect((await page.textContent("#cursor-time")).endsWith(date), `${name}: the cursor is not on ${date}`);
    const said = await page.$$eval("#panel-fan .legend .value", (nodes) => nodes.map((node) => node.textContent));
    const wanted = usd.p10 ? [usd.p10.low, usd.p90.high, usd.p10.value, usd.p90.value, usd.p50.value, usd.p50.half_width] : [];
    const read = said.join(" ").match(/\$[\d.,]+/g)?.map(dollars) ?? [];
    const isSame = read.length === wanted.length && read.every((usd, i) => Math.abs(usd - wanted[i]) <= 0.0051);
    expect(isSame, `${name}, ${date}: the fan says ${said.join("; ")}`);
    if (p_exceed.length === 0) continue;
    const chances = await page.$$eval("#panel-crossing .legend .value", (nodes) => nodes.map((node) => node.textContent));
    expect(chances.join() === p_exceed.map(({ chance }) => chance.text).join(), `${name}, ${date}: the chances are ${chances}`);
  }
  expect((await heightsOf(page, panels)) === heights, `${name}: the charts move when the legends have values`);
}

async function lookAtKeys(page, name, forecast) {
  const last = panelsOf(forecast).filter((id) => id !== "headroom").at(-1);
  await page.focus(`#panel-${last} .plot`);
  // Where the page has scrolled to, the mouse may come to lie elsewhere.
  await page.mouse.move(2, 2);
  await page.waitForTimeout(60);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.waitForTimeout(60);
  const said = await page.textContent("#cursor-time");
  expect(said.endsWith(forecast.days[1].date), `${name}: Home and the right arrow lead to "${said}"`);
  for (const key of ["+", "+", "0"]) await page.keyboard.press(key);
  await page.waitForTimeout(60);
  const [min, max] = await page.evaluate(() => [windtunnelReport.time.charts[0].scales.x.min, windtunnelReport.time.charts[0].scales.x.max]);
  expect(min === 0 && max === Number(forecast.horizon_s), `${name}: 0 shows ${min} to ${max}`);
}

// A chance that no replication showed is a bound: a line of dots with arrows, and no area below it.
async function lookAtBounds(page, name, { days }) {
  const shares = days[0].p_exceed.length;
  const tones = ["line-2", "line-3", "line-4", "failed"];
  for (let i = 0; i < shares; ++i) {
    const tone = i === shares - 1 ? "failed" : tones[i];
    const known = days.findIndex(({ p_exceed }) => !p_exceed[i].chance.bound);
    const count = known < 0 ? days.length : known;
    if (count < 4) continue;
    const bound = days[0].p_exceed[i].chance.value;
    const place = await page.evaluate(([last, high]) => {
      const { chart } = windtunnelReport.panels[1];
      const x = (view) => chart.valToPos(windtunnelReport.time.times[view], "x", true);
      return { left: x(0), right: x(last), y: chart.valToPos(high, "y", true), ground: chart.valToPos(0, "y", true) };
    }, [count - 1, bound]);
    const ink = await inkOf(page, "crossing", tone, place.left, place.right);
    const width = place.right - place.left;
    const at = (y) => Math.max(...[-1, 0, 1].map((dy) => ink?.rows[Math.round(y) + dy] ?? 0)) / width;
    expect(ink && Math.abs(ink.top - place.y) <= 2.5, `${name}: the bound of share ${i} is drawn at ${ink?.high}, not ${bound}`);
    expect(at(place.y) > 0.25, `${name}: ${at(place.y)} of the bound of share ${i} is drawn`);
    const between = (place.y + 2 + place.ground) / 2;
    expect((ink?.rows[Math.round(between)] ?? 0) / width < 0.45, `${name}: below the bound of share ${i} lies an area`);
  }
}

// From trial to trial, each with its chance.
async function lookAtHeadroom(page, name, { headroom }) {
  const trials = [headroom.budget, headroom.latency].filter(Boolean).flatMap(({ tried, at_edge, beyond }) => [...tried, at_edge, beyond]).filter(Boolean);
  const rates = [...new Set(trials.map(({ rate }) => rate))].sort((a, b) => a - b);
  expect(rates.length > 5, `${name}: only ${rates.length} multiples were tried`);
  await page.focus("#panel-headroom .plot");
  for (const rate of rates) {
    await page.keyboard.press(rate === rates[0] ? "Home" : "ArrowRight");
    await page.waitForTimeout(30);
    const said = (await page.$$eval("#panel-headroom .legend .value", (nodes) => nodes.map((node) => node.textContent))).join(", ");
    const wanted = trials.filter((trial) => trial.rate === rate).map(({ broken }) => `${broken.text} at ${rate}×`);
    expect(wanted.every((one) => said.includes(one)), `${name}: at ${rate} the chart says "${said}", not ${wanted.join(", ")}`);
  }
  const off = await page.evaluate(() => document.querySelector("#panel-fan .u-cursor-x").classList.contains("u-off"));
  expect(off || (await cursorsOf(page, ["fan", "headroom"]))[0] !== (await cursorsOf(page, ["headroom"]))[0], `${name}: days follow the cursor of the traffic`);
}

async function lookWithoutScripts(browser, name, url, forecast) {
  const { page, close } = await open(browser, url, { javaScriptEnabled: false });
  const rows = await page.locator("#days tbody tr").count();
  expect(rows === forecast.days.length, `${name}: ${rows} days without scripts`);
  const links = await page.$$eval("figure.panel noscript a", (nodes) => nodes.map((node) => document.querySelector(node.getAttribute("href"))?.tagName));
  expect(links.length === 3 && links.every(Boolean), `${name}: charts without scripts lead to ${links}`);
  await close();
}

// What the checks above would find is found when it is there.
async function plantFaults(browser, url, forecast) {
  const { page, close } = await open(browser, url);
  await page.evaluate(() => {
    const figure = document.querySelector('[data-path="/cost_usd/mean/value"]');
    figure.textContent = figure.textContent.replace(/\d$/, (digit) => String((Number(digit) + 2) % 10));
    const chance = document.querySelector('[data-path$="/chance/text"]');
    chance.textContent = chance.textContent.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    const canvas = document.querySelector("#panel-fan canvas:not(.swatch)");
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  });
  const paths = new Set((await wrongFigures(page, forecast)).wrong.map(([path]) => path));
  expect(paths.size === 2 && paths.has("/cost_usd/mean/value"), `planted digits give ${[...paths]}`);
  expect((await coloursOf(page, ["fan"]))[0] === 1, "a blank canvas is not seen");
  await close();
}

const [binary, ...folders] = process.argv.slice(2);
const browser = await launch(binary);
try {
  for (const folder of folders) {
    const name = folder.split("/").at(-1);
    const url = pathToFileURL(resolve(join(folder, "report.html"))).href;
    const forecast = JSON.parse(readFileSync(join(folder, "forecast.json"), "utf8"));
    const of = { name, url, document: forecast, panels: panelsOf(forecast) };
    for (const scheme of ["light", "dark"]) await lookAtScheme(browser, looks, of, scheme);
    const { page, complaints, close } = await open(browser, url);
    await lookAtCharts(page, name, forecast);
    await lookAtDays(page, name, forecast);
    await lookAtKeys(page, name, forecast);
    if (forecast.budget && forecast.replications >= 30) await lookAtBounds(page, name, forecast);
    if (forecast.headroom) await lookAtHeadroom(page, name, forecast);
    // With too few replications there is no P10 and no P90 to draw.
    if (forecast.days[0].month_to_date_usd.p10) {
      for (const id of panelsOf(forecast)) await lookAtSeries(page, looks, name, id);
    }
    await lookAtTelephone(browser, looks, name, url, []);
    expect(complaints.length === 0, `${name}: ${complaints.join("; ")}`);
    await close();
    if (folder !== folders[0]) continue;
    await lookAtTime(browser, looks, name, url);
    for (const scheme of ["light", "dark"]) await lookAtContrast(browser, looks, name, url, scheme);
    await lookAtAccess(browser, looks, name, url, panelsOf(forecast));
    await lookAtPaper(browser, looks, name, url);
    await lookWithoutScripts(browser, name, url, forecast);
    await plantFaults(browser, url, forecast);
  }
} finally {
  await browser.close();
}
process.exit(looks.say());
