// Prints as JSON what DuckDB makes of a telemetry.jsonl.zst, read as it is, and of the documentation's query over it:
// node telemetry.mjs FILE.zst QUERY
//
// DuckDB takes a JSON number for a double; a cast to as many decimals as telemetry has makes it exact again.
import { DuckDBInstance } from '@duckdb/node-api';

const file = `read_json('${process.argv[2].replaceAll("'", "''")}')`;
const latency = 'latency_ms::DECIMAL(18, 6)';
const cost = 'cost_usd::DECIMAL(18, 12)';
const figures = (of) => `
  count(*) AS count, sum(${of}) AS sum, min(${of}) AS min, max(${of}) AS max, quantile_disc(${of}, 0.5) AS p50,
  quantile_disc(${of}, 0.95) AS p95, quantile_disc(${of}, 0.99) AS p99`;
const answered = `outcome IN ('served', 'cache_hit', 'stale_hit')`;
const attempts = `(SELECT unnest(attempts, recursive := true) FROM ${file})`;

const queries = {
  outcomes: `SELECT outcome, count(*) AS count FROM ${file} GROUP BY outcome`,
  totals: `SELECT sum(tokens.input) AS input, sum(tokens.output) AS output, sum(${cost}) AS cost,
             sum(len(attempts)) AS attempts FROM ${file}`,
  latency: `SELECT ${figures(latency)} FROM ${file} WHERE ${answered}`,
  ttft: `SELECT ${figures('ttft_ms::DECIMAL(18, 6)')} FROM ${file} WHERE outcome = 'served'`,
  replies: `SELECT provider, outcome, count(*) AS count, sum(${cost}) AS cost FROM ${attempts}
            GROUP BY provider, outcome`,
  calls: `SELECT provider, ${figures(latency)} FROM ${attempts} WHERE outcome = 'ok' GROUP BY provider`,
  variants: `SELECT metadata.variant_id AS id, count(*) AS count, sum(${cost}) AS cost FROM ${file}
             WHERE metadata.variant_id IS NOT NULL GROUP BY id`,
  readme: process.argv[3].replaceAll('telemetry.jsonl.zst', process.argv[2]),
};

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const answers = {};
for (const [name, query] of Object.entries(queries)) {
  answers[name] = (await connection.runAndReadAll(query)).getRowObjectsJson();
}
console.log(JSON.stringify(answers));
