"""A run over time, recounted from its events, in the shape of timeline.json.

A step holds what happened before its end and not before its begin; the last one holds all that is left. Its width and
the number of steps are a choice of the program and are taken from it.
"""

import math
from collections import Counter

from comparison import decimal
from history import ANSWERED, KINDS, NUMBER_OF_STATE, OUTCOMES, REPLIES
from totals import Budget, CacheCount, iso, of_route

DURATION_EDGES = (100, 250, 500, 750, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10000, 15000, 20000, 30000, 60000)
TOKEN_EDGES = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)


def bin_of(value, edges):
    for edge in edges:
        if value <= edge:
            return edge
    return None


class Steps:
    """Sums by step of what is added at instants."""

    def __init__(self, width, count):
        self.width, self.count = width, count

    def of(self, instant):
        return min(instant // self.width, self.count - 1)

    def end(self, step, ended):
        return ended if step + 1 == self.count else (step + 1) * self.width

    def sums(self, added):
        values = [0] * self.count
        for instant, amount in added:
            values[self.of(instant)] += amount
        return values

    def counts(self, instants):
        return self.sums((instant, 1) for instant in instants)


class OverTime:
    def __init__(self, history, width, view_steps):
        self.history = history
        # What happens at the very end of a step opens the next one, also at the end of the run.
        last = max((event.t for event in history.events), default=0)
        self.steps = Steps(width, max(1, math.ceil(history.end.t / width), last // width + 1))
        self.view_steps = view_steps
        self.views = math.ceil(self.steps.count / view_steps)
        self.series = self.all_series()

    # --- Pieces ---------------------------------------------------------------------------------------------------

    def durations(self, pairs):
        """Of pairs of an instant and a duration."""
        pairs = list(pairs)
        bins = {edge: [] for edge in (*DURATION_EDGES, None)}
        for instant, duration in pairs:
            bins[bin_of(-(-duration // 10**6), DURATION_EDGES)].append(instant)
        series = {f"le_{edge}_ms" if edge else "beyond": self.steps.counts(at) for edge, at in bins.items()}
        return {**series, "sum_ns": self.steps.sums(pairs)}

    def token_bins(self, pairs):
        bins = {edge: [] for edge in (*TOKEN_EDGES, None)}
        for instant, count in pairs:
            bins[bin_of(count, TOKEN_EDGES)].append(instant)
        return {f"le_{edge}" if edge else "beyond": self.steps.counts(at) for edge, at in bins.items()}

    def quantiles(self, pairs):
        views = [[] for _ in range(self.views)]
        for instant, duration in pairs:
            views[self.steps.of(instant) // self.view_steps].append(duration)
        for view in views:
            view.sort()
        rank = lambda view, percent: view[math.ceil(len(view) * percent / 100) - 1] if view else 0
        return {"count": [len(view) for view in views],
                **{f"p{percent}_ns": [rank(view, percent) for view in views] for percent in (50, 95, 99)}}

    def levels(self, changes):
        """A gauge as it stands at the end of each step: the sum of all changes before."""
        values, level = [], 0
        for change in self.steps.sums(changes):
            level += change
            values.append(level)
        return values

    def kinds(self, usages):
        """The tokens that providers price apart, where the run has any."""
        usages = list(usages)
        return {f"{kind}_tokens": self.steps.sums((at, usage[place]) for at, usage in usages)
                for place, kind in enumerate(KINDS, 2)} if self.history.has_kinds() else {}

    def requests(self, records):
        ends = lambda value: self.steps.sums((record.t, value(record)) for record in records)
        served = [record for record in records if record.outcome == "served"]
        return {
            "outcomes": {one: self.steps.counts(record.t for record in records if record.outcome == one)
                         for one in OUTCOMES},
            "attempts": ends(lambda record: len(record.calls)), "failed_over": ends(lambda record: record.failovers > 0),
            "input_tokens": self.steps.sums((record.t, record.input) for record in served),
            "output_tokens": self.steps.sums((record.t, record.output) for record in served),
            **self.kinds((record.t, record.usage) for record in served),
            "cost_picos": ends(lambda record: record.billed), "cost_known_picos": ends(lambda record: record.known),
            "cost_reserved_picos": ends(lambda record: record.held),
            "latency": self.durations((record.t, record.latency) for record in records if record.outcome in ANSWERED),
            "time_to_first_token": self.durations((record.t, record.first_token) for record in served)}

    def states(self, place):
        """(instant, state) from the start on."""
        return [(0, "closed"), *((move.t, move.to) for move in self.history.of("moved") if move.p == place)]

    def time_in(self, place, wanted):
        values = [0] * self.steps.count
        moves = self.states(place)
        for (begin, state), (end, _) in zip(moves, [*moves[1:], (self.history.end.t, None)]):
            while state == wanted and begin < end:
                step = self.steps.of(begin)
                until = min(end, self.steps.end(step, self.history.end.t))
                values[step] += until - begin
                begin = until
        return values

    def state(self, place):
        values, moves = [], self.states(place)
        for step in range(self.steps.count):
            before = [state for at, state in moves if self.steps.of(at) <= step]
            values.append(NUMBER_OF_STATE[before[-1]])
        return values

    def provider(self, place):
        mine = lambda *names: [event for event in self.history.of(*names) if event.p == place]
        calls = mine("ended")
        known = [call for call in calls if call.usage]
        counted = [call for call in known if call.usage[0] > 0]
        good = [call for call in calls if call.kind == "ok"]
        sums, counts = self.steps.sums, self.steps.counts
        to = {state: counts(move.t for move in mine("moved") if move.to == state) for state in NUMBER_OF_STATE}
        return {
            "replies": {one: counts(call.t for call in calls if call.kind == one) for one in REPLIES},
            "input_tokens": sums((call.t, call.usage[0]) for call in known),
            "output_tokens": sums((call.t, call.usage[1]) for call in known),
            **self.kinds((call.t, call.usage) for call in known),
            "cost_picos": sums((bill.t, bill.billed) for bill in mine("billed")),
            "cost_known_picos": sums((bill.t, bill.billed) for bill in mine("billed") if bill.known),
            "cost_reserved_picos": sums((call.t, call.settled) for call in calls if not call.usage),
            "input_tokens_per_call": self.token_bins((call.t, call.usage[0]) for call in counted),
            "output_tokens_per_call": self.token_bins((call.t, call.usage[1]) for call in counted),
            "latency": self.durations((call.t, call.latency) for call in good),
            "failed_latency": self.durations((call.t, call.latency) for call in calls if call.kind != "ok"),
            "time_to_first_token": self.durations((call.t, call.ttft) for call in good),
            "latency_quantiles": self.quantiles((call.t, call.latency) for call in good),
            "late_results": counts(call.t for call in calls if call.late),
            "not_permitted": counts(permit.t for permit in mine("permit") if not permit.admitted),
            "cooling_skips": counts(skip.t for skip in mine("cooling")),
            "in_flight": self.levels((event.t, 1 if event.c == "started" else -1) for event in mine("started", "ended")),
            "opened": to["open"], "half_opened": to["half_open"], "closed": to["closed"], "state": self.state(place),
            "open_ns": self.time_in(place, "open"), "half_open_ns": self.time_in(place, "half_open")}

    def in_flight_max(self):
        """The most within each step, those included that were in flight when it began."""
        values, now, most, step = [], 0, 0, 0
        for event in self.history.of("arrived", "record"):
            while self.steps.of(event.t) > step:
                values.append(most)
                most, step = now, step + 1
            now += 1 if event.c == "arrived" else -1
            most = max(most, now)
        values.append(most)
        return values + [now] * (self.steps.count - len(values))

    def gauges(self):
        """What the limiter and the cache hold at the end of each step."""
        names = ("month_settled_picos", "month_reserved_picos", "day_settled_picos", "day_reserved_picos",
                 "cache_entries_held", "cache_entries_fresh")
        series = {name: [] for name in names}
        budget, cache, step = Budget(self.history), CacheCount(self.history.cache), 0

        def close():
            accounts = [budget.now(account, daily) for daily in (False, True) for account in (budget.settled, budget.reserved)]
            end = self.steps.end(step, self.history.end.t)
            for name, value in zip(names, (*accounts, len(cache.by_use), cache.fresh(end))):
                series[name].append(value)

        for event in self.history.events:
            while self.steps.of(event.t) > step:
                close()
                step += 1
            budget.on(event)
            cache.on(event)
        for step in range(step, self.steps.count):
            close()
        return series

    # --- The whole ------------------------------------------------------------------------------------------------

    def all_series(self):
        history = self.history
        records, calls = history.records, history.of("ended")
        answered = [record for record in records if record.outcome in ANSWERED]
        counts = self.steps.counts
        by_version = {}
        for workload in history.workloads:
            by_version.setdefault((workload.feature, workload.prompt), [])
        for record in records:
            workload = history.workloads[record.workload - 1]
            by_version[(workload.feature, workload.prompt)].append(record)
        return {
            "arrivals": counts(event.t for event in history.of("arrived")),
            "in_flight": self.levels((event.t, 1 if event.c == "arrived" else -1)
                                     for event in history.of("arrived", "record")),
            "in_flight_max": self.in_flight_max(), **self.gauges(),
            "latency_quantiles": self.quantiles((record.t, record.latency) for record in answered),
            "requests": self.requests(records),
            "grants_cut": counts(grant.t for grant in history.of("granted") if grant.output < grant.asked),
            "overruns": counts(call.t for call in calls if call.settled > call.reserved),
            "variants": [self.requests([record for record in records if record.variant == i])
                         for i in range(len(history.variants))],
            "versions": [self.requests(of_version) for of_version in by_version.values()],
            **({"routes": [self.requests(of_route(history, one.name)) for one in history.routes]} if history.routes else {}),
            "providers": [self.provider(i) for i in range(len(history.providers))]}

    def phases(self, place):
        phases = []
        for event in self.history.of("fault"):
            if event.fault != place:
                continue
            acts = bool(phases) and phases[-1][1] is None
            if event.active and not acts:
                phases.append([event.t, None])
            elif acts and not event.active:
                phases[-1][1] = event.t
        return phases

    def document(self):
        history, moves, budget = self.history, self.history.of("moved"), self.history.of("budget")
        routes = Counter((record.assigned, record.answered, record.outcome) for record in history.records)
        order = lambda route: [len(history.providers) if place is None else place for place in route[:2]]
        versions = dict.fromkeys((workload.feature, workload.prompt) for workload in history.workloads)
        return {
            "windtunnel_timeline": 2, "scenario": {"file": history.run.file, "title": history.run.title},
            "seed": history.run.seed, "digest": history.end.digest, "start": iso(history.run.start),
            "start_unix_ns": history.run.start, "duration_ns": history.run.duration, "ended_ns": history.end.t,
            **({"has_token_kinds": True} if history.has_kinds() else {}), "stopped": False, "steps": self.steps.count, "duration_edges_ms": list(DURATION_EDGES),
            "providers": [{"name": one.name, "model": one.model} for one in history.providers],
            "experiment": history.limits.experiment or None,
            "variants": [{"id": one.id, "provider": one.provider} for one in history.variants],
            "versions": [{"feature_version": feature, "prompt_version": prompt} for feature, prompt in versions],
            **({"route_names": [one.name for one in history.routes]} if history.routes else {}),
            "limits": {"alerts_millionths": history.limits.alerts, "monthly_picos": history.limits.monthly,
                       "daily_picos": history.limits.daily},
            "faults": [{"id": one.id, "kind": one.kind, "providers": one.providers, "phases_ns": self.phases(i),
                        "phases_total": len(self.phases(i))} for i, one in enumerate(history.fault_settings)],
            "transitions_total": len(moves),
            "transitions": [{"at_ns": move.t, "provider": move.p, "from": move.from_, "to": move.to, "rule": move.rule}
                            for move in moves],
            "budget_total": len(budget),
            "budget": [{"at_ns": one.t, "kind": one.kind, "window": "day" if one.daily else "month",
                        "window_begin_unix_ns": one.begin, "share_millionths": one.share, "spent_picos": one.spent,
                        "reserved_picos": one.reserved, "limit_picos": one.limit, "by_refusal": one.by_refusal}
                       for one in budget],
            "routes": [{"assigned": route[0], "answered_by": route[1], "outcome": route[2], "requests": count}
                       for route, count in sorted(routes.items(), key=lambda item: (*order(item[0]),
                                                                                    OUTCOMES.index(item[0][2])))],
            "series": self.series}


def padded(shown, wanted):
    """The document with zeros where a series is shorter than the run."""
    if isinstance(shown, dict) and isinstance(wanted, dict):
        return {key: padded(value, wanted.get(key)) for key, value in shown.items()}
    if isinstance(shown, list) and isinstance(wanted, list) and all(isinstance(one, int) for one in shown):
        return shown + [0] * (len(wanted) - len(shown))
    if isinstance(shown, list) and isinstance(wanted, list) and len(shown) == len(wanted):
        return [padded(one, other) for one, other in zip(shown, wanted)]
    return shown
