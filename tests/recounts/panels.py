"""The panels of a report's page, as a recount says they must be: their tables, and what the charts draw by view."""

from fractions import Fraction

from comparison import decimal, exact, rounded
from history import ANSWERED, FAILED, OUTCOMES, REFUSED
from phrases import thousands
from totals import utc

ROWS = 40
STATES = ("closed", "half_open", "open")
# What becomes of the requests of a route.
PARTS = {"answered": ANSWERED, "refused by a limiter": REFUSED, "not answered": FAILED}


class Panels:
    def __init__(self, history, time, start_is_given):
        self.history, self.time, self.start_is_given = history, time, start_is_given
        self.view = time.steps.width * time.view_steps
        self.group = max(1, -(-time.views // ROWS))

    def by_view(self, series, combine):
        size = self.time.view_steps
        return [combine(series[i : i + size]) for i in range(0, len(series), size)]

    def sums(self, *all_series):
        return self.by_view([sum(values) for values in zip(*all_series)] or [0] * self.time.steps.count, sum)

    def last(self, series):
        return self.by_view(series, lambda values: values[-1])

    def by_row(self, views, combine):
        return [combine(views[i : i + self.group]) for i in range(0, len(views), self.group)]

    def billed(self):
        """In millionths of a dollar, since the start, at the end of each view."""
        so_far, values = 0, []
        for more in self.sums(*(one["cost_picos"] for one in self.time.series["providers"])):
            so_far += more
            values.append((so_far + 500_000) // 10**6)
        return values

    def worst_states(self, place):
        """The worst state that the breaker was in at any time of each row."""
        width = self.view * self.group
        rows = [0] * -(-self.time.views // self.group)
        moves = self.time.states(place)
        for (begin, state), (end, _) in zip(moves, [*moves[1:], (self.history.end.t, None)]):
            first, until = min(begin // width, len(rows) - 1), min(max(end - 1, begin) // width, len(rows) - 1)
            for row in range(first, until + 1):
                rows[row] = max(rows[row], STATES.index(state))
        return [("closed", "half-open", "open")[state] for state in rows]

    def rows(self, columns):
        """Of columns of texts; the first says when each begins."""
        width = self.view * self.group
        begins = []
        for row in range(-(-self.time.views // self.group)):
            begin = row * width
            if not self.start_is_given:
                begins.append(exact(begin, 9))
                continue
            text = utc(self.history.run.start + begin).strftime("%Y-%m-%d %H:%M:%S")
            milliseconds = (self.history.run.start + begin) % 10**9 // 10**6
            begins.append(text if begin % 10**9 == 0 else f"{text}.{milliseconds:03}")
        columns = {"From, UTC" if self.start_is_given else "From, s": begins, **columns}
        return [dict(zip(columns, cells)) for cells in zip(*columns.values())]

    def tables(self):
        series, names = self.time.series, [one.name for one in self.history.providers]
        outcomes, providers = series["requests"]["outcomes"], series["providers"]
        counts = lambda views, combine=sum: list(map(thousands, self.by_row(views, combine)))
        total = lambda *of: counts(self.sums(*of))
        parts = lambda some, whole: [f"{one} of {all_of_them}"
                                     for one, all_of_them in zip(total(*some), total(*whole))]
        answers = {name: total(one["replies"]["ok"]) for name, one in zip(names, providers)}
        answers |= {"the cache": total(outcomes["cache_hit"]), "the cache, stale": total(outcomes["stale_hit"]),
                    "refused by a limiter": total(*(outcomes[one] for one in REFUSED)),
                    "not answered": total(*(outcomes[one] for one in FAILED))}
        failed = {f"{name}: failed of its calls": parts([values for kind, values in one["replies"].items() if kind != "ok"],
                                                        one["replies"].values()) for name, one in zip(names, providers)}
        for route, one in zip(self.history.routes, series.get("routes", ())):
            failed[f"route {route.name}: failed of its requests"] = parts([one["outcomes"][kind] for kind in FAILED],
                                                                         one["outcomes"].values())
        failed["failed for callers, of their requests"] = parts([outcomes[one] for one in FAILED], outcomes.values())
        routes = {f"{route.name}: {words}": total(*(one["outcomes"][kind] for kind in kinds))
                  for route, one in zip(self.history.routes, series.get("routes", ())) for words, kinds in PARTS.items()}
        greatest = lambda views: self.by_row(views, max)
        latency = {f"p{percent}, worst bucket, ms":
                   [thousands((value + 500_000) // 10**6) for value in greatest(series["latency_quantiles"][f"p{percent}_ns"])]
                   for percent in (50, 95, 99)}
        in_flight = {"requests, at most": counts(self.by_view(series["in_flight_max"], max), max)}
        in_flight |= {f"{name}: calls, at most at a bucket's end": counts(self.last(one["in_flight"]), max)
                      for name, one in zip(names, providers)}
        ends = lambda views: self.by_row(views, lambda values: values[-1])
        spend = {"billed by the providers, USD": [f"{rounded(Fraction(value, 10**6), 4):.4f}" for value in ends(self.billed())]}
        for window in ("month", "day"):
            spend[f"as the budget counts, this {window}, USD"] = [
                f"{rounded(Fraction(value, 10**12), 4):.4f}" for value in ends(self.last(series[f"{window}_settled_picos"]))]
        came = {one: total(outcomes[one]) for one in OUTCOMES if any(outcomes[one])}
        lanes = {f"{name} (worst)": self.worst_states(i) for i, name in enumerate(names)}
        tables = {"requests": came, "answers": answers, "lanes": lanes, "failed-calls": failed, "latency": latency,
                  "in-flight": in_flight, "spend": spend, **({"routes": routes} if routes else {})}
        return {f"panel-{name}": self.rows(columns) for name, columns in tables.items()}

    def alerts(self):
        entries = []
        for one in self.history.of("budget"):
            if one.kind not in ("budget_alert", "budget_refused"):
                continue
            is_alert = one.kind == "budget_alert"
            label = f"{one.share // 10_000} %" if is_alert else "first refusal"
            label += ", refused" if one.by_refusal else ""
            label += "" if is_alert else f", {rounded(Fraction(one.reserved, 10**12), 2):.2f} USD reserved"
            entries.append({"at": decimal(one.t, 9), "kind": "alert" if is_alert else "refused",
                            "label": label + (" of the day" if one.daily else ""), "usd": decimal(one.spent, 12)})
        return entries

    def routes(self):
        parts = lambda one: {key: self.sums(*(one["outcomes"][kind] for kind in kinds))
                             for key, kinds in (("answered", ANSWERED), ("refused", REFUSED), ("failed", FAILED))}
        shown = [{"name": route.name, **parts(one)}
                 for route, one in zip(self.history.routes, self.time.series.get("routes", ()))]
        return {"routes": shown} if shown else {}

    def figures(self):
        """What the charts draw."""
        series, history = self.time.series, self.history
        outcomes = series["requests"]["outcomes"]
        quantiles = series["latency_quantiles"]
        micros = lambda values: [decimal((value + 500) // 1000, 3) for value in values]
        providers = []
        for place, (setting, one) in enumerate(zip(history.providers, series["providers"])):
            replies = one["replies"]
            providers.append({
                "name": setting.name, "calls": self.sums(*replies.values()), "answers": self.sums(replies["ok"]),
                "errors": self.sums(*(values for kind, values in replies.items() if kind != "ok")),
                "in_flight": self.last(one["in_flight"]),
                "lane": [[decimal(at, 9), state] for at, state in self.time.states(place)]})
        budget = {window: {"limit": decimal(limit, 12),
                           "settled": [(value + 500_000) // 10**6 for value in self.last(series[f"{window}_settled_picos"])]}
                  for window, limit in (("month", history.limits.monthly), ("day", history.limits.daily))}
        return {"view": decimal(self.view, 9), "views": self.time.views, "end": decimal(history.end.t, 9),
                "start_unix_ms": history.run.start // 10**6, "start_is_given": self.start_is_given,
                "outcomes": {one: self.sums(outcomes[one]) for one in OUTCOMES if any(outcomes[one])},
                "requests": self.sums(*outcomes.values()), "failed": self.sums(*(outcomes[one] for one in FAILED)),
                "latency": {"count": quantiles["count"],
                            **{f"p{percent}": micros(quantiles[f"p{percent}_ns"]) for percent in (50, 95, 99)}},
                "in_flight_max": self.by_view(series["in_flight_max"], max), "providers": providers,
                **self.routes(),
                "faults": [{"label": f"{one.id} · {one.kind.replace('_', ' ')}",
                            "phases": [[decimal(edge, 9) for edge in phase] for phase in self.time.phases(i)]}
                           for i, one in enumerate(history.fault_settings)],
                "billed_words": "billed by the providers", "billed": self.billed(), "budget": budget,
                "alerts": self.alerts()}
