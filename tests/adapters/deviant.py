"""The clean breaker of the examples with one deviation: deviant.py NAME."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/adapters/python"))

from adapter import serve  # noqa: E402
from clean import Breaker  # noqa: E402


class TripsOnGe(Breaker):
    def must_open(self):
        enough = self.failure_rate_threshold is not None and len(self.outcomes) >= self.minimum_calls
        return super().must_open() or (enough and sum(self.outcomes) >= self.failure_rate_threshold * len(self.outcomes))


class NoResetOnSuccess(Breaker):
    def count(self, failed, now):
        if failed:
            return super().count(failed, now)
        before = self.failures_in_a_row
        super().count(failed, now)
        self.failures_in_a_row = before


class UnlimitedProbes(Breaker):
    def acquire(self, now):
        return None if self.look(now) == "open" else self.epoch


class FailedProbeIgnored(Breaker):
    def report_probe(self, ok, now):
        if ok is not False:
            super().report_probe(ok, now)


class LateResultsAct(Breaker):
    def report(self, permit, ok, now):
        self.look(now)
        if self.state != "open":
            super().report(self.epoch, ok, now)


class OpensOnTheFirstFailure(Breaker):
    def must_open(self):
        return True


class NeverRecoversFromZero(Breaker):
    def look(self, now):
        return self.state if self.state == "open" and not self.opened_at else super().look(now)


class ElapsedAbove(Breaker):
    def look(self, now):
        at_the_edge = self.state == "open" and now - self.opened_at == self.open_ms
        return self.state if at_the_edge else super().look(now)


class LifetimeWindow(Breaker):
    def __init__(self, config):
        super().__init__(config)
        self.window_size = 10**9


DEVIANTS = {
    "trips on >=": TripsOnGe,
    "no reset on success": NoResetOnSuccess,
    "unlimited probes": UnlimitedProbes,
    "failed probe ignored": FailedProbeIgnored,
    "late results act": LateResultsAct,
    "opens on the first failure": OpensOnTheFirstFailure,
    "never recovers when opened at t = 0": NeverRecoversFromZero,
    "elapsed > instead of >=": ElapsedAbove,
    "lifetime window": LifetimeWindow,
}

if __name__ == "__main__":
    sys.exit(serve(DEVIANTS[sys.argv[1]]))
