"""telemetry.jsonl, events.jsonl and junit.xml against a recount, line by line and case by case."""

import json
import xml.etree.ElementTree as xml
from collections import Counter
from decimal import Decimal

from comparison import decimal
from history import ANSWERED, KINDS
from totals import iso


def lines_of(text):
    return json.loads(f"[{','.join(text.splitlines())}]", parse_float=Decimal)


class WallClock:
    """What the wall clock shows; the first steps that a fault makes it take come before what happens at their instant."""

    def __init__(self, history):
        self.steps = [(0, history.run.start)]
        for event in history.of("fault"):
            offset = history.fault_settings[event.fault].offset
            if offset:
                self.steps.append((event.t, self.steps[-1][1] + (offset if event.active else -offset)))

    def text(self, at):
        return iso(next(start for begin, start in reversed(self.steps) if begin <= at) + at)


def telemetry_line(history, clock, record):
    last = record.calls[-1] if record.calls else None
    caller = history.providers[last.p] if last else None
    workload = history.workloads[record.workload - 1]
    is_answered = record.outcome in ANSWERED
    has_tokens = record.outcome == "served"
    used = record.usage if has_tokens else [0] * 5
    kinds = dict(zip(KINDS, used[2:])) if any(used[2:]) else {}
    error = None if is_answered else last.kind if record.outcome == "failed" else record.outcome
    return {
        "timestamp": clock.text(record.t), "provider": caller and caller.name, "model": caller and caller.model,
        "latency_ms": decimal(record.latency, 6), "tokens": {"input": used[0], "output": used[1], **kinds, "total": sum(used[:2])},
        "cost_usd": decimal(record.known, 12), "success": is_answered, "error": error,
        "circuit_breaker_state": record.breaker if last else None,
        "metadata": {"feature_version": workload.feature or None, "prompt_version": workload.prompt or None,
                     "experiment_id": None if record.variant is None else history.limits.experiment,
                     "variant_id": None if record.variant is None else history.variants[record.variant].id,
                     **({"route": workload.route} if workload.route else {})},
        "prompt_length": record.prompt, "response_length": record.response, "outcome": record.outcome,
        "cache_hit": record.outcome in ANSWERED[1:], "ttft_ms": decimal(record.first_token, 6) if has_tokens else None,
        "attempts": [{"provider": history.providers[call.p].name, "outcome": call.kind,
                      "latency_ms": decimal(call.latency, 6), "cost_usd": decimal(call.settled, 12) if call.usage else None}
                     for call in record.calls]}


def compare_telemetry(compared, text, history):
    clock, shown = WallClock(history), lines_of(text)
    for line in shown:
        for name in [name for name in line if compared.leaves_out(f"telemetry.jsonl/{name}")]:
            del line[name]
    compared.tree("telemetry.jsonl", shown, [telemetry_line(history, clock, one) for one in history.records])


def event_line(history, event):
    if event.c == "moved":
        return {"type": "breaker_transition", "provider": history.providers[event.p].name, "from": event.from_,
                "to": event.to, "rule": None if event.rule == "none" else event.rule, "failures": event.failures,
                "window": event.window, "consecutive_failures": event.consecutive, "epoch": event.epoch,
                "open_ms": decimal(event.open_for, 6) if event.to == "open" else None}
    if event.c == "retry_after":
        return {"type": "retry_after", "provider": history.providers[event.p].name,
                "wait_ms": decimal(event.until - event.t, 6), "until_s": decimal(event.until, 9)}
    if event.c == "budget":
        return {"type": event.kind, "window": "day" if event.daily else "month", "window_begin": iso(event.begin),
                "share": decimal(event.share, 6) if event.kind == "budget_alert" else None,
                "spent_usd": decimal(event.spent, 12), "reserved_usd": decimal(event.reserved, 12),
                "limit_usd": decimal(event.limit, 12), "by_refusal": event.by_refusal}
    if event.c == "entered":
        return {"type": "fallback", "route": history.routes[event.route].name, "after": event.after}
    setting = history.fault_settings[event.fault]
    return {"type": "fault_started" if event.active else "fault_stopped", "id": setting.id, "kind": setting.kind}


def compare_events(compared, text, history):
    clock = WallClock(history)
    wanted = [{"timestamp": clock.text(event.t), "t_s": decimal(event.t, 9), **event_line(history, event)}
              for event in history.of("moved", "retry_after", "budget", "entered", "fault")]
    for one in history.findings:
        if one.verdict == "fail":
            wanted.append({"type": "violation", "kind": one.kind, "id": one.id, "verdict": one.verdict, "claim": one.claim,
                           "reason": one.reason,
                           "origin": f"{one.file}:{one.line}:{one.column}" if one.line else None})
    compared.tree("events.jsonl", lines_of(text), wanted)


def compare_junit(compared, text, history):
    """A case for the run, one for each claim and one for each invariant; the same name a second time has a number."""
    suites = list(xml.fromstring(text))
    compared.same("junit.xml/suites", len(suites), 1)
    suite = suites[0]
    failed = {}
    names = ["run ends"]
    if history.verdict.verdict == "nothing_claimed":
        names.append("claims hold")
    seen = Counter()
    for one in history.findings:
        if one.kind != "invariant":
            name = f"{one.kind} {one.claim if one.kind == 'threshold' else one.id}"
            seen[name] += 1
            names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
        if one.verdict != "pass":
            failed[names[-1] if one.kind != "invariant" else f"invariant {one.id}"] = (one.verdict, one.reason)
    names += [f"invariant {one}" for one in history.verdict.checks]
    mark = "" if history.run.seed == history.run.file_seed else f" [seed {history.run.seed}]"
    compared.tree("junit.xml/cases", [case.get("name") for case in suite.iter("testcase")], [name + mark for name in names])
    counts = {"tests": len(names), "failures": len(failed), "errors": 0, "skipped": int("claims hold" in names)}
    compared.tree("junit.xml/counts", {name: int(suite.get(name)) for name in counts}, counts)
    shown = {case.get("name"): (case.find("failure").get("type"), case.find("failure").text.split("figures: ")[1].split("\n")[0])
             for case in suite.iter("testcase") if case.find("failure") is not None}
    compared.tree("junit.xml/failures", shown, {name + mark: one for name, one in failed.items()})
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    compared.tree("junit.xml/properties", properties, {"seed": str(history.run.seed), "digest": history.end.digest})
