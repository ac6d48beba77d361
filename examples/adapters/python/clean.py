"""A circuit breaker and its adapter: what `windtunnel verify` is silent about.

    windtunnel verify -- python3 clean.py

It opens after `consecutive_threshold` failures in a row, or when more than `failure_rate_threshold` of the last
`window_size` outcomes failed, stays open for `open_ms`, then lets `half_open_max_calls` probes through. Every other
setting is unsupported.
"""

import sys

from adapter import serve, Unsupported


class Breaker:
    """Knows no clock: every call carries the time, in milliseconds."""

    SETTINGS = {
        "consecutive_threshold": None,
        "failure_rate_threshold": None,
        "minimum_calls": 0,
        "window_type": None,
        "window_size": 0,
        "open_ms": 30000,
        "half_open_max_calls": 1,
        "half_open_success_threshold": 1,
    }

    def __init__(self, config):
        unknown = sorted(set(config) - set(self.SETTINGS))
        if unknown:
            raise Unsupported(f"settings: {', '.join(unknown)}")
        for name, default in self.SETTINGS.items():
            setattr(self, name, config.get(name, default))
        if self.window_type not in (None, "count"):
            raise Unsupported(f"window_type {self.window_type}")
        self.epoch = 0  # a permit belongs to the epoch in which it was given
        self.close()

    def close(self):
        self.state = "closed"
        self.epoch += 1
        self.failures_in_a_row = 0
        self.outcomes = []  # True is a failure; the latest window_size of them

    def open(self, now):
        self.state = "open"
        self.epoch += 1
        self.opened_at = now

    def look(self, now):
        """The state at this time."""
        if self.state == "open" and now - self.opened_at >= self.open_ms:
            self.state = "half_open"
            self.epoch += 1
            self.probes = self.probe_successes = 0
        return self.state

    def acquire(self, now):
        """A permit for one call, or None."""
        state = self.look(now)
        if state == "open":
            return None
        if state == "half_open":
            if 0 < self.half_open_max_calls <= self.probes:
                return None
            self.probes += 1
        return self.epoch

    def report(self, permit, ok, now):
        """What became of the call; ok is None when that says nothing about the provider."""
        state = self.look(now)
        if permit != self.epoch:
            return  # late: it began before the latest change of state
        if state == "half_open":
            self.report_probe(ok, now)
        elif ok is not None:
            self.count(not ok, now)

    def report_probe(self, ok, now):
        if ok is None:
            self.probes -= 1
        elif not ok:
            self.open(now)
        else:
            self.probe_successes += 1
            if self.probe_successes >= self.half_open_success_threshold:
                self.close()

    def count(self, failed, now):
        self.failures_in_a_row = self.failures_in_a_row + 1 if failed else 0
        if self.window_type == "count":
            self.outcomes = (self.outcomes + [failed])[-self.window_size:]
        if failed and self.must_open():
            self.open(now)

    def must_open(self):
        if self.consecutive_threshold is not None and self.failures_in_a_row >= self.consecutive_threshold:
            return True
        if self.failure_rate_threshold is None or len(self.outcomes) < self.minimum_calls:
            return False
        return sum(self.outcomes) > self.failure_rate_threshold * len(self.outcomes)


if __name__ == "__main__":
    sys.exit(serve(Breaker))
