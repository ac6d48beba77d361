"""Small worlds in which much goes wrong at once, drawn from a seed: a few hundred requests each."""

import random

FAULTS = (
    {"kind": "outage", "mode": "refuse"},
    {"kind": "outage", "mode": "hang", "fraction": 0.6},
    {"kind": "error_burst", "rate": 0.5, "errors": {"server_error": 0.5, "overloaded": 0.3, "client_error": 0.2}},
    {"kind": "latency_spike", "factor": 4},
    {"kind": "throttle", "requests_per_minute": 30, "retry_after": "4s"},
    {"kind": "malformed", "fraction": 0.5},
    {"kind": "truncated", "fraction": 0.5, "bill_fraction": 0.5},
    {"kind": "flapping", "up": "7s", "down": "3s", "mode": "refuse"},
    {"kind": "brownout", "concurrency": 1},
)


def provider(draw, place):
    return {"profile": None, "model": f"model-{place}", "ttft": {"p50": f"{draw.randint(100, 600)}ms", "p95": "900ms"},
            "tpot": f"{draw.randint(1, 8)}ms", "bill_on_failure": draw.choice(("none", "input")),
            "price_usd_per_million": {"input": draw.randint(1, 40), "output": draw.randint(20, 90)},
            "errors": {"server_error": 0.03, "timeout": 0.01, "rate_limited": 0.02},
            **draw.choice(({}, {"concurrency": 2, "queue": 5}, {"concurrency": 4, "queue": 100}))}


def monitor(draw, names):
    settings = {
        "rate_limiter": {"requests_per_minute": draw.choice((None, None, 250)), "tokens_per_minute": draw.choice((None, 90_000))},
        "token_limiter": draw.choice(({"mode": "off"}, {"mode": "per_request", "limit": 900},
                                      {"mode": "average", "limit": 450})),
        "cost_limiter": {"monthly_usd": draw.choice((1, 3, 50)), "daily_usd": draw.choice((None, 2)),
                         "alerts": [0.5, 0.8, 0.9, 1.0]},
        "cache": {"ttl": draw.choice(("20s", "5m")), "capacity": draw.choice((20, 10_000)),
                  "stale_if_error": draw.choice(("0s", "1m"))},
        "circuit_breaker": {"open": draw.choice(("500ms", "5s", "20s")), "half_open_max_calls": draw.randint(1, 3)},
        "provider_call": {"timeout": draw.choice(("1500ms", "4s")), "deadline": draw.choice((None, "5s")),
                          "max_attempts": draw.randint(1, 3), "backoff": {"base": "200ms", "cap": "1s"}}}
    if draw.random() < 0.6:
        variants = [{"id": f"arm-{name}", "provider": name, "weight": draw.randint(1, 4)} for name in names]
        settings["ab_router"] = {"experiment_id": "trial", "variants": variants}
    return settings


def workload(draw, place):
    tokens = {"input": {"p50": 150, "p95": 300}, "output": {"p50": 80, "p95": 300}}
    settings = {"executor": "constant-arrival-rate", "arrival": draw.choice(("poisson", "uniform")),
                "rate": draw.choice((1, 2)), "tokens": tokens, "stream": draw.random() < 0.5,
                "prompts": {"count": draw.choice((30, 5000)), "zipf": 0.8}, "users": {"count": 40, "zipf": 0.5}}
    if place == 1:
        settings = {"executor": "constant-vus", "vus": 3, "think_time": "2s", "tokens": tokens}
    if draw.random() < 0.7:
        settings |= {"feature_version": f"f{draw.randint(1, 2)}", "prompt_version": "p1"}
    return settings


def with_kinds(loads, providers):
    """Gives two of the workloads tokens of kinds, and one provider a price for each kind; the others know reasoning alone."""
    for name, kinds in (("load-0", {"cached_input": {"p50": 60, "p95": 250}, "cache_write": 40}),
                        ("load-1", {"cached_input": 30, "reasoning": {"p50": 20, "p95": 120}})):
        loads[name]["tokens"] = {**loads[name]["tokens"], **kinds}
    prices = providers["openai"]["price_usd_per_million"]
    prices |= {"cached_input": prices["input"] / 4, "cache_write": prices["input"] * 1.25, "reasoning": prices["output"] + 5}


def world(seed):
    draw = random.Random(seed)
    names = ["openai", "anthropic", "mistral"][: draw.randint(2, 3)]
    faults = []
    for place, fault in enumerate(draw.sample(FAULTS, 3)):
        faults.append({"id": f"fault-{place}", **fault, "provider": draw.choice((*names, "*")),
                       "at": f"{draw.randint(5, 60)}s", "duration": f"{draw.randint(10, 30)}s"})
    settings = monitor(draw, names)
    settings["cache"]["enabled"] = seed % 6 != 0
    routed = {}
    if "ab_router" not in settings:
        targets = [{"deployment": name, "weight": 1 + place} for place, name in enumerate(names)]
        routed = {"routes": {"chat": {"targets": targets, "balance": "weighted", "fallback": [{"route": "last"}]},
                             "last": {"targets": [{"deployment": names[-1]}]}}}
    loads = {f"load-{place}": workload(draw, place) for place in range(3)}
    if routed:
        loads["load-1"]["route"] = "last"
    if seed % 3 == 0:
        loads["load-2"]["client"] = {"preset": draw.choice(("openai-python", "langchain", "vercel-ai")), "timeout": "2s",
                                     "patience": {"p50": "5s", "p95": "15s"}}
        settings["provider_call"]["on_caller_gone"] = "cancel" if seed % 2 else "continue"
    made = {"version": 1, "title": f"World {seed}, in which much goes wrong", "seed": seed, **routed,
            "start": draw.choice(("2026-01-31T23:59:30Z", "2026-06-10T08:00:00Z")), "duration": "90s",
            "month_spent_usd": draw.choice((0, 0.25)), "monitor": settings,
            "providers": {name: provider(draw, place) for place, name in enumerate(names)},
            "workload": loads, "faults": faults,
            "thresholds": {"requests_failed": ["rate<0.05"], "request_duration": ["p(95)<2s"], "cost_usd": ["value<1"]},
            "coverage": {"failover": 5, "cache_hit": 10, "deadline_exceeded": 1}}
    if seed % 4 == 1:
        with_kinds(loads, made["providers"])
    if seed % 4 == 2:
        made["providers"]["openai"] |= {"usage_late": 0.4, "usage_delay": "9s"}
    return made
