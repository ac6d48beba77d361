"""Recounts what the charts of a run's page say under the cursor, in a real headless Chromium, from the run's events.

    drawn_test.py WINDTUNNEL RECORD_EVENTS HTML FOLDER

HTML is tests/html, whose driver of the browser FOLDER keeps. Ends with 77 (skipped) where Chromium, node, npm or the page
is absent.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from comparison import Comparison
from history import FAILED, OUTCOMES, REFUSED, record
from npm_packages import install, skip
from over_time import OverTime
from panels import PARTS, STATES, Panels
from recounts_test import ROOT, read, run_windtunnel
from worlds import world

FILES = ("browser.mjs", "figures.mjs", "drawn_words.mjs")
WORDS_OF_OUTCOMES = {"served": "served", "cache_hit": "from the cache", "stale_hit": "stale answer",
                     "refused_rate": "refused: rate", "refused_tokens": "refused: tokens",
                     "refused_budget": "refused: budget", "client_error": "client error",
                     "deadline_exceeded": "deadline exceeded", "all_providers_unavailable": "all unavailable",
                     "failed": "failed", "broken_stream": "broken stream"}
SECONDS = {"s": 1000, "ms": 1}


class Rough:
    """A number of which a legend says three significant digits, between words."""

    def __init__(self, value, before="", after=""):
        self.value, self.before, self.after = Fraction(value), before, after

    def __eq__(self, words):
        found = re.fullmatch(re.escape(self.before) + r"([\d,.]+)" + re.escape(self.after), words)
        return bool(found) and abs(Fraction(found[1].replace(",", "")) - self.value) <= self.value / 190

    def __str__(self):
        return f"{self.before}{float(self.value)}{self.after}"


def part_of(part, whole, before):
    return Rough(Fraction(100 * part, whole), f"{before} (", " %)")


def milliseconds(ms):
    return Rough(ms / 1000, after=" s") if ms >= 10_000 else Rough(ms, after=" ms")


class Drawn:
    """What each legend says in each bucket, by the events."""

    def __init__(self, history, time, middles):
        self.history, self.time, self.middles = history, time, middles
        self.panels = Panels(history, time, True)
        series = time.series
        self.outcomes, self.providers = series["requests"]["outcomes"], series["providers"]
        self.sums = self.panels.sums
        self.all = self.sums(*self.outcomes.values())
        self.lost = self.sums(*(self.outcomes[one] for one in FAILED))

    def requests(self):
        return {words: [f"{count:,}" for count in self.sums(self.outcomes[one])] for one, words in WORDS_OF_OUTCOMES.items()
                if any(self.outcomes[one])}

    def answers(self):
        counts = {setting.name: self.sums(one["replies"]["ok"]) for setting, one in zip(self.history.providers, self.providers)}
        rest = {"the cache": self.sums(self.outcomes["cache_hit"]), "the cache, stale": self.sums(self.outcomes["stale_hit"]),
                "refused by a limiter": self.sums(*(self.outcomes[one] for one in REFUSED)), "not answered": self.lost}
        counts |= {name: values for name, values in rest.items() if any(values)}
        return {name: [part_of(count, whole, f"{count:,}") if whole else "no requests"
                       for count, whole in zip(values, self.all)] for name, values in counts.items()}

    def routes(self):
        legends = {}
        for route, one in zip(self.history.routes, self.time.series.get("routes", ())):
            whole = self.sums(*one["outcomes"].values())
            for words, kinds in PARTS.items():
                values = self.sums(*(one["outcomes"][kind] for kind in kinds))
                if words == "answered" or any(values):
                    legends[f"{route.name}: {words}"] = [part_of(count, of, f"{count:,}") if of else "no requests"
                                                         for count, of in zip(values, whole)]
        return legends

    def failed_calls(self):
        def words(bad, whole, what):
            return [part_of(one, of, f"{one:,} of {of:,}") if of else f"no {what}" for one, of in zip(bad, whole)]

        legends = {}
        for setting, one in zip(self.history.providers, self.providers):
            errors = self.sums(*(values for kind, values in one["replies"].items() if kind != "ok"))
            legends[f"{setting.name}: calls"] = words(errors, self.sums(*one["replies"].values()), "calls")
        return {**legends, "requests, as callers see it": words(self.lost, self.all, "requests")}

    def latency(self):
        quantiles = self.time.series["latency_quantiles"]
        return {f"p{percent}": [milliseconds(Fraction((ns + 500) // 1000, 1000)) if count else "none answered"
                                for ns, count in zip(quantiles[f"p{percent}_ns"], quantiles["count"])]
                for percent in (50, 95, 99)}

    def in_flight(self):
        most = self.panels.by_view(self.time.series["in_flight_max"], max)
        calls = {f"{setting.name}: calls": list(map(Rough, self.panels.last(one["in_flight"])))
                 for setting, one in zip(self.history.providers, self.providers)}
        return {"requests, at most": list(map(Rough, most)), **calls}

    def spend(self):
        dollars = lambda values: [Rough(Fraction(micros, 10**6), "$") for micros in values]
        legends = {"billed by the providers": dollars(self.panels.billed())}
        for window, limit in (("month", self.history.limits.monthly), ("day", self.history.limits.daily)):
            if window == "day" and limit is None:
                continue
            settled = self.panels.last(self.time.series[f"{window}_settled_picos"])
            spent = dollars([(picos + 500_000) // 10**6 for picos in settled])
            legends[f"as the budget counts, this {window}"] = [OfLimit(one, limit) for one in spent]
        return legends

    def lanes(self):
        def state_at(place, instant):
            return [state for begin, state in self.time.states(place) if begin <= instant][-1]

        return {state.replace("_", "-"): [", ".join(setting.name for place, setting in enumerate(self.history.providers)
                                                    if state_at(place, middle) == state)
                                          for middle in self.middles] for state in STATES}

    def document(self):
        return {f"panel-{name}": value for name, value in (
            ("requests", self.requests()), ("answers", self.answers()), ("lanes", self.lanes()),
            ("failed-calls", self.failed_calls()), ("latency", self.latency()), ("in-flight", self.in_flight()),
            ("spend", self.spend()), *([("routes", self.routes())] if self.history.routes else []))}


class OfLimit:
    """Money, and the share that it is of a limit, if there is one."""

    def __init__(self, dollars, limit):
        self.dollars, self.limit = dollars, limit

    def __eq__(self, words):
        spent, comma, rest = words.partition(", ") if not self.limit else words.rpartition(", ")
        if not self.limit:
            return not comma and self.dollars == spent
        percent = 100 * self.dollars.value * 10**12 / self.limit
        return self.dollars == spent and Rough(percent, after=" % of its limit") == rest

    def __str__(self):
        return f"{self.dollars} of {self.limit}"


def main():
    windtunnel, recorder, html, folder = sys.argv[1:]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        skip("chromium is not installed")
    install(html, folder, FILES)
    compared = Comparison(())
    for seed in (2, 5):
        file, out = os.path.join(folder, f"world-{seed}.json"), os.path.join(folder, "out", f"world-{seed}")
        with open(file, "w", encoding="utf-8") as scenario:
            json.dump(world(seed), scenario)
        shutil.rmtree(out, ignore_errors=True)
        if not run_windtunnel(windtunnel, out, file, seed):
            skip("windtunnel was built without the page")
        drawn = subprocess.run(["node", "drawn_words.mjs", chromium, os.path.join(out, "report.html")], cwd=folder,
                               capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if drawn.returncode != 0:
            sys.exit(drawn.stderr)
        shown = json.loads(drawn.stdout)
        history = record(recorder, file, seed, ROOT)
        timeline = json.loads(read(out, "timeline.json"))
        time = OverTime(history, timeline["step_ns"], timeline["view_steps"])
        middles = [round(middle * 10**9) for middle in shown["middles"]]
        compared.run = f"world-{seed}"
        compared.tree("charts", shown["panels"], Drawn(history, time, middles).document())
    for words in compared.wrong[:40]:
        print(words)
    print(f"{compared.figures} comparisons, {len(compared.wrong)} differences")
    sys.exit(1 if compared.wrong else 0)


if __name__ == "__main__":
    main()
