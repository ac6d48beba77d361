"""A forecast from a log holds: the month that followed the log lies in its bands as often as they say.

    log_forecast_test.py WINDTUNNEL

Worlds of ten kinds run for 90 days. The telemetry of the first 60 is the log of a forecast of 30 days, and what the
last 30 cost is the truth. WINDTUNNEL_LOGS is the number of logs, 10 without it. Of 100 logs the truth lies

    in the band from P10 to P90 in 70 to 90, and in the 95 % prediction interval in at least 90;

with fewer the bounds are those that chance passes as seldom. The median of the bands' widths is under twice that of the
bands of the worlds themselves, whose months differ by chance alone.

WINDTUNNEL_KINDS=growth,launch tries only these kinds.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile

DAYS = 60
HORIZON = 30
# 60 days before the first of June, so that the month to date on the 30th is what the last 30 days cost.
START = datetime.datetime(2026, 4, 2)
END = START + datetime.timedelta(days=DAYS)

SMALL = {"model": "small", "ttft": {"p50": "400ms", "p95": "900ms"}, "tpot": {"p50": "10ms", "p95": "20ms"},
         "price_usd_per_million": {"input": 2.5, "output": 10}}
LENGTHS = {"input": {"p50": 900, "p95": 3000}, "output": {"p50": 250, "p95": 900}}
HOURLY = [0.4, 0.3, 0.3, 0.3, 0.3, 0.4, 0.6, 0.9, 1.2, 1.5, 1.6, 1.7, 1.6, 1.6, 1.7, 1.7, 1.6, 1.4, 1.2, 1.0, 0.9, 0.7,
          0.6, 0.5]


def load(rate, **more):
    return {"executor": "diurnal", "arrival": "poisson", "rate": rate, "time_unit": "1d", "hourly": HOURLY,
            "tokens": LENGTHS, "max_tokens": 20000, **more}


def world(workload, providers=None, monitor=None, faults=()):
    return {"version": 1, "start": START.strftime("%Y-%m-%d"), "duration": "90d", "seed": 1,
            "monitor": {"token_limiter": {"mode": "off"}, "cost_limiter": {"monthly_usd": None, "unknown_usage": "zero"},
                        "cache": {"enabled": False}, **(monitor or {})},
            "providers": providers or {"openai": SMALL}, "workload": workload, "faults": list(faults)}


def priced(input_price, output_price, **more):
    return {**SMALL, "price_usd_per_million": {"input": input_price, "output": output_price}, **more}


def worlds():
    mini = {"input": {"p50": 2000, "p95": 8000}, "output": {"p50": 150, "p95": 400}}
    large = {"input": {"p50": 800, "p95": 2500}, "output": {"p50": 600, "p95": 1800}}
    chat = {"input": {"p50": 4000, "p95": 25000}, "output": {"p50": 300, "p95": 1000}}
    essays = {"input": {"p50": 600, "p95": 2000}, "output": {"p50": 900, "p95": 3000}}
    change = [{"input": 5, "output": 15}, {"from": "2026-05-06", "input": 2.5, "output": 10}]
    return {
        "weekdays": world({"chat": load(600, weekday=[1.2, 1.25, 1.2, 1.25, 1.1, 0.5, 0.5], day_factor_cv=0.08)}),
        "caches": world({"chat": load(600, prompts={"count": 2000, "zipf": 0.6}, day_factor_cv=0.05)},
                        monitor={"cache": {"ttl": "12h"}}),
        "two models": world({"short": load(450, provider="openai-mini", tokens=mini, day_factor_cv=0.1, demand="all"),
                             "long": load(150, provider="openai-large", tokens=large, day_factor_cv=0.1, demand="all")},
                            {"openai-mini": priced(0.15, 0.6, model="mini"),
                             "openai-large": priced(2.5, 10, model="large")}),
        "outages": world({"chat": load(600)}, {"openai": SMALL, "anthropic": priced(6, 30, model="other")},
                         faults=[{"id": "away", "kind": "random_outages", "provider": "openai", "at": "0s",
                                  "up": {"mean": "80h"}, "down": {"mean": "5h"}}]),
        "growth": world({"chat": load(450, growth_per_day=0.008, day_factor_cv=0.05)}),
        "long answers": world({"chat": load(500, tokens=essays, day_factor_cv=0.06)},
                              {"openai": {**SMALL, "ttft": {"p50": "2s", "p95": "6s"},
                                          "tpot": {"p50": "40ms", "p95": "80ms"}}},
                              {"provider_call": {"timeout": "3600s"}}),
        "cached prompts": world({"chat": load(500, tokens=chat, day_factor_cv=0.05)}),
        "bursts": world({"chat": {"executor": "constant-arrival-rate", "arrival": "mmpp", "rate": 600,
                                  "time_unit": "1d", "tokens": LENGTHS, "max_tokens": 20000,
                                  "mmpp": {"factors": [0.6, 3], "mean_sojourn": ["20h", "4h"]}}}),
        "price change": world({"chat": load(600, day_factor_cv=0.05)},
                              {"openai": {**SMALL, "price_usd_per_million": change}}),
        "launch": world({"chat": load(400, day_factor_cv=0.05),
                         "new": load(300, start="38d", tokens=essays, day_factor_cv=0.05)}),
    }


def cost_of(kind, record):
    """Two worlds bill what no scenario says: a prompt cache, and one provider with two models."""
    if kind == "cached prompts" and record["cost_usd"] > 0:
        given, made = record["tokens"]["input"], record["tokens"]["output"]
        cached = given * 9 // 10 if given > 4096 else 0
        return round(((given - cached) * 3 + cached * 0.3 + made * 15) / 1e6, 12)
    return record["cost_usd"]


def write_log(kind, source, log):
    """The log of the first days; what the days after it cost."""
    truth = 0
    with open(source, encoding="utf-8") as lines, open(log, "w", encoding="utf-8") as out:
        for line in lines:
            record = json.loads(line)
            finished = datetime.datetime.strptime(record["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")
            cost = cost_of(kind, record)
            if finished - datetime.timedelta(milliseconds=record["latency_ms"]) >= END:
                truth += cost
                continue
            if kind == "cached prompts":
                record["cost_usd"] = cost
                record["metadata"].pop("attempts", None)
                record.pop("attempts", None)
                line = json.dumps(record) + "\n"
            out.write(line.replace('"openai-mini"', '"openai"').replace('"openai-large"', '"openai"'))
    return truth


def spread_of(costs):
    """The width of the band from P10 to P90 of a normal law with this standard deviation."""
    return 2 * 1.2816 * statistics.stdev(costs)


class Trial:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *arguments):
        result = subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False)
        if result.returncode not in (0, 12, 13):
            raise RuntimeError(f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def telemetry(self, scenario, seed):
        path = self.path("telemetry.jsonl")
        if os.path.exists(path):
            os.remove(path)
        self.call("run", scenario, "--quiet", "--checks", "none", "--seed", str(seed), "--telemetry", path)
        return path

    def law_width(self, kind, scenario, months):
        if kind == "cached prompts":
            return spread_of([write_log(kind, self.telemetry(scenario, 1000 + i), os.devnull)
                              for i in range(max(8, months // 4))])
        last = self.call("forecast", scenario, "--horizon", f"{DAYS + HORIZON}d", "--replications", str(months),
                         "--format", "csv", "--quiet").strip().splitlines()[-1].split(",")
        return float(last[7]) - float(last[1])

    def forecast(self, log):
        text = self.call("forecast", "--from-telemetry", log, "--horizon", f"{HORIZON}d", "--replications", "400",
                         "--format", "json", "--quiet")
        return json.loads(text)["cost_usd"]


def bounds_of(count):
    """How many logs may lie in the band, and how few in the interval: a chance of about 1 in 100 to fail where the
    bands are right, for 100 logs the numbers above."""
    if count >= 100:
        return 0.7 * count, 0.9 * count, 0.9 * count
    error = 2.6 * (0.16 * count) ** 0.5
    return 0.8 * count - error, min(count, 0.8 * count + error), 0.95 * count - 2.6 * (0.0475 * count) ** 0.5 - 0.5


def main():
    count = int(os.environ.get("WINDTUNNEL_LOGS", "10"))
    kinds = worlds()
    wanted = os.environ.get("WINDTUNNEL_KINDS")
    if wanted:
        kinds = {kind: kinds[kind] for kind in wanted.split(",")}
    inside = within = 0
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(os.path.abspath(sys.argv[1]), folder)
        laws = {}
        for number in range(count):
            kind = list(kinds)[number % len(kinds)]
            scenario = trial.path(f"world-{list(kinds).index(kind)}.json")
            if kind not in laws:
                with open(scenario, "w", encoding="utf-8") as file:
                    json.dump(kinds[kind], file)
                laws[kind] = trial.law_width(kind, scenario, 100 if count >= 100 else 40)
            truth = write_log(kind, trial.telemetry(scenario, 1 + number), trial.path("log.jsonl"))
            cost = trial.forecast(trial.path("log.jsonl"))
            low, high = cost["p10"]["value"], cost["p90"]["value"]
            least, most = cost["p2_5"]["value"], cost["p97_5"]["value"]
            inside += low <= truth <= high
            within += least <= truth <= most
            ratios.append((high - low) / laws[kind])
            print(f"{number:3} {kind:14} truth {truth:9.3f}  P10 {low:9.3f}  P90 {high:9.3f} "
                  f"{'in ' if low <= truth <= high else 'OUT'} {'in ' if least <= truth <= most else 'OUT'} "
                  f"band {ratios[-1]:5.2f} of the law's", flush=True)
    few, many, least = bounds_of(count)
    print(f"{inside} of {count} in the band of 80 %, {within} in the interval of 95 %, "
          f"median band {statistics.median(ratios):.2f} times the law's")
    failed = not few <= inside <= many or within < least or statistics.median(ratios) >= 2
    if failed:
        print(f"wanted: {few:.1f} to {many:.1f}, at least {least:.1f}, under 2")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
