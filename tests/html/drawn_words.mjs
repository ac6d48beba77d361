// Prints what the legends of a run's page say in each bucket, as JSON: {panel: {series: [words by bucket]}}.
//
//   node drawn_words.mjs CHROMIUM PAGE

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, open } from "./browser.mjs";

const [binary, file] = process.argv.slice(2);
const browser = await launch(binary);
try {
  const { page, close } = await open(browser, pathToFileURL(resolve(file)).href);
  const words = await page.evaluate(() => {
    const { time, panels } = windtunnelReport;
    const views = Array.from({ length: time.times.length - 1 }, (_, view) => view);
    const ofSeries = ({ label, value }) => [label, views.map((view) => value([view, view + 1], time.middle(view)))];
    const ofPanel = ({ figure, series }) => [figure.id, Object.fromEntries(series.map(ofSeries))];
    return { middles: views.map((view) => time.middle(view)), panels: Object.fromEntries(panels.map(ofPanel)) };
  });
  console.log(JSON.stringify(words));
  await close();
} finally {
  await browser.close();
}
