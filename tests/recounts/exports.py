"""timeline.csv and openmetrics.txt against the series of a recount."""

import csv
import io
import re

from comparison import exact
from history import KINDS, NUMBER_OF_STATE, OUTCOMES, REPLIES
from over_time import DURATION_EDGES, TOKEN_EDGES
from totals import iso

ENDINGS = (("_ns", "_s", 9), ("_picos", "_usd", 12))


def columns(time):
    """(name, values, decimals) of each series, as timeline.csv names it; quantiles have a value for each view."""
    history = time.history
    versions = dict.fromkeys((workload.feature, workload.prompt) for workload in history.workloads)
    names = {"providers": [one.name for one in history.providers], "variants": [one.id for one in history.variants],
             "versions": ["/".join(one) for one in versions], "routes": [one.name for one in history.routes]}

    def flat(prefix, value, key=""):
        if isinstance(value, dict):
            for member in value:
                yield from flat(f"{prefix}{member}.", value[member], member)
        elif key in names:
            for name, one in zip(names[key], value):
                yield from flat(f"{prefix}{name}.", one)
        else:
            name, decimals = prefix[:-1], 0
            for ending, instead, places in ENDINGS:
                if name.endswith(ending):
                    name, decimals = name[: -len(ending)] + instead, places
            yield name, value, decimals

    yield from flat("", time.series)


def counts_of(time):
    """How many durations each group of quantiles is of, by the name of the group: of none there is no figure."""
    return {name.rsplit(".", 1)[0]: values for name, values, _ in columns(time) if name.endswith("_quantiles.count")}


def compare_csv(compared, text, time):
    rows = list(csv.reader(io.StringIO(text)))
    shown = dict(zip(rows[0], zip(*rows[1:])))
    compared.same("timeline.csv: columns, each once", len(rows[0]), len(shown))
    steps, ended, start = time.steps, time.history.end.t, time.history.run.start
    ends = [steps.end(step, ended) for step in range(steps.count)]
    wanted = {"time": [iso(start + end) for end in ends], "to_s": [exact(end, 9) for end in ends],
              "from_s": [exact(step * steps.width, 9) for step in range(steps.count)]}
    counts = counts_of(time)
    for name, values, decimals in columns(time):
        texts = [exact(value, decimals) for value in values]
        group = counts.get(name.rsplit(".", 1)[0])
        if group and not name.endswith(".count"):
            texts = [text if count else "" for text, count in zip(texts, group)]
        if "_quantiles." in name:
            last = [(step + 1) % time.view_steps == 0 or step + 1 == steps.count for step in range(steps.count)]
            texts = [texts[step // time.view_steps] if last[step] else "" for step in range(steps.count)]
        wanted[name] = texts
    compared.tree("timeline.csv", {name: list(values) for name, values in shown.items()}, wanted)


class Metrics:
    """What scrapes at equal intervals would have found: {(name, labels): values}."""

    def __init__(self, time, interval):
        self.time, self.interval = time, interval
        self.per_scrape = interval // time.steps.width
        self.scrapes = -(-time.steps.count // self.per_scrape) + 1
        self.samples = {}

    def put(self, name, values, decimals=0, **labels):
        key = (name, frozenset((label.rstrip("_"), value) for label, value in labels.items()))
        self.samples[key] = [exact(value, decimals) for value in values]

    def before(self, scrape):
        return min(scrape * self.per_scrape, self.time.steps.count)

    def sums(self, series):
        return [sum(series[: self.before(scrape)]) for scrape in range(self.scrapes)]

    def counter(self, name, series, decimals=0, **labels):
        self.put(name + "_total", self.sums(series), decimals, **labels)

    def gauge(self, name, series, decimals=0, **labels):
        levels = [series[self.before(scrape) - 1] if scrape else 0 for scrape in range(self.scrapes)]
        self.put(name, levels, decimals, **labels)
        return levels

    def histogram(self, name, bins, edges, total, decimals, **labels):
        below = [0] * self.scrapes
        for edge in (*edges, None):
            below = [one + more for one, more in zip(below, self.sums(bins[edge]))]
            self.put(name + "_bucket", below, le=edges[edge] if edge else "+Inf", **labels)
        self.put(name + "_count", below, **labels)
        self.put(name + "_sum", self.sums(total), decimals, **labels)

    def durations(self, name, series, **labels):
        bins = {edge: series[f"le_{edge}_ms"] for edge in DURATION_EDGES}
        edges = {edge: str(edge / 1000) for edge in DURATION_EDGES}
        self.histogram(name, {**bins, None: series["beyond"]}, edges, series["sum_ns"], 9, **labels)

    def tokens(self, name, series, total, **labels):
        bins = {edge: series[f"le_{edge}"] for edge in TOKEN_EDGES}
        edges = {edge: f"{edge}.0" for edge in TOKEN_EDGES}
        self.histogram(name, {**bins, None: series["beyond"]}, edges, total, 0, **labels)


def put_kinds(metrics, name, series, **labels):
    if metrics.time.history.has_kinds():
        for kind in KINDS:
            metrics.counter(name, series[f"{kind}_tokens"], kind=kind, **labels)


def put_requests(metrics):
    series = metrics.time.series
    requests = series["requests"]
    metrics.counter("windtunnel_arrivals", series["arrivals"])
    metrics.gauge("windtunnel_requests_in_flight", series["in_flight"])
    metrics.durations("windtunnel_request_duration_seconds", requests["latency"])
    metrics.durations("windtunnel_request_time_to_first_token_seconds", requests["time_to_first_token"])
    metrics.counter("windtunnel_request_attempts", requests["attempts"])
    metrics.counter("windtunnel_requests_failed_over", requests["failed_over"])
    metrics.counter("windtunnel_request_tokens", requests["input_tokens"], type="input")
    metrics.counter("windtunnel_request_tokens", requests["output_tokens"], type="output")
    put_kinds(metrics, "windtunnel_request_token_kinds", requests)
    metrics.counter("windtunnel_token_grants_cut", series["grants_cut"])
    for kind in ("cost", "cost_known", "cost_reserved"):
        metrics.counter(f"windtunnel_{kind}_usd", requests[f"{kind}_picos"], 12)
    for outcome in OUTCOMES:
        metrics.counter("windtunnel_requests", requests["outcomes"][outcome], outcome=outcome)


def put_group(metrics, name, requests, **labels):
    for outcome in OUTCOMES:
        metrics.counter(f"windtunnel_{name}_requests", requests["outcomes"][outcome], outcome=outcome, **labels)
    metrics.durations(f"windtunnel_{name}_request_duration_seconds", requests["latency"], **labels)
    metrics.counter(f"windtunnel_{name}_cost_usd", requests["cost_picos"], 12, **labels)


def put_provider(metrics, setting, series):
    name = setting.name
    for reply in REPLIES:
        metrics.counter("windtunnel_provider_calls", series["replies"][reply], provider=name, model=setting.model,
                        outcome=reply)
    metrics.gauge("windtunnel_provider_calls_in_flight", series["in_flight"], provider=name)
    for kind in ("cost", "cost_known", "cost_reserved"):
        metrics.counter(f"windtunnel_provider_{kind}_usd", series[f"{kind}_picos"], 12, provider=name)
    put_kinds(metrics, "windtunnel_provider_token_kinds", series, provider=name)
    metrics.counter("windtunnel_provider_late_results", series["late_results"], provider=name)
    metrics.counter("windtunnel_provider_retry_after_skips", series["cooling_skips"], provider=name)
    metrics.counter("windtunnel_breaker_refusals", series["not_permitted"], provider=name)
    metrics.counter("windtunnel_breaker_open_seconds", series["open_ns"], 9, provider=name)
    metrics.counter("windtunnel_breaker_half_open_seconds", series["half_open_ns"], 9, provider=name)
    for state, counted in (("open", "opened"), ("half_open", "half_opened"), ("closed", "closed")):
        metrics.counter("windtunnel_breaker_transitions", series[counted], provider=name, to=state)
    levels = metrics.gauge("state", series["state"])
    del metrics.samples[("state", frozenset())]
    for state, number in NUMBER_OF_STATE.items():
        metrics.put("windtunnel_breaker_state", [int(level == number) for level in levels], provider=name,
                    windtunnel_breaker_state=state)
    chat = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": name, "gen_ai_request_model": setting.model}
    metrics.durations("gen_ai_client_operation_duration_seconds", series["latency"], **chat)
    metrics.durations("gen_ai_client_operation_duration_seconds", series["failed_latency"], error_type="_OTHER", **chat)
    metrics.durations("gen_ai_server_time_to_first_token_seconds", series["time_to_first_token"], **chat)
    for kind in ("input", "output"):
        metrics.tokens("gen_ai_client_token_usage", series[f"{kind}_tokens_per_call"], series[f"{kind}_tokens"],
                       gen_ai_token_type=kind, **chat)


def put_budget(metrics):
    history, series = metrics.time.history, metrics.time.series
    for window, limit in (("month", history.limits.monthly), ("day", history.limits.daily)):
        metrics.gauge("windtunnel_budget_spent_usd", series[f"{window}_settled_picos"], 12, window=window)
        metrics.gauge("windtunnel_budget_reserved_usd", series[f"{window}_reserved_picos"], 12, window=window)
        if limit is None:
            continue
        metrics.put("windtunnel_budget_limit_usd", [limit] * metrics.scrapes, 12, window=window)
        for share in history.limits.alerts:
            fired = [event.t for event in history.of("budget") if event.kind == "budget_alert"
                     and event.daily == (window == "day") and event.share == share]
            metrics.counter("windtunnel_budget_alerts", metrics.time.steps.counts(fired), window=window,
                            share=exact(share, 6))
    metrics.counter("windtunnel_budget_overruns", series["overruns"])
    metrics.gauge("windtunnel_cache_entries_held", series["cache_entries_held"])
    metrics.gauge("windtunnel_cache_entries_fresh", series["cache_entries_fresh"])


def expected_metrics(time, interval):
    history, metrics = time.history, Metrics(time, interval)
    metrics.put("windtunnel_run_info", [1] * metrics.scrapes, scenario=history.run.file, title=history.run.title,
                seed=str(history.run.seed), digest=history.end.digest)
    put_requests(metrics)
    for arm, requests in zip(history.variants, time.series["variants"]):
        put_group(metrics, "variant", requests, experiment=history.limits.experiment, variant=arm.id)
    versions = dict.fromkeys((workload.feature, workload.prompt) for workload in history.workloads)
    for (feature, prompt), requests in zip(versions, time.series["versions"]):
        put_group(metrics, "version", requests, feature_version=feature, prompt_version=prompt)
    for route, requests in zip(history.routes, time.series.get("routes", ())):
        put_group(metrics, "route", requests, route=route.name)
    for setting, series in zip(history.providers, time.series["providers"]):
        put_provider(metrics, setting, series)
    put_budget(metrics)
    for place, setting in enumerate(history.fault_settings):
        acts = [any(begin <= at and (end is None or at < end) for begin, end in time.phases(place))
                for at in (scrape * interval for scrape in range(metrics.scrapes))]
        metrics.put("windtunnel_fault_active", map(int, acts), fault=setting.id, kind=setting.kind)
    return metrics


LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}


def compare_openmetrics(compared, text, time, interval):
    wanted = expected_metrics(time, interval)
    start, shown, keys = time.history.run.start // 10**6, {}, {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, value, at = line.rsplit(" ", 2)
        if name not in keys:
            labels = ((label, re.sub(r"\\.", lambda found: ESCAPES[found[0]], words)) for label, words in LABEL.findall(name))
            keys[name] = (name.split("{")[0], frozenset(labels))
        shown.setdefault(keys[name], []).append((value, at))
    ends = [exact(start + scrape * interval // 10**6, 3) for scrape in range(wanted.scrapes)]
    words = lambda key: key[0] + str(sorted(key[1]))
    compared.tree("openmetrics.txt", {words(key): [value for value, _ in samples] for key, samples in shown.items()},
                  {words(key): values for key, values in wanted.samples.items()})
    for key, samples in shown.items():
        if [at for _, at in samples] != ends:
            compared.mistake(f"openmetrics.txt/{words(key)}", "its scrapes come at other times")
