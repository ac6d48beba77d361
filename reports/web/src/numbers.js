// Numbers and instants in words, the same everywhere on the page.

const counts = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const count = (value) => counts.format(value);

// At most three significant digits: 1234, 12.3, 0.123.
export function short(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return counts.format(value);
  return String(Number(value.toPrecision(3)));
}

// In the room that an axis has: 1,234, 12k, 1.5M.
export function scale(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return short(value);
}

export const percent = (share) => `${short(100 * share)} %`;
export const milliseconds = (ms) => (ms >= 10000 ? `${short(ms / 1000)} s` : `${short(ms)} ms`);
export const dollars = (usd) => (usd !== 0 && Math.abs(usd) < 1 ? `$${Number(usd.toPrecision(3))}` : `$${usd.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`);

const two = (n) => String(n).padStart(2, "0");

// Seconds since the start as 1:05, 2:03:04 or 3 d 04:05.
export function elapsed(seconds) {
  const whole = Math.floor(seconds + 1e-9);
  const part = seconds - whole > 5e-4 ? (seconds - whole).toFixed(3).slice(1).replace(/0+$/, "") : "";
  const s = whole % 60;
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600) % 24;
  const d = Math.floor(whole / 86400);
  if (d > 0) return `${d} d ${two(h)}:${two(m)}${s > 0 ? `:${two(s)}` : ""}`;
  return h > 0 ? `${h}:${two(m)}:${two(s)}${part}` : `${m}:${two(s)}${part}`;
}

// The length of a stretch of time: 5 s, 15 min, 2 h, 1 d 6 h.
export function span(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"]].map(([unit, word]) => {
    const whole = Math.floor(seconds / unit + 1e-9);
    seconds -= whole * unit;
    return whole > 0 ? `${whole} ${word}` : "";
  });
  if (seconds > 1e-9) parts.push(`${Number(seconds.toFixed(3))} s`);
  return parts.filter(Boolean).join(" ");
}

// The wall clock in UTC.
export function wall(unixMs, withSeconds = true) {
  const at = new Date(unixMs);
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${withSeconds ? `:${two(at.getUTCSeconds())}` : ""}`;
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${time} UTC`;
}

const seconds = (s, step) => {
  const decimals = Number.isInteger(step) ? 0 : step < 0.1 ? 2 : 1;
  return s.toFixed(decimals).padStart(decimals > 0 ? decimals + 3 : 2, "0");
};

// A tick of the time axis: of the wall clock (UTC) if it has one, else since the start.
export function tick(at, step, startUnixMs) {
  if (startUnixMs == null) {
    const d = Math.floor(at / 86400);
    const h = Math.floor(at / 3600);
    const m = Math.floor(at / 60) % 60;
    if (at === 0) return "0";
    if (step >= 86400) return `${d} d`;
    if (d > 0 && step >= 60) return h % 24 === 0 && m === 0 ? `${d} d` : `${d} d ${two(h % 24)}:${two(m)}`;
    if (step >= 60) return h > 0 ? `${h}:${two(m)}` : `${m} min`;
    return h > 0 ? `${h}:${two(m)}:${seconds(at % 60, step)}` : `${m}:${seconds(at % 60, step)}`;
  }
  const ms = Math.round(startUnixMs + 1000 * at);
  const day = new Date(ms);
  if (step >= 86400 || ms % 86400000 === 0) return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]}`;
  const minutes = `${two(day.getUTCHours())}:${two(day.getUTCMinutes())}`;
  return step >= 60 ? minutes : `${minutes}:${seconds((ms % 60000) / 1000, step)}`;
}
