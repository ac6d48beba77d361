"""What `windtunnel export openmetrics` writes is OpenMetrics, promtool makes blocks of it by the very command that is
printed, and a real Prometheus on them answers what summary.json says; every expression of the shipped dashboard has
data.

    backfill_test.py WINDTUNNEL
"""

import json
import os
import re
import shlex
import sys
import tempfile
from decimal import Decimal

from oracles import ROOT, Prometheus, environment, run, summary_of

SAMPLE = re.compile(r'([a-z_]+)((?:\{(?:[a-zA-Z_]+="(?:[^"\\]|\\.)*",?)*\})?) (-?[0-9.]+(?:e[+-]?[0-9]+)?) ([0-9.]+)')
ENDINGS = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"], "stateset": [""],
           "info": ["_info"]}
# The bounds of the histograms of durations, in seconds.
BOUNDS = [Decimal(b) for b in "0 .1 .25 .5 .75 1 1.5 2 2.5 3 4 5 7.5 10 15 20 30 60".split()]


class Failures(list):
    compared = 0

    def equal(self, what, prometheus, summary):
        """A double holds 15 digits, and a sum of doubles not quite."""
        self.compared += 1
        mine, theirs = Decimal(summary or 0), Decimal(prometheus)
        if abs(mine - theirs) > abs(mine) * Decimal("1e-12"):
            self.append(f"{what}: Prometheus {theirs}, summary.json {mine}")

    def in_bin(self, what, prometheus, summary_ms):
        """A quantile of a histogram is somewhere in the bin that holds the true one."""
        self.compared += 1
        true = Decimal(summary_ms) / 1000
        low = max(bound for bound in BOUNDS if bound < true or bound == 0)
        high = min((bound for bound in BOUNDS[1:] if bound >= true), default=BOUNDS[-1])
        # The summary's own quantile is off by at most 1/1024.
        if not low * Decimal("0.999") <= Decimal(prometheus) <= high * Decimal("1.001"):
            self.append(f"{what}: Prometheus {prometheus}, summary.json {true} in ({low}, {high}]")


def check_text(path, failures):
    """The rules of OpenMetrics that promtool does not look at."""
    family, kind, seen_families, points, latest = None, None, set(), set(), {}
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if lines[-2:] != ["# EOF", ""]:
        failures.append("it does not end with # EOF")
    for number, line in enumerate(lines[:-2], start=1):
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            if family in seen_families or kind not in ENDINGS:
                failures.append(f"line {number}: family {family} of type {kind} again")
            seen_families.add(family)
            latest = {}
            continue
        if line.startswith(("# HELP " + family + " ", "# UNIT " + family + " ")):
            if line.startswith("# UNIT") and not family.endswith("_" + line.rsplit(" ", 1)[1]):
                failures.append(f"line {number}: the name does not end in its unit")
            continue
        match = SAMPLE.fullmatch(line)
        if not match or match[1] not in [family + ending for ending in ENDINGS[kind]]:
            failures.append(f"line {number}: no sample of {family}: {line}")
            break
        point = (match[1], match[2], match[4])
        metric = re.sub(r'(?:le|%s)="[^"]*",?' % family, "", match[2])
        if point in points or Decimal(match[4]) < latest.get(metric, 0):
            failures.append(f"line {number}: twice, or back in time: {line}")
            break
        points.add(point)
        latest[metric] = Decimal(match[4])
    return len(points)


def labels(**of):
    return "{" + ",".join(f'{name}="{value}"' for name, value in of.items()) + "}"


def compare_latency(ask, failures, what, metric, selector, summary):
    failures.equal(what + " count", ask(f"{metric}_count{selector}"), summary["count"])
    if summary["count"] == 0:
        return
    mean_ms = ask(f"{metric}_sum{selector} / {metric}_count{selector}") * 1000
    if abs(mean_ms - summary["avg"]) > Decimal("0.000002"):
        failures.append(f"{what} mean: Prometheus {mean_ms} ms, summary.json {summary['avg']}")
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        failures.in_bin(f"{what} {name}", ask(f"histogram_quantile({share}, {metric}_bucket{selector})"), summary[name])


def compare_requests(ask, failures, run_of, summary):
    users = summary["users"]
    for outcome, count in users["outcomes"].items():
        failures.equal(outcome, ask("windtunnel_requests_total" + labels(run=run_of, outcome=outcome)), count)
    mine = labels(run=run_of)
    failures.equal("arrivals", ask("windtunnel_arrivals_total" + mine), summary["arrivals"])
    failures.equal("in flight", ask("windtunnel_requests_in_flight" + mine), summary["in_flight"])
    failures.equal("attempts", ask("windtunnel_request_attempts_total" + mine), users["attempts"])
    failures.equal("failed over", ask("windtunnel_requests_failed_over_total" + mine), users["failed_over"])
    for cost in ("cost_usd", "cost_known_usd", "cost_reserved_usd"):
        failures.equal(cost, ask(f"windtunnel_{cost}_total" + mine), users[cost])
    for kind in ("input", "output"):
        failures.equal(f"{kind} tokens", ask("windtunnel_request_tokens_total" + labels(run=run_of, type=kind)),
                       users["tokens"][kind])
    compare_latency(ask, failures, "latency", "windtunnel_request_duration_seconds", mine, users["latency_ms"])
    compare_latency(ask, failures, "ttft", "windtunnel_request_time_to_first_token_seconds", mine, users["ttft_ms"])
    for entries in ("entries_held", "entries_fresh"):
        failures.equal(entries, ask(f"windtunnel_cache_{entries}" + mine), summary["cache"][entries])
    for window in summary["cost_limiter"]["windows"]:
        of = labels(run=run_of, window=window["window"])
        failures.equal("spent", ask("windtunnel_budget_spent_usd" + of), window["settled_usd"])
        failures.equal("reserved", ask("windtunnel_budget_reserved_usd" + of), window["reserved_usd"])
        if window["limit_usd"]:
            failures.equal("limit", ask("windtunnel_budget_limit_usd" + of), window["limit_usd"])
            failures.equal("alerts", ask("sum(windtunnel_budget_alerts_total" + of + ")"), window["alerts_fired"])
    failures.equal("overruns", ask("windtunnel_budget_overruns_total" + mine), summary["cost_limiter"]["overruns"])
    failures.equal("cut", ask("windtunnel_token_grants_cut_total" + mine), summary["token_limiter"]["cut"])
    for version in summary["versions"]:
        of = labels(run=run_of, feature_version=version["feature_version"] or "",
                    prompt_version=version["prompt_version"] or "")
        failures.equal("version", ask(f"sum(windtunnel_version_requests_total{of})"), version["requests"])
        failures.equal("version's cost", ask(f"windtunnel_version_cost_usd_total{of}"), version["cost_usd"])
        compare_latency(ask, failures, "version's latency", "windtunnel_version_request_duration_seconds", of,
                        version["latency_ms"])
    for variant in (summary.get("experiment") or {}).get("variants", []):
        of = labels(run=run_of, variant=variant["id"])
        failures.equal("arm", ask(f"sum(windtunnel_variant_requests_total{of})"), variant["requests"])
        failures.equal("arm's cost", ask(f"windtunnel_variant_cost_usd_total{of}"), variant["cost_usd"])
        compare_latency(ask, failures, "arm's latency", "windtunnel_variant_request_duration_seconds", of,
                        variant["latency_ms"])


def compare_provider(ask, failures, run_of, provider):
    name, breaker = provider["name"], provider["circuit_breaker"]
    of = labels(run=run_of, provider=name)
    for reply, count in provider["replies"].items():
        failures.equal(f"{name} {reply}",
                       ask("windtunnel_provider_calls_total" + labels(run=run_of, provider=name, outcome=reply)), count)
    for cost in ("cost_usd", "cost_known_usd", "cost_reserved_usd"):
        failures.equal(f"{name} {cost}", ask(f"windtunnel_provider_{cost}_total{of}"), provider[cost])
    failures.equal(f"{name} late", ask("windtunnel_provider_late_results_total" + of), breaker["late_results"])
    for to, count in (("open", "opened"), ("half_open", "half_opened"), ("closed", "closed")):
        failures.equal(f"{name} {count}",
                       ask("windtunnel_breaker_transitions_total" + labels(run=run_of, provider=name, to=to)),
                       breaker[count])
    state = labels(run=run_of, provider=name, windtunnel_breaker_state=breaker["state"])
    failures.equal(f"{name} state", ask("windtunnel_breaker_state" + state), 1)
    failures.equal(f"{name} states", ask(f"sum(windtunnel_breaker_state{of})"), 1)
    gen_ai = dict(run=run_of, gen_ai_operation_name="chat", gen_ai_provider_name=name,
                  gen_ai_request_model=provider["model"])
    compare_latency(ask, failures, f"{name} latency", "gen_ai_client_operation_duration_seconds",
                    labels(**gen_ai, error_type=""), provider["latency_ms"])
    failures.equal(f"{name} errors", ask("gen_ai_client_operation_duration_seconds_count" +
                                         labels(**gen_ai, error_type="_OTHER")), provider["errors"])
    failures.equal(f"{name} first tokens", ask("gen_ai_server_time_to_first_token_seconds_count" + labels(**gen_ai)),
                   provider["replies"]["ok"])
    for kind in ("input", "output"):
        failures.equal(f"{name} {kind} tokens",
                       ask("gen_ai_client_token_usage_sum" + labels(**gen_ai, gen_ai_token_type=kind)),
                       provider["tokens"][kind])


def check_dashboard(prometheus, failures, begin, end):
    with open(os.path.join(ROOT, "reports", "prometheus", "windtunnel-dashboard.json"), encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    expressions = [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]
    if len(expressions) < 20 or len({panel["id"] for panel in panels}) != len(panels):
        failures.append("the dashboard has few expressions, or two panels of one id")
    for title, expression in expressions:
        query = expression.replace("$__rate_interval", "1m").replace("$run", "demo")
        result = prometheus.ask("query_range", query=query, start=begin, end=end, step="15")
        failures.compared += 1
        if 'run=~"$run"' not in expression:
            failures.append(f"dashboard, {title}: not of one run: {expression}")
        if not any(value not in ("NaN", "+Inf") for series in result for _, value in series["values"]):
            failures.append(f"dashboard, {title}: nothing for {query}")


def main():
    windtunnel = sys.argv[1]
    env = environment("promtool", "prometheus")
    failures = Failures()
    with tempfile.TemporaryDirectory() as folder:
        spans, serve = {}, None
        for name in ("demo", "truncated-replies"):
            out = os.path.join(folder, name)
            run([windtunnel, "run", f"scenarios/catalog/{name}.json", "--quiet", "--out", out], env)
            said = run([windtunnel, "export", "openmetrics", out, "--interval", "15s", "--label", f"run={name}"], env)
            commands = [line.strip() for line in said.split("\n") if line.startswith("  pro")]
            if len(commands) != 2:
                sys.exit("it does not say how to load it:\n" + said)
            samples = check_text(os.path.join(out, "openmetrics.txt"), failures)
            if f" {samples:,} samples, one every 15s" not in said:
                failures.append(f"it holds {samples} samples, but says {said}")
            # Both into one data folder, as a user who compares two runs does.
            data = os.path.join(folder, "data")
            run([word.replace(os.path.join(out, "prometheus"), data) for word in shlex.split(commands[0])], env)
            serve = commands[1].replace(os.path.join(out, "prometheus"), data)
            with open(os.path.join(out, "openmetrics.txt"), encoding="utf-8") as file:
                times = re.findall(r" ([0-9.]+)$", file.read(), re.M)
            spans[name] = (out, times[0], times[-1])
        with Prometheus(serve, env, folder) as prometheus:
            for name, (out, begin, end) in spans.items():
                summary = summary_of(out)
                ask = lambda query, at=end: prometheus.value(query, at)
                compare_requests(ask, failures, name, summary)
                for provider in summary["providers"]:
                    compare_provider(ask, failures, name, provider)
                zero = prometheus.value("sum(windtunnel_requests_total" + labels(run=name) + ")", begin)
                failures.equal("requests at the begin", zero, 0)
            check_dashboard(prometheus, failures, *spans["demo"][1:])
    print(f"{failures.compared} answers compared, {len(failures)} failures")
    for failure in failures:
        print("  " + failure)
    sys.exit(1 if failures or failures.compared < 150 else 0)


if __name__ == "__main__":
    main()
