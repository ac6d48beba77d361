"""The breaker of the proof of concept that Windtunnel grew out of, as it was coded, behind the adapter.

    windtunnel verify --keep-going -- python3 seed.py

Its thresholds can be set; everything else is as it is: the run of failures never ends with a success, all calls ever
are its window, half of them are enough, from the first one on, everybody is a probe, a failed probe is ignored, a close
forgets the failures and keeps the number of calls, and an opening at time 0 is taken for none.
"""

import sys

from adapter import serve, Unsupported


class SeedBreaker:
    def __init__(self, config):
        # What its constructor takes. The rest of the settings it does as it does.
        if config.get("consecutive_threshold") is None or config.get("failure_rate_threshold") is None:
            raise Unsupported("both rules are always on")
        self.failure_threshold = config["consecutive_threshold"]
        self.error_rate_threshold = config["failure_rate_threshold"]
        self.timeout_ms = config.get("open_ms", 30000)
        self.state = "closed"
        self.failures = self.calls = 0
        self.opened_at = 0

    def look(self, now):
        # A time of 0 is as good as none.
        if self.state == "open" and self.opened_at and now - self.opened_at >= self.timeout_ms:
            self.state = "half_open"
        return self.state

    def acquire(self, now):
        return None if self.look(now) == "open" else "go"

    def report(self, _, ok, now):
        self.look(now)
        if ok is None:
            return
        self.calls += 1
        if ok:
            if self.state == "half_open":
                self.state = "closed"
                self.failures = 0
            return
        self.failures += 1
        if self.state == "closed" and (
            self.failures >= self.failure_threshold or self.failures >= self.error_rate_threshold * self.calls
        ):
            self.state = "open"
            self.opened_at = now


if __name__ == "__main__":
    sys.exit(serve(SeedBreaker))
