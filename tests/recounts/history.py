"""A run as record_events wrote it down: its settings, its events in order, and what its judge found."""

import json
import subprocess
from decimal import Decimal
from types import SimpleNamespace

OUTCOMES = ("served", "cache_hit", "stale_hit", "refused_rate", "refused_tokens", "refused_budget", "client_error",
            "failed", "all_providers_unavailable", "deadline_exceeded", "broken_stream")
ANSWERED = OUTCOMES[:3]
REFUSED = OUTCOMES[3:6]
FAILED = OUTCOMES[6:]
REPLIES = ("ok", "timeout", "connection_error", "server_error", "overloaded", "rate_limited", "malformed", "truncated",
           "auth_or_quota", "client_error", "context_length", "content_policy", "not_found", "auth", "quota_exhausted")
NUMBER_OF_STATE = {"closed": 0, "half_open": 1, "open": 2}
SETTINGS = ("provider", "workload", "route", "variant", "fault_setting", "least", "breaker", "finding")
ONCE = ("run", "limits", "limiters", "cache", "verdict", "end")


KINDS = ("cached_input", "cache_write", "reasoning")  # a usage is input, output and these, which are parts of them


class Request:
    """What is recounted of one request besides its record."""

    def __init__(self, arrived):
        self.arrived = arrived
        self.calls = []   # the ends of its calls
        self.billed = 0   # by providers, whether the gateway learns it or not
        self.bills = []   # of each of its calls
        self.admitted = False  # by the limiters
        self.grant = 0         # of output tokens


class History:
    def __init__(self, events):
        self.events, self.kept = [], {}
        for name in SETTINGS:
            setattr(self, name + "s", [])
        for event in events:
            if event.c in ONCE:
                setattr(self, event.c, event)
            elif event.c in SETTINGS:
                getattr(self, event.c + "s").append(event)
            else:
                self.events.append(event)
        self.requests = {}
        for event in self.events:
            if event.c == "arrived":
                self.requests[event.r] = Request(event.t)
            elif event.c == "billed":
                self.requests[event.r].billed += event.billed
                self.requests[event.r].bills.append(event.billed)
            elif event.c == "ended":
                self.requests[event.r].calls.append(event)
            elif event.c == "reserved":
                self.requests[event.r].admitted = True
            elif event.c == "granted":
                self.requests[event.r].grant = event.output
        for event in self.of("learned"):
            request = self.requests[event.r]
            event.settled, event.billed = request.calls[event.ordinal].settled, request.bills[event.ordinal]
        self.records = self.of("record")
        for record in self.records:
            self.complete(record)

    def complete(self, record):
        """Adds to a record what follows from the calls and the bills of its request."""
        request = self.requests[record.r]
        record.latency = record.t - request.arrived
        record.billed = request.billed
        record.known = sum(call.settled for call in request.calls if call.usage)
        record.held = sum(call.settled for call in request.calls if not call.usage)
        record.calls = request.calls
        if record.outcome == "served":
            answer = request.calls[-1]
            record.first_token = answer.t - answer.latency + answer.ttft - request.arrived
            # Of an answer without its usage, what was asked and granted counts.
            record.usage = answer.usage or [record.asked, request.grant, 0, 0, 0]
            record.input, record.output = record.usage[:2]

    def has_kinds(self):
        """Whether a call of known usage had tokens that its provider prices apart."""
        return any(call.usage and any(call.usage[2:]) for call in self.of("ended"))

    def of(self, *names):
        """The events of these names, in order."""
        if names not in self.kept:
            self.kept[names] = [event for event in self.events if event.c in names]
        return self.kept[names]


def record(program, scenario, which, root):
    """The run of a seed, or of a replication of a forecast: ("forecast", its number, seconds)."""
    command = [program, scenario, *map(str, which if isinstance(which, tuple) else (which,))]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    lines = ",".join(done.stdout.splitlines())
    return History(json.loads(f"[{lines}]", parse_float=Decimal, object_hook=lambda members: SimpleNamespace(**members)))
