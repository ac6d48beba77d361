"""telemetry.jsonl.zst is read by DuckDB as it is, and what DuckDB counts, sums and ranks is what summary.json says,
also by the query that docs/quickstart.md shows.

    duckdb_test.py PAGE HERE FOLDER WINDTUNNEL SCENARIO...

Counts and sums are equal to the last digit; a percentile of summary.json is the middle of a bucket, so DuckDB's is
within 1/1024 of it. FOLDER keeps the installed DuckDB. Ends with 77 (skipped) where node or npm is absent, or npm has
no way to fetch it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from npm_packages import install


class Comparison:
    def __init__(self):
        self.made = 0
        self.differences = []

    def equal(self, what, duckdb, summary):
        self.made += 1
        if Decimal(duckdb or 0) != Decimal(summary or 0):
            self.differences.append(f"{what}: DuckDB {duckdb}, summary.json {summary}")

    def close(self, what, duckdb, summary):
        self.made += 1
        if (duckdb is None) != (summary is None):
            self.differences.append(f"{what}: DuckDB {duckdb}, summary.json {summary}")
        elif duckdb is not None and abs(Decimal(duckdb) - Decimal(summary)) * 1024 > Decimal(duckdb):
            self.differences.append(f"{what}: DuckDB {duckdb}, summary.json {summary}: more than 1/1024 apart")

    def latency(self, what, duckdb, summary):
        self.equal(what + " count", duckdb["count"], summary["count"])
        for name in ("min", "max"):
            self.equal(f"{what} {name}", duckdb[name], summary[name])
        for name in ("p50", "p95", "p99"):
            self.close(f"{what} {name}", duckdb[name], summary[name])
        if summary["count"]:
            # summary.json rounds the mean down to a nanosecond.
            mean = Decimal(duckdb["sum"]) * 10**6 // int(duckdb["count"])
            self.equal(what + " avg", mean / 10**6, summary["avg"])


def compare(duckdb, summary):
    seen = Comparison()
    users = summary["users"]
    counts = {row["outcome"]: row["count"] for row in duckdb["outcomes"]}
    for outcome, count in users["outcomes"].items():
        seen.equal("outcome " + outcome, counts.pop(outcome, 0), count)
    if counts:
        seen.differences.append(f"outcomes that summary.json does not know: {counts}")
    totals = duckdb["totals"][0]
    for name in ("input", "output"):
        seen.equal("tokens " + name, totals[name], users["tokens"][name])
    seen.equal("cost", totals["cost"], users["cost_known_usd"])
    seen.equal("attempts", totals["attempts"], users["attempts"])
    seen.latency("latency", duckdb["latency"][0], users["latency_ms"])
    seen.latency("ttft", duckdb["ttft"][0], users["ttft_ms"])
    replies = {(row["provider"], row["outcome"]): row for row in duckdb["replies"]}
    calls = {row["provider"]: row for row in duckdb["calls"]}
    nothing = dict.fromkeys(("sum", "min", "max", "p50", "p95", "p99"), None) | {"count": 0}
    for provider in summary["providers"]:
        name = provider["name"]
        for reply, count in provider["replies"].items():
            seen.equal(f"{name} {reply}", replies.get((name, reply), {"count": 0})["count"], count)
        cost = sum(Decimal(row["cost"] or 0) for (of, _), row in replies.items() if of == name)
        seen.equal(f"{name} cost", cost, provider["cost_known_usd"])
        seen.latency(f"{name} latency", calls.get(name, nothing), provider["latency_ms"])
        shown = sum(int(row["calls"]) for row in duckdb["readme"] if row["provider"] == name)
        seen.equal(f"{name} calls by the page's query", shown, provider["calls"])
    variants = {row["id"]: row for row in duckdb["variants"]}
    for variant in (summary.get("experiment") or {}).get("variants", []):
        row = variants.get(variant["id"], {"count": 0, "cost": 0})
        seen.equal(f"variant {variant['id']} requests", row["count"], variant["requests"])
        seen.equal(f"variant {variant['id']} cost", row["cost"], variant["cost_known_usd"])
    return seen


def main():
    readme, here, folder, windtunnel, *scenarios = sys.argv[1:]
    install(here, folder, ["telemetry.mjs"])
    with open(readme, encoding="utf-8") as file:
        query = re.search(r"^```sql\n(.*?);\n```$", file.read(), re.M | re.S).group(1)
    failed = False
    for scenario in scenarios:
        with tempfile.TemporaryDirectory() as out:
            telemetry = os.path.join(out, "telemetry.jsonl.zst")
            subprocess.run([windtunnel, "run", scenario, "--quiet", "--out", out, "--telemetry", telemetry], check=True,
                           stdin=subprocess.DEVNULL)
            said = subprocess.run(["node", "telemetry.mjs", telemetry, query], cwd=folder, capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL, check=False)
            if said.returncode != 0:
                sys.exit(f"{scenario}: DuckDB does not read it:\n{said.stdout}{said.stderr}")
            with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
                seen = compare(json.loads(said.stdout), json.load(file, parse_float=Decimal))
        print(f"{os.path.basename(scenario)}: {seen.made} figures compared, {len(seen.differences)} differ")
        for difference in seen.differences:
            print("  " + difference)
        failed = failed or bool(seen.differences) or seen.made < 40
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
