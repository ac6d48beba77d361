"""report.html: what a recount says that its header, tiles and tables must show; its panels are in panels.py."""

import re

from comparison import exact
from history import OUTCOMES
from page_reader import clean, read_page
from panels import Panels
from phrases import (NEVER, Line, Ms, count, figure, money, percent, plural, quantile_words, seconds, share_of, share_words,
                     span, thousands)
from totals import utc


class Page:
    def __init__(self, run, history, time, start_is_given):
        self.run, self.history, self.time, self.start_is_given = run, history, time, start_is_given
        self.panels = Panels(history, time, start_is_given)

    def document(self):
        history = self.history
        header = {"Scenario": history.run.file, "Seed": str(history.run.seed), "Digest": history.end.digest,
                  "Starts": utc(history.run.start).strftime("%Y-%m-%d %H:%M:%S UTC"),
                  "Virtual time": seconds(history.end.t) + (f" ({span(history.end.t)})" if history.end.t >= 120 * 10**9
                                                            else "")}
        return {"tiles": self.tiles(), "facts": header, "panels": self.panels.tables(), "tables": self.tables(),
                "figures": self.panels.figures(), "other": self.other()}

    # The header and the tiles.

    def bad(self):
        return [one for one in self.history.findings if one.verdict != "pass"]

    def why(self):
        held = lambda kind: sum(one.kind == kind and one.verdict == "pass" for one in self.history.findings)
        bad = len(self.bad())
        text = f"{plural(bad, 'claim')} {'did' if bad == 1 else 'do'} not hold; " if bad else ""
        if self.history.verdict.verdict == "nothing_claimed":
            text = "no threshold, liveness, coverage or min_affected; "
        text += plural(len(self.history.verdict.checks), "invariant") + " watched"
        if held("threshold"):
            text += ", " + plural(held("threshold"), "threshold") + " held"
        if held("coverage"):
            text += ", " + plural(held("coverage"), "coverage minimum", "coverage minima") + " reached"
        return text

    def tiles(self):
        run, users = self.run, self.run["users"]
        latency = users["latency_ms"]
        all_known = run["cost_known_usd"] == run["cost_usd"] and run["cost_reserved_usd"] == "0"
        cost = f"{money(run['cost_usd'])} | billed by the providers"
        cost += (", all known to the gateway; " if all_known else f"; known to the gateway {money(run['cost_known_usd'])}, "
                 f"held by reservations {money(run['cost_reserved_usd'])}; ")
        monthly = run["cost_limiter"]["monthly_usd"]
        cost += "no monthly limit" if monthly is None else f"limit {money(monthly)} a month"
        quantile = lambda name: NEVER if latency[name] is None else Ms(latency[name], " ms")
        wishes = {f"Wishes of {one['name']}": f"{count(one['wishes'])} | {count(one['answered'])} answered"
                  for one in run["clients"]}
        return wishes | {
            "Requests": f"{count(users['requests'])} | {share_of(users['answered'], users['requests'])} answered",
            "Failed for callers": f"{count(users['failed'])} | refused by limiters: {count(users['refused'])}",
            "Latency, p95": Line(quantile("p95"), " | p50 ", quantile("p50"), ", p99 ", quantile("p99")),
            "Calls to providers": f"{count(run['calls'])} | {count(users['failed_over'])} requests failed over",
            "Breakers opened": f"{count(run['coverage']['breaker_opened']['count'])} | "
                               f"{count(run['coverage']['probe_failed']['count'])} probes failed",
            "Cost": cost,
            "Cache hit rate": f"{share_of(run['cache']['hits'], run['cache']['hits'] + run['cache']['misses'])} | "
                              f"{count(run['cache']['hits'])} hits",
            "Tokens": f"{count(users['tokens']['total'])} | in {count(users['tokens']['input'])}, "
                      f"out {count(users['tokens']['output'])}"}

    def reasons(self):
        """The first claims that did not hold, by their verdict."""
        texts = {"fail": [], "inconclusive": [], "more": []}
        for one in self.bad()[:8]:
            name = "" if one.claim.startswith(one.id) else f" {one.id}"
            mark = "✕" if one.verdict == "fail" else "?"
            texts[one.verdict].append(clean(f"{mark}{one.kind}{name}: {one.claim} – {one.reason}"))
        if len(self.bad()) > 8:
            texts["more"].append(f"and {len(self.bad()) - 8} more, below")
        return texts

    def instant(self, ns):
        return utc(self.history.run.start + ns).strftime("%Y-%m-%d %H:%M:%S") if self.start_is_given else span(ns)

    def other(self):
        clock = (f"Wall-clock time (UTC) from {self.instant(0)}" if self.start_is_given else
                 "Time since the start, as the scenario names none")
        listed = []
        for place, fault in enumerate(self.history.fault_settings):
            phases = self.time.phases(place)
            words = f"{fault.id} · {fault.kind.replace('_', ' ')}"
            if phases:
                end = "the end" if phases[0][1] is None else self.instant(phases[0][1])
                words += f": {self.instant(phases[0][0])} to {end}"
            else:
                words += ": never"
            listed.append(words + (f", the first of {thousands(len(phases))} phases" if len(phases) > 1 else ""))
        run, notes = self.run, [f"Note: {note}" for note in self.history.verdict.notes]
        never = [name for name, one in run["coverage"].items() if not one["count"] and one["required"] is None]
        remarks = [f"Never: {', '.join(never)}."] if never else []
        if run["cost_known_usd"] != run["cost_usd"] or run["cost_reserved_usd"] != "0":
            remarks.append(f"The budget counts {money(run['cost_limiter']['settled_usd'])} where the providers billed "
                           f"{money(run['cost_usd'])}: the gateway never learns the bill of a call that times out or breaks "
                           "off, and holds its reservation.")
        texts = {"why": [self.why()], "times": [f"{clock}, in buckets of {span(self.panels.view)}."], "li": listed,
                 "remark": notes, "note": remarks,
                 "details": [f"{', '.join(self.history.verdict.checks)}. What each says: windtunnel explain ID."]}
        texts |= self.reasons()
        with_digits = {name: [text for text in all_of_them if re.search(r"\d", text)] for name, all_of_them in texts.items()}
        return {name: texts_with for name, texts_with in with_digits.items() if texts_with}

    # The tables.

    def requests(self, one):
        latency = one["latency_ms"]
        return {"Requests": count(one["requests"]), "Answered": share_of(one["answered"], one["requests"]),
                "Failed over": count(one["failed_over"]), "p50": quantile_words(latency["p50"]), "p95": quantile_words(latency["p95"]),
                "p99": quantile_words(latency["p99"]), "Tokens": count(one["tokens"]["total"]), "Cost": money(one["cost_usd"])}

    def tables(self):
        run = self.run
        tables = {"Checks": [self.checks()], "Providers": [list(map(self.provider, run["providers"]))]}
        if self.history.records:
            tables["Who answered"] = [self.matrix()]
        if run["experiment"]:
            tables[f"A/B experiment {run['experiment']['id']}"] = self.experiment()
        if run["faults"]:
            tables["Faults"] = [[{"Fault": one["id"], "Kind": one["kind"], "Phases": count(one["phases"]),
                                  "Calls touched": count(one["touched"]), "Changed": count(one["affected"]),
                                  "At least": count(one["min_affected"])} for one in run["faults"]]]
        tables["Coverage"] = [[{"Situation": name, "Times": count(one["count"]), "Required": count(one["required"]),
                                "": "" if one["required"] is None else
                                "✓reached" if one["count"] >= one["required"] else "?not reached"}
                               for name, one in run["coverage"].items() if one["count"] or one["required"] is not None]]
        tables["Workloads"] = [[{"Workload": one["name"], "Feature": one["feature_version"] or NEVER,
                                 "Prompt": one["prompt_version"] or NEVER, **self.requests(one)}
                                for one in run["workloads"]]]
        return {**tables, "Limiters": [self.limiters()], "Budget at the end": [self.budget()]}

    def checks(self):
        marks = {"pass": "✓", "fail": "✕", "inconclusive": "?"}
        violated = any(one.kind == "invariant" for one in self.history.findings)
        verdict = "fail" if violated else "pass"
        rows = [{"Verdict": marks[verdict] + verdict, "Kind": "invariants", "Where": "",
                 "Claim": f"{len(self.history.verdict.checks)} invariants hold after every event",
                 "What was found": "see below" if violated else "0 violations"}]
        for wanted in ("fail", "inconclusive", "pass"):
            for one in self.history.findings:
                if one.verdict == wanted:
                    at = "" if one.at is None else f" (at {seconds(one.at)})"
                    rows.append({"Verdict": marks[wanted] + wanted, "Kind": one.kind, "Claim": clean(one.claim),
                                 "What was found": clean(one.reason + at),
                                 "Where": f"{one.file}:{one.line}" if one.line else ""})
        return rows

    def provider(self, one):
        errors = [f"{name} {thousands(number)}" for name, number in one["replies"].items() if number and name != "ok"]
        breaker, latency = one["circuit_breaker"], one["latency_ms"]
        state = breaker["state"]
        mark = {None: "", "closed": "✓", "half_open": "?", "open": "✕"}[state]
        return {"Provider": clean(f"{one['name']} {one['model']}"), "Calls": count(one["calls"]),
                "Error rate": share_of(one["errors"], one["calls"]), "Errors by kind": ", ".join(errors) or "none",
                "p50": quantile_words(latency["p50"]), "p95": quantile_words(latency["p95"]), "p99": quantile_words(latency["p99"]),
                "Tokens": count(one["tokens"]["total"]), "Cost": money(one["cost_usd"]),
                "Known": money(one["cost_known_usd"]), "Reserved": money(one["cost_reserved_usd"]),
                "Breaker at the end": mark + (state or "off"),
                "Opened": count(breaker["opened"]) if state else "-"}

    def matrix(self):
        names = [one.name for one in self.history.providers]
        last = len(names)
        way = lambda record: (last if record.answered is None else record.answered,
                              OUTCOMES.index(record.outcome))
        ways = sorted({way(record) for record in self.history.records})
        rows = []
        for place in (*range(last), None):
            mine = [record for record in self.history.records if record.assigned == place]
            if not mine:
                continue
            row = {"Assigned to": "no provider: refused before" if place is None else names[place], "All": count(len(mine))}
            for provider, outcome in ways:
                number = sum(way(record) == (provider, outcome) for record in mine)
                words = OUTCOMES[outcome].replace("_", " ")
                head = words if provider == last else f"{names[provider]}: {words}"
                row[head] = thousands(number) + percent(number, len(mine)) if number else "·"
            rows.append(row)
        return rows

    def experiment(self):
        one = self.run["experiment"]
        arms = [{"Variant": arm["id"], "Provider": arm["provider"], "Weight": count(arm["weight"]), **self.requests(arm)}
                for arm in one["variants"]]
        if not one["against_first"]:
            return [arms]

        def cell(interval, words):
            return NEVER if interval is None else Line(words(interval["difference"]) + " (", None)

        in_ms = lambda value: figure(value, 1, 10, 0) + " ms"
        plain = lambda value: exact(value, 0)
        against = [{"Variant": arm["id"], "Answered, share": cell(arm["success_rate"], share_words),
                    "Mean latency": cell(arm["latency_mean_ms"], in_ms),
                    "Mean cost of a request": cell(arm["cost_mean_usd"], plain)} for arm in one["against_first"]]
        return [arms, against]

    def limiters(self):
        run, tokens, cost = self.run, self.run["token_limiter"], self.run["cost_limiter"]
        by_reservation = cost["refused_by_reservation"]
        late = (f", with late bills of {money(cost['late_usage']['billed_usd'])} in place of "
                f"{money(cost['late_usage']['settled_usd'])}" if "late_usage" in cost else "")
        average = NEVER if tokens["average"] is None else exact(tokens["average"], 0)
        return [{"Limiter": "rate", "Refused": count(run["rate_limiter"]["refused"]), "Figures": ""},
                {"Limiter": f"tokens ({tokens['mode']})", "Refused": count(tokens["refused"]),
                 "Figures": f"average {average} of {count(tokens['limit'])}, cut {count(tokens['cut'])}"},
                {"Limiter": "cost", "Refused": count(cost["refused"]),
                 "Figures": f"settled {money(cost['settled_usd'])}: known bills {money(run['cost_known_usd'])} and "
                            f"reservations held {money(run['cost_reserved_usd'])}" + late +
                            (f"; refused by reservations of calls in flight: {count(by_reservation)}" if by_reservation
                             else "")}]

    def budget(self):
        return [{"Window": one["window"], "Begins": one["begin"][:10], "Spent": money(one["settled_usd"]),
                 "Reserved": money(one["reserved_usd"]), "At most": money(one["reserved_max_usd"]),
                 "Limit": money(one["limit_usd"]),
                 "Alerts": count(one["alerts_fired"]) + (", the last at a refusal" if one["alert_by_refusal"] else "")}
                for one in self.run["cost_limiter"]["windows"]]


def compare_page(compared, text, run, history, time, start_is_given):
    compared.tree("report.html", read_page(text), Page(run, history, time, start_is_given).document())
