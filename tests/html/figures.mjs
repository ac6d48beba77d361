// Holds the numbers of a page against summary.json, by what is read on the page and not by how it was written.

// The value at a JSON pointer.
export function at(document, pointer) {
  let value = document;
  for (const part of pointer.split("/").slice(1)) value = value?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  return value;
}

// What a number says of a value of this kind: the value in the unit that is read, and the last digit that is shown.
function read(text) {
  const digits = text.replace(/[$,%\s]|ms|s$/g, "");
  if (!/^-?\d+(\.\d+)?$/.test(digits)) return null;
  const shown = digits.includes(".") ? digits.length - digits.indexOf(".") - 1 : 0;
  return { value: Number(digits), unit: 10 ** -shown };
}

// Why the text is not the value's; "" if it is.
export function difference(kind, text, value) {
  if (value == null) return text === "–" ? "" : `'${text}' where there is nothing`;
  if (kind === "words") return text === value ? "" : `'${text}' is not '${value}'`;
  if (kind === "instant") {
    const wanted = /^\d{4}-\d\d-\d\dT/.test(value) ? value.slice(0, 16).replace("T", " ") : value;
    return text === wanted ? "" : `'${text}' is not '${wanted}'`;
  }
  const said = read(text);
  if (!said) return `'${text}' is no number`;
  const wanted = kind.endsWith("share") ? 100 * Number(value) : Number(value);
  if (kind === "count" && said.value !== wanted) return `'${text}' is not ${wanted}`;
  const slack = ["decimal", "exact share"].includes(kind) ? 1e-9 : said.unit / 2 + 1e-9 * Math.abs(wanted);
  if (Math.abs(said.value - wanted) > slack) return `'${text}' is not ${wanted}`;
  const coarse = { share: 0.051, money: 0.0051, ms: 0.51, s: 0.51, quantity: 0.51 }[kind];
  const isFine = coarse === undefined || Math.abs(said.value - wanted) <= Math.max(coarse, 0.0006 * Math.abs(wanted));
  return isFine ? "" : `'${text}' says too little of ${wanted}`;
}

const sum = (column) => column.reduce((a, b) => a + b, 0);

// The sums of what the charts show, against the summary: [what, of the chart, of the summary].
export function chartSums(run, summary) {
  const rows = [];
  for (const [outcome, requests] of Object.entries(summary.users.outcomes)) {
    rows.push([`outcome ${outcome}`, sum(run.outcomes[outcome] ?? []), requests]);
  }
  rows.push(["requests", sum(run.requests), summary.users.requests]);
  rows.push(["failed", sum(run.failed), summary.users.failed]);
  rows.push(["answered", sum(run.latency.count), summary.users.answered]);
  rows.push(["in flight, most", Math.max(...run.in_flight_max), summary.in_flight_max]);
  summary.providers.forEach((provider, i) => {
    rows.push([`${provider.name}: calls`, sum(run.providers[i].calls), provider.calls]);
    rows.push([`${provider.name}: errors`, sum(run.providers[i].errors), provider.errors]);
    rows.push([`${provider.name}: answers`, sum(run.providers[i].answers), provider.replies.ok]);
    const opened = run.providers[i].lane.filter(([, state]) => state === "open").length;
    rows.push([`${provider.name}: opened`, opened, provider.circuit_breaker.opened]);
  });
  // Each view's served requests are the providers' answers in it.
  const served = run.outcomes.served ?? [];
  const strange = served.filter((n, view) => n !== run.providers.reduce((all, { answers }) => all + at({ answers }, `/answers/${view}`), 0));
  rows.push(["views whose answers are not the served requests", strange.length, 0]);
  const billed = summary.providers.reduce((all, { ledger }) => all + Number(ledger.billed_usd), 0);
  rows.push(["billed by the providers, micro-dollars", run.billed.at(-1), Math.round(1e6 * billed)]);
  const month = summary.cost_limiter.windows.find((window) => window.window === "month");
  rows.push(["spent this month, micro-dollars", run.budget.month.settled.at(-1), Math.round(1e6 * Number(month.settled_usd))]);
  return rows;
}
