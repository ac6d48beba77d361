"""The figures of a run as a whole, recounted from its events, in the shape of summary.json."""

import math
from collections import Counter, OrderedDict
from datetime import datetime, timezone
from fractions import Fraction

from comparison import Near, decimal, exact, four_digits, share
from history import ANSWERED, FAILED, KINDS, OUTCOMES, REFUSED, REPLIES
from intervals import intervals

DAY = 86_400 * 10**9
ALERTS = {800_000: "alert_80", 900_000: "alert_90", 950_000: "alert_95", 1_000_000: "alert_100"}
# What chi-square exceeds with a chance of 0.001, by degrees of freedom, from a printed table.
CHI_SQUARE_OF_1_IN_1000 = {1: Fraction("10.828"), 2: Fraction("13.816"), 3: Fraction("16.266")}
OF_OUTCOME = {"cache_hit": "cache_hit", "stale_hit": "stale_hit", "refused_rate": "rate_refused",
              "refused_tokens": "token_refused", "refused_budget": "budget_refused",
              "deadline_exceeded": "deadline_exceeded"}


def utc(ns):
    return datetime.fromtimestamp(ns // 10**9, timezone.utc)


def iso(ns):
    return utc(ns).strftime("%Y-%m-%dT%H:%M:%S") + f".{ns % 10**9 // 1000:06}Z"


def begin_of_day(wall):
    return wall - wall % DAY


def begin_of_month(wall):
    return int(utc(wall).replace(day=1, hour=0, minute=0, second=0).timestamp()) * 10**9


def durations(values):
    """In nanoseconds, as a summary shows them."""
    values = sorted(values)
    if not values:
        return {"count": 0, **dict.fromkeys(("min", "avg", "p50", "p95", "p99", "max"))}
    ranked = {f"p{percent}": Near(values[max(math.ceil(len(values) * percent / 100), 1) - 1]) for percent in (50, 95, 99)}
    return {"count": len(values), "min": decimal(values[0], 6), "max": decimal(values[-1], 6),
            "avg": decimal(sum(values) // len(values), 6), **ranked}


def tokens(usages):
    sums = [sum(of_one) for of_one in zip([0] * 5, *usages)]
    return {"input": sums[0], "output": sums[1], "total": sums[0] + sums[1],
            **({"kinds": dict(zip(KINDS, sums[2:]))} if any(sums[2:]) else {})}


def costs(billed, known, held):
    return {"cost_usd": exact(billed, 12), "cost_known_usd": exact(known, 12), "cost_reserved_usd": exact(held, 12)}


def requests(records):
    outcomes = Counter(record.outcome for record in records)
    answered, refused = (sum(outcomes[one] for one in names) for names in (ANSWERED, REFUSED))
    served = [record for record in records if record.outcome == "served"]
    return {"requests": len(records), "answered": answered, "refused": refused,
            "failed": sum(outcomes[one] for one in FAILED), "success_rate": share(answered, len(records)),
            "outcomes": {one: outcomes[one] for one in OUTCOMES},
            "attempts": sum(len(record.calls) for record in records),
            "failed_over": sum(record.failovers > 0 for record in records),
            "tokens": tokens(record.usage for record in served),
            **costs(*(sum(getattr(record, kind) for record in records) for kind in ("billed", "known", "held"))),
            "latency_ms": durations(record.latency for record in records if record.outcome in ANSWERED),
            "ttft_ms": durations(record.first_token for record in served)}


def breaker(history, place):
    """The end of the breaker: its state by the model, what happened to it by the events."""
    model = history.breakers[place]
    moves = [move for move in history.of("moved") if move.p == place]
    to = Counter(move.to for move in moves)
    opened = [move.t for move in moves if move.to == "open"]
    return {"state": model.state, "failures": model.failures, "successes": model.calls - model.failures,
            "error_rate": share(model.failures, model.calls), "consecutive_failures": model.consecutive,
            "opened_at_s": decimal(opened[-1], 9) if opened and model.state != "closed" else None,
            "epoch": model.epoch, "opened": to["open"], "half_opened": to["half_open"], "closed": to["closed"],
            "late_results": sum(call.late for call in history.of("ended") if call.p == place)}


def provider(history, place):
    calls = [call for call in history.of("ended") if call.p == place]
    bills = [bill for bill in history.of("billed") if bill.p == place]
    replies = Counter(call.kind for call in calls)
    errors = len(calls) - replies["ok"]
    billed = sum(bill.billed for bill in bills)
    billed_known = sum(bill.billed for bill in bills if bill.known)
    return {"name": history.providers[place].name, "model": history.providers[place].model, "calls": len(calls),
            "errors": errors, "error_rate": share(errors, len(calls)),
            "replies": {one: replies[one] for one in REPLIES},
            "tokens": tokens(call.usage for call in calls if call.usage),
            **costs(billed, sum(call.settled for call in calls if call.usage),
                    sum(call.settled for call in calls if not call.usage)),
            "latency_ms": durations(call.latency for call in calls if call.kind == "ok"),
            "circuit_breaker": breaker(history, place),
            "ledger": {"calls": len(bills), "billed_usd": exact(billed, 12), "billed_known_usd": exact(billed_known, 12),
                       "tokens": tokens(bill.usage for bill in bills)}}


def mean(values):
    values = list(values)
    return Fraction(sum(values), len(values)) if values else None


def means(records):
    """The share of answers, the latency in milliseconds and the cost in dollars of a request."""
    latency = mean(record.latency for record in records if record.outcome in ANSWERED)
    cost = mean(record.billed for record in records)
    return {"success_rate": mean(int(record.outcome in ANSWERED) for record in records),
            "latency_mean_ms": latency and latency / 10**6, "cost_mean_usd": cost and cost / 10**12}


def shown_means(history):
    """The means of each variant to four significant digits."""
    arms = [means([record for record in history.records if record.variant == i]) for i in range(len(history.variants))]
    return [{key: None if value is None else four_digits(value) for key, value in arm.items()} for arm in arms]


def against(one, first, of_arm):
    return {key: None if one[key] is None or first[key] is None else
            {"difference": four_digits(one[key] - first[key]), **of_arm[key]} for key in one}


def sample_ratio(units, weights):
    used = [(n, weight) for n, weight in zip(units, weights) if weight]
    expected = [Fraction(sum(n for n, _ in used) * weight, sum(weight for _, weight in used)) for _, weight in used]
    known = len(used) > 1 and min(expected) >= 5
    chi = sum((n - wanted) ** 2 / wanted for (n, _), wanted in zip(used, expected)) if known else None
    return {"units": units, "chi_square": four_digits(chi) if known else None,
            "mismatch": chi > CHI_SQUARE_OF_1_IN_1000[len(used) - 1] if known else None,
            "degrees_of_freedom": len(used) - 1 if known else 0}


def experiment(history):
    if not history.variants:
        return None
    arms = [[record for record in history.records if record.variant == i] for i in range(len(history.variants))]
    units, seen = [0] * len(arms), set()
    for record in history.records:
        if record.variant is not None and record.user not in seen:
            seen.add(record.user)
            units[record.variant] += 1
    averages = [means(records) for records in arms]
    return {"id": history.limits.experiment,
            "variants": [{"id": arm.id, "provider": history.providers[arm.provider].name, "weight": arm.weight,
                          **requests(records)} for arm, records in zip(history.variants, arms)],
            "against_first": [{"id": arm.id, **against(one, averages[0], intervals(history, place))}
                              for place, (arm, one) in enumerate(zip(history.variants[1:], averages[1:]), 1)],
            "sample_ratio": sample_ratio(units, [arm.weight for arm in history.variants])}


def by_workload(history):
    """The records of each workload, and of each pair of versions in the order in which the file names it."""
    workloads = [[record for record in history.records if record.workload == i + 1] for i in range(len(history.workloads))]
    versions = OrderedDict()
    for workload, records in zip(history.workloads, workloads):
        versions.setdefault((workload.feature, workload.prompt), []).extend(records)
    return workloads, versions


class Budget:
    """The accounts of months and days, from reservations and settlements."""

    def __init__(self, history):
        self.settled, self.reserved, self.reserved_max = Counter(), Counter(), Counter()
        self.held = {}      # by request: what it holds, and of which windows
        self.current = {}   # by "is a day": its begin
        if history.run.month_spent:
            self.settled[(False, begin_of_month(history.run.start))] = history.run.month_spent

    def on(self, event):
        if event.c == "budget" and event.kind == "budget_window_opened":
            self.current[event.daily] = event.begin
        elif event.c == "reserved":
            if event.r not in self.held:
                windows = ((False, begin_of_month(event.wall)), (True, begin_of_day(event.wall)))
                self.held[event.r] = (0, windows)
                self.current.update(windows)
            self.hold(event.r, event.amount)
        elif event.c in ("ended", "released"):
            self.hold(event.r, 0)
            if event.c == "ended":
                for window in self.held[event.r][1]:
                    self.settled[window] += event.settled
        elif event.c == "learned":
            for window in self.held[event.r][1]:
                self.settled[window] += event.billed - event.settled

    def hold(self, request, amount):
        before, windows = self.held[request]
        self.held[request] = (amount, windows)
        for window in windows:
            self.reserved[window] += amount - before
            self.reserved_max[window] = max(self.reserved_max[window], self.reserved[window])

    def now(self, account, daily):
        return account[(daily, self.current[daily])] if daily in self.current else 0


class CacheCount:
    """The entries of the cache, from what was stored and served."""

    def __init__(self, settings):
        self.capacity, self.ttl = settings.capacity, settings.ttl
        self.lifetime = settings.ttl + settings.stale
        self.by_use, self.by_age, self.evictions = OrderedDict(), OrderedDict(), 0

    def on(self, event):
        if event.c == "cached":
            self.by_use.move_to_end(event.key)
        elif event.c == "stored":
            if event.key in self.by_use:
                self.drop(event.key)
            else:
                self.make_room(event.t)
            self.by_use[event.key] = self.by_age[event.key] = event.t

    def make_room(self, now):
        """For a new answer: those that are of no more use go, and if all places are taken the one that was used least lately."""
        while self.by_age and now - next(iter(self.by_age.values())) >= self.lifetime:
            self.drop(next(iter(self.by_age)))
        if len(self.by_use) == self.capacity:
            self.drop(next(iter(self.by_use)))
            self.evictions += 1

    def drop(self, key):
        del self.by_use[key], self.by_age[key]

    def fresh(self, now):
        expired = 0
        for stored in self.by_age.values():
            if now - stored < self.ttl:
                break
            expired += 1
        return len(self.by_age) - expired


def is_refused_by_reservation(history, record, budget, permits):
    """Whether it would have been admitted if nothing else had been reserved. On its arrival a request asks for the dearest
    bill that it may have, and after a call for that of the provider whose breaker has just admitted it."""
    last = budget.held.get(record.r)
    windows = last[1] if last else tuple(budget.current.items())
    asked = [history.providers[permits[record.r]]] if last else history.providers
    grant, has_kinds = history.requests[record.r].grant, history.workloads[record.workload - 1].kinds
    dearest = lambda price, *kinds: max(price, *(kind or 0 for kind in kinds)) if has_kinds else price
    worst = max(record.asked * dearest(one.input, *one.kinds[:2]) + grant * dearest(one.output, one.kinds[2]) for one in asked)
    limits = {False: history.limits.monthly, True: history.limits.daily}
    return all(limits[window[0]] is None or 0 < limits[window[0]] >= budget.settled[window] + worst for window in windows)


def cost_limiter(history):
    budget, permits, by_reservation = Budget(history), {}, 0
    for event in history.events:
        budget.on(event)
        if event.c == "permit" and event.admitted:
            permits[event.r] = event.p
        elif event.c == "record" and event.outcome == "refused_budget":
            by_reservation += is_refused_by_reservation(history, event, budget, permits)
    limits = {False: history.limits.monthly, True: history.limits.daily}
    windows = []
    for daily in (False, True):
        if daily not in budget.current:
            continue
        key = (daily, budget.current[daily])
        told = [event for event in history.of("budget") if (event.daily, event.begin) == key]
        alerts = [event for event in told if event.kind == "budget_alert"]
        windows.append({"window": "day" if daily else "month", "begin": iso(key[1]),
                        "settled_usd": exact(budget.settled[key], 12), "reserved_usd": exact(budget.reserved[key], 12),
                        "reserved_max_usd": exact(budget.reserved_max[key], 12),
                        "limit_usd": None if limits[daily] is None else exact(limits[daily], 12),
                        "alerts_fired": len(alerts), "alert_by_refusal": bool(alerts and alerts[-1].by_refusal),
                        "refused": any(event.kind == "budget_refused" for event in told)})
    calls, late = history.of("ended"), history.of("learned")
    held, billed = (sum(getattr(one, which) for one in late) for which in ("settled", "billed"))
    late_usage = {"calls": len(late), "settled_usd": exact(held, 12), "billed_usd": exact(billed, 12)}
    return {"monthly_usd": None if limits[False] is None else exact(limits[False], 12),
            "daily_usd": None if limits[True] is None else exact(limits[True], 12),
            "settled_usd": exact(sum(call.settled for call in calls) + billed - held, 12),
            **({"late_usage": late_usage} if late else {}),
            "refused": sum(record.outcome == "refused_budget" for record in history.records),
            "refused_by_reservation": by_reservation, "overruns": sum(call.settled > call.reserved for call in calls), "windows": windows}


def cache(history):
    count = CacheCount(history.cache)
    for event in history.events:
        count.on(event)
    outcomes = Counter(record.outcome for record in history.records)
    hits = outcomes["cache_hit"]
    asked = sum(history.requests[record.r].admitted for record in history.records) if history.cache.is_on else 0
    return {"entries_held": len(count.by_use), "entries_fresh": count.fresh(history.end.t),
            "capacity": history.cache.capacity, "hits": hits, "misses": asked - hits, "hit_rate": share(hits, asked),
            "stale_hits": outcomes["stale_hit"], "evictions": count.evictions}


def coverage(history):
    count = Counter()
    states = ["closed"] * len(history.providers)
    for move in history.of("moved"):
        states[move.p] = move.to
        count["breaker_half_open"] += move.to == "half_open"
        count["breaker_opened"] += move.to == "open"
        count["probe_failed"] += move.to == "open" and move.from_ == "half_open"
        count["both_open"] += move.to == "open" and set(states) == {"open"}
    for call in history.of("ended"):
        count[call.kind] += 1
        count["late_result"] += call.late
        count["late_result_while_not_open"] += call.late and call.before != "open"
    for record in history.records:
        places = [call.p for call in record.calls]
        count["retry"] += sum(one == other for one, other in zip(places, places[1:]))
        count["failover"] += record.failovers > 0
        count[OF_OUTCOME.get(record.outcome)] += 1
    for event in history.of("budget"):
        count[event.kind == "budget_alert" and ALERTS.get(event.share)] += 1
    count["retry_after_obeyed"] = len(history.of("cooling"))
    count["ttl_edge_hit"] = len(history.of("edge"))
    count["tie_in_time"] = history.end.ties
    names = ["breaker_opened", "breaker_half_open", "probe_failed", "both_open", "late_result",
             "late_result_while_not_open", "retry", "failover", "retry_after_obeyed", "timeout", "malformed", "truncated",
             "deadline_exceeded", "rate_refused", "token_refused", "budget_refused", "cache_hit", "stale_hit",
             "ttl_edge_hit", *ALERTS.values(), "tie_in_time"]
    least = {one.name: one.least for one in history.leasts}
    return {name: {"count": count[name], "required": least.get(name)} for name in names}


def touched(history, place):
    """Calls that began where and while the fault acted; it is one that touches all of them."""
    setting, acts, begun = history.fault_settings[place], False, 0
    for event in history.of("fault", "started"):
        if event.c == "fault" and event.fault == place:
            acts = event.active
        elif event.c == "started" and acts:
            begun += not setting.providers or history.providers[event.p].name in setting.providers
    return begun


def fault(history, place):
    setting = history.fault_settings[place]
    figures = {"id": setting.id, "kind": setting.kind, "min_affected": setting.least,
               "phases": sum(event.active and event.fault == place for event in history.of("fault"))}
    if setting.kind == "brownout":
        return figures
    figures["affected"] = sum(event.fault == place for event in history.of("hit"))
    if setting.kind == "wall_clock_step":
        figures["touched"] = figures["affected"] = figures["phases"]
    elif setting.fraction == 1 and setting.ramp == 0:
        figures["touched"] = touched(history, place)
    return figures


def in_flight_most(history):
    now = most = 0
    for event in history.of("arrived", "record"):
        now += 1 if event.c == "arrived" else -1
        most = max(most, now)
    return most


def token_limiter(history):
    served = [record for record in history.records if record.outcome == "served"]
    total = sum(record.input + record.output for record in served)
    return {"mode": history.limiters.mode, "limit": history.limiters.limit, "settled_requests": len(served),
            "settled_tokens": total, "average": share(total, len(served)),
            "cut": sum(grant.output < grant.asked for grant in history.of("granted")),
            "refused": sum(record.outcome == "refused_tokens" for record in history.records)}


def routes_of(history):
    """The routes in file order; none in a world without routes."""
    return [one.name for one in history.routes]


def of_route(history, route):
    return [record for record in history.records if history.workloads[record.workload - 1].route == route]


def client(history, place):
    """What callers who try again got. An answer is unread if its wish had ended, or tried again, before it came."""
    tries = [one for one in history.of("try") if one.workload == place]
    ends = [one.how for one in history.of("wish") if one.workload == place]
    of_tries = {one.r for one in tries}
    records = [record for record in history.records if record.r in of_tries]
    wishes = sum(one.number == 1 for one in tries)
    answers = sum(record.outcome in ANSWERED for record in records)
    calls = sum(len(record.calls) for record in records)
    return {"name": history.workloads[place].name, "wishes": wishes, "answered": ends.count("answered"),
            "failed": ends.count("failed"), "left": ends.count("left"), "tries": len(tries),
            "unread": answers - ends.count("answered"), "calls": calls, "amplification": share(calls, wishes)}


def summary(history):
    calls, bills = history.of("ended"), history.of("billed")
    billed = sum(bill.billed for bill in bills)
    billed_known = sum(bill.billed for bill in bills if bill.known)
    workloads, versions = by_workload(history)
    name = lambda text: text or None
    return {
        "windtunnel_summary": 2, "scenario": {"file": history.run.file, "title": history.run.title},
        "seed": history.run.seed, "digest": history.end.digest, "verdict": history.verdict.verdict,
        "ended_s": decimal(history.end.t, 9), "stopped": False, "events": history.end.events,
        "arrivals": len(history.requests), "in_flight": len(history.requests) - len(history.records),
        "in_flight_max": in_flight_most(history), "calls": len(calls),
        **costs(billed, sum(call.settled for call in calls if call.usage),
                sum(call.settled for call in calls if not call.usage)),
        "ledger": {"billed_usd": exact(billed, 12), "billed_known_usd": exact(billed_known, 12)},
        "users": requests(history.records),
        "providers": [provider(history, i) for i in range(len(history.providers))],
        "experiment": experiment(history),
        "workloads": [{"name": workload.name, "feature_version": name(workload.feature),
                       "prompt_version": name(workload.prompt), **requests(records)}
                      for workload, records in zip(history.workloads, workloads)],
        "versions": [{"feature_version": name(feature), "prompt_version": name(prompt), **requests(records)}
                     for (feature, prompt), records in versions.items()],
        "routes": [{"name": route, **requests(of_route(history, route))} for route in routes_of(history)],
        "clients": [client(history, place) for place, one in enumerate(history.workloads) if one.client],
        "rate_limiter": {"refused": sum(record.outcome == "refused_rate" for record in history.records)},
        "token_limiter": token_limiter(history), "cost_limiter": cost_limiter(history), "cache": cache(history),
        "faults": [fault(history, i) for i in range(len(history.fault_settings))], "coverage": coverage(history),
        "checks": history.verdict.checks, "notes": history.verdict.notes,
        "findings": [{"kind": one.kind, "id": one.id, "verdict": one.verdict, "claim": one.claim, "reason": one.reason,
                      "value": one.value, "unit": one.unit, "at_s": decimal(one.at, 9), "request": one.request,
                      "origin": {"file": one.file, "line": one.line, "column": one.column, "pointer": one.pointer}
                      if one.line else None} for one in history.findings]}
