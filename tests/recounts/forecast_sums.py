"""A forecast of a few replications: its means, sums and spend by cause, recounted from the events of each replication."""

import json
import math
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

from comparison import Near, decimal, exact
from history import ANSWERED, OUTCOMES, REFUSED, record

REPLICATIONS = 3
SECONDS = 60


class Mean:
    """A mean, of which a report shows nine significant digits."""

    def __init__(self, values):
        self.value = Fraction(sum(values)) / len(values)

    def __eq__(self, shown):
        return shown is not None and abs(Fraction(shown) - self.value) <= abs(self.value) / 10**8

    def __str__(self):
        return str(float(self.value))


class NearMean:
    """A mean of quantiles in milliseconds, each of which is known as nearly as a histogram knows it."""

    def __init__(self, nears):
        self.mean = Near(Fraction(sum(near.ns for near in nears), len(nears)))

    def __eq__(self, shown):
        return self.mean.holds(Fraction(shown) * 10**6, 1)

    def __str__(self):
        return exact(int(self.mean.ns), 6)


def causes(history):
    """What each cause spent: a call to a provider that its request called before is a retry; else one to another than the
    assigned is a failover. What a hit saved is the bill of the answer that it got."""
    spent = dict.fromkeys(("first attempts", "retries", "failovers", "unknown usage", "saved by the cache"), 0)
    for one in history.records:
        called = set()
        for call in one.calls:
            name = "retries" if call.p in called else "first attempts" if call.p == one.assigned else "failovers"
            called.add(call.p)
            if call.usage:
                spent[name] += call.settled
        spent["unknown usage"] += one.billed - one.known
    answers, asked = {}, {one.r: one.asked for one in history.records}
    for event in history.of("stored", "cached", "record"):
        if event.c == "stored":
            request = history.requests[event.r]
            answers[event.key] = request.calls[-1].usage or (asked[event.r], request.grant)
        elif event.c == "cached":
            tokens, provider = answers[event.key], history.providers[event.p]
            spent["saved by the cache"] += tokens[0] * provider.input + tokens[1] * provider.output
    return spent


def by_provider(history, place):
    billed = sum(bill.billed for bill in history.of("billed") if bill.p == place)
    return billed, sum(call.settled for call in history.of("ended") if call.p == place)


def quantile(values, percent):
    return Near(values[max(math.ceil(len(values) * percent / 100), 1) - 1])


def chance(part, whole):
    """A share of all requests; of none or all of them a report shows a bound instead."""
    if 0 < part < whole:
        return {"value": Mean([Fraction(part, whole)]), "bound": None}
    return {"bound": "lower" if part else "upper"}


def wanted(histories):
    first = histories[0]
    usd = lambda value: {"value": Mean([Fraction(value(one), 10**12) for one in histories])}
    number = lambda value: Mean([value(one) for one in histories])
    billed = lambda some: sum(one.billed for one in some)
    features = list(dict.fromkeys(workload.feature for workload in first.workloads))
    features = features if any(features) else []
    feature_of = lambda history, one: history.workloads[one.workload - 1].feature
    latencies = [sorted(one.latency for one in history.records if one.outcome in ANSWERED) for history in histories]
    pooled = sorted(latency for of_run in latencies for latency in of_run)
    spent = [causes(history) for history in histories]
    records = [one for history in histories for one in history.records]
    share = lambda names: chance(sum(one.outcome in names for one in records), len(records))
    pooled_of = lambda percent: quantile(pooled, percent)
    return {
        "replications": len(histories), "seed": first.run.file_seed, "horizon_s": SECONDS,
        "cost_usd": {"mean": usd(lambda one: sum(bill.billed for bill in one.of("billed")))},
        "cost_known_usd": usd(lambda one: sum(call.settled for call in one.of("ended") if call.usage)),
        "cost_reserved_usd": usd(lambda one: sum(call.settled for call in one.of("ended") if not call.usage)),
        "requests": {"value": number(lambda one: len(one.records))},
        "answered": share(ANSWERED),
        "availability": chance(sum(one.outcome in ANSWERED for one in records),
                               sum(one.outcome not in REFUSED for one in records)),
        "outcomes": {name: share((name,)) for name in OUTCOMES},
        "spend": {
            "by_provider": [{"name": setting.name, "usd": usd(lambda one, i=i: by_provider(one, i)[0]),
                             "settled_usd": usd(lambda one, i=i: by_provider(one, i)[1])}
                            for i, setting in enumerate(first.providers)],
            "by_variant": [{"name": arm.id, "usd": usd(lambda one, i=i: billed(r for r in one.records if r.variant == i))}
                           for i, arm in enumerate(first.variants)],
            "by_feature_version": [
                {"name": name, "usd": usd(lambda one, name=name: billed(r for r in one.records if feature_of(one, r) == name))}
                for name in features],
            "by_cause": [{"name": name, "usd": {"value": Mean([Fraction(one[name], 10**12) for one in spent])}}
                         for name in spent[0]]},
        "latency_ms": {
            **{f"p{percent}": {"value": NearMean([quantile(one, percent) for one in latencies])} for percent in (50, 90, 95, 99)},
            "of_all_replications": {"count": len(pooled), "min": decimal(pooled[0], 6), "max": decimal(pooled[-1], 6),
                                    "avg": decimal(sum(pooled) // len(pooled), 6),
                                    **{f"p{percent}": pooled_of(percent) for percent in (50, 90, 95, 99)}}}}


def compare_forecast(compared, windtunnel, recorder, scenario, folder, root):
    command = [windtunnel, "forecast", scenario, "--replications", str(REPLICATIONS), "--horizon", f"{SECONDS}s", "--out",
               folder, "--quiet"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 12, 13):
        sys.exit(f"{' '.join(command)} ends with {done.returncode}: {done.stderr}")
    histories = [record(recorder, scenario, ("forecast", i, SECONDS), root) for i in range(REPLICATIONS)]
    with open(os.path.join(folder, "forecast.json"), encoding="utf-8") as file:
        shown = json.load(file, parse_float=Decimal)
    compared.tree("forecast.json", shown, wanted(histories))
