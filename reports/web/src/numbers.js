// Numbers and instants in words, the same everywhere on the page.

const counts = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const count = (value) => counts.format(value);

// At most three digits that say something: 1234, 12.3, 0.123.
export function short(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return counts.format(value);
  return String(Number(value.toPrecision(3)));
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

// The wall clock in UTC.
export function wall(unixMs, withSeconds = true) {
  const at = new Date(unixMs);
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${withSeconds ? `:${two(at.getUTCSeconds())}` : ""}`;
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${time} UTC`;
}

// A tick of the time axis.
export function tick(seconds, step, startUnixMs, byCalendar) {
  if (!byCalendar) {
    const h = Math.floor(seconds / 3600);
    const m = Math.floor(seconds / 60) % 60;
    if (seconds === 0) return "0";
    if (step >= 60) return h > 0 ? `${h}:${two(m)}` : `${m} min`;
    const s = seconds % 60;
    const text = Number.isInteger(s) ? two(s) : s.toFixed(step < 0.1 ? 2 : 1).padStart(step < 0.1 ? 5 : 4, "0");
    return h > 0 ? `${h}:${two(m)}:${text}` : `${m}:${text}`;
  }
  const at = new Date(startUnixMs + 1000 * seconds);
  const atMidnight = at.getUTCHours() === 0 && at.getUTCMinutes() === 0;
  if (step >= 86400 || atMidnight) return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}
