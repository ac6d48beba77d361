// Whether a page can be read: on a telephone, by its contrast, from the keyboard, by those who hear it.

import { open } from "./browser.mjs";
import { misplaced, recordWords, wordsOf } from "./drawings.mjs";

const NARROW = 390;

// Text that is cut off or leaves its place. What stands in a box that scrolls may be wider than that box.
const strayTexts = (page) =>
  page.evaluate(() => {
    const stray = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const holder = node.parentElement;
      if (!node.data.trim() || holder.closest("script, style, .unseen, .skip") || !holder.checkVisibility()) continue;
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (box.width === 0) continue;
      for (let place = holder; place; place = place.parentElement) {
        const style = getComputedStyle(place);
        const around = place.getBoundingClientRect();
        const isBlock = !style.display.startsWith("inline") && style.display !== "contents";
        if (isBlock && (box.left < around.left - 1 || box.right > around.right + 1)) {
          if (!["auto", "scroll"].includes(style.overflowX)) stray.push(`"${node.data.trim()}" leaves <${place.localName} class="${place.className}">`);
          break;
        }
        if (["auto", "scroll"].includes(style.overflowX)) break;
      }
      if (getComputedStyle(holder).textOverflow === "ellipsis") stray.push(`"${node.data.trim()}" may be cut`);
    }
    return stray;
  });

// On a telephone: no word leaves its place or lies on another, in charts too, and every provider's whole name stands in
// the panel of the breakers.
export async function lookAtTelephone(browser, looks, name, url, providers) {
  const { page, close } = await open(browser, url, { viewport: { width: NARROW, height: 844 }, deviceScaleFactor: 2 }, recordWords);
  const stray = await strayTexts(page);
  looks.expect(stray.length === 0, `${name}, ${NARROW} pixels: ${stray.join("; ")}`);
  const panels = await wordsOf(page);
  for (const panel of panels) {
    const ticks = panel.words.filter(({ top }) => top > panel.bbox.top + panel.bbox.height);
    looks.expect(ticks.length > 1, `${name}: ${panel.id} has the ticks ${ticks.map(({ text }) => text)}`);
    const wrong = misplaced(panel);
    looks.expect(wrong.length === 0, `${name}, ${NARROW} pixels: ${wrong.join("; ")}`);
  }
  const lanes = panels.find(({ id }) => id === "panel-lanes")?.words.map(({ text }) => text).join("");
  for (const provider of providers) looks.expect(lanes.includes(provider), `${name}: no whole "${provider}" in "${lanes}"`);
  await close();
}

// Text against what lies behind it: 4.5 to 1, or 3 to 1 where it is large; lines of charts against the page: 3 to 1.
export async function lookAtContrast(browser, looks, name, url, scheme) {
  const { page, close } = await open(browser, url, { colorScheme: scheme });
  const { faint, count } = await page.evaluate(() => {
    const numbers = (text) => {
      const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
      return { rgb: [r, g, b], a };
    };
    const over = (top, below) => top.rgb.map((value, i) => value * top.a + below[i] * (1 - top.a));
    const light = (rgb) => {
      const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
      const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05);
    };
    const behind = (element) => {
      const layers = [];
      for (let place = element; place; place = place.parentElement) layers.push(numbers(getComputedStyle(place).backgroundColor));
      return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    const found = [];
    let looked = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const holder = node.parentElement;
      if (!node.data.trim() || holder.closest("script, style, .unseen, .skip, [aria-hidden]") || !holder.checkVisibility()) continue;
      const style = getComputedStyle(holder);
      const paper = behind(holder);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      const has = ratio(over(numbers(style.color), paper), paper);
      ++looked;
      if (has < least) found.push(`"${node.data.trim()}" ${has.toFixed(2)}`);
    }
    const pen = document.createElement("canvas").getContext("2d");
    const tone = (variable) => {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${variable}`);
      pen.fillRect(0, 0, 1, 1);
      return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const sheet = tone("sheet");
    const lines = ["ink", "failed", "fault", "alert", "lane-open", "lane-half", ...Array.from({ length: 8 }, (_, i) => `line-${i + 1}`)];
    for (const line of lines) {
      const has = ratio(tone(line), sheet);
      ++looked;
      if (has < 3) found.push(`--${line} ${has.toFixed(2)}`);
    }
    return { faint: found, count: looked };
  });
  looks.expect(count > 100, `${name}, ${scheme}: the contrast of only ${count} texts`);
  looks.expect(faint.length === 0, `${name}, ${scheme}: too faint: ${[...new Set(faint)].join("; ")}`);
  await close();
}

// The keyboard reaches every chart and shows where it is; what it finds there is said; each chart says what it is, and
// has its figures as a table, or leads to it.
export async function lookAtAccess(browser, looks, name, url, panels) {
  const { page, close } = await open(browser, url);
  const reached = [];
  for (let i = 0; i < 200; ++i) {
    await page.keyboard.press("Tab");
    const [id, isSeen] = await page.evaluate(() => {
      const active = document.activeElement;
      const style = getComputedStyle(active);
      return [active.classList.contains("plot") ? active.closest("figure").id : active.localName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
    });
    if (id === "body") break;
    if (!id.startsWith("panel-")) continue;
    reached.push(id.slice("panel-".length));
    looks.expect(isSeen, `${name}: one does not see that ${id} has the focus`);
    await page.keyboard.press("ArrowRight");
    await page.waitForTimeout(80);
    const said = await page.textContent("#spoken");
    const labels = await page.$$eval(`#${id} .legend .key > span:first-of-type`, (nodes) => nodes.map((node) => node.textContent));
    looks.expect(labels.length > 0 && labels.every((label) => said.includes(label)), `${name}, ${id}: after a key "${said}" is said, of ${labels}`);
  }
  looks.expect(reached.join() === panels.join(), `${name}: the keyboard reaches ${reached}, not ${panels}`);
  const nameless = await page.$$eval(".plot", (nodes) => nodes.filter((node) => !node.getAttribute("aria-label")).length);
  looks.expect(nameless === 0, `${name}: ${nameless} charts do not say what they are`);
  await close();
}
