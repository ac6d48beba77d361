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


class LateSuccessesAct(Breaker):
    def report(self, permit, ok, now):
        self.look(now)
        late = permit != self.epoch and ok is True and self.state != "open"
        super().report(self.epoch if late else permit, ok, now)


class LateSuccessesClose(Breaker):
    def report(self, permit, ok, now):
        late = permit != self.epoch
        if self.look(now) == "open" and late and ok is True:
            return self.close()
        super().report(permit, ok, now)


class IgnoredProbeSucceeds(Breaker):
    def report_probe(self, ok, now):
        super().report_probe(True if ok is None else ok, now)


class CountsAttempts(Breaker):
    """Its minimum counts calls that begin, admitted or not, as many as its window has room for."""

    def close(self):
        super().close()
        self.attempts = 0

    def acquire(self, now):
        permit = super().acquire(now)
        self.attempts += 1
        return permit

    def must_open(self):
        if self.window_type != "count":
            return super().must_open()
        if self.consecutive_threshold is not None and self.failures_in_a_row >= self.consecutive_threshold:
            return True
        if min(self.attempts, self.window_size) < self.minimum_calls or self.failure_rate_threshold is None:
            return False
        return sum(self.outcomes) > self.failure_rate_threshold * len(self.outcomes)


class OneFailureMore(Breaker):
    """No known deviation: it opens on one failure more in a row than is set."""

    def count(self, failed, now):
        if self.consecutive_threshold is None:
            return super().count(failed, now)
        self.consecutive_threshold += 1
        super().count(failed, now)
        self.consecutive_threshold -= 1


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
    "late successes act": LateSuccessesAct,
    "late successes close": LateSuccessesClose,
    "ignored probe succeeds": IgnoredProbeSucceeds,
    "counts attempts": CountsAttempts,
    "one failure more": OneFailureMore,
    "opens on the first failure": OpensOnTheFirstFailure,
    "never recovers when opened at t = 0": NeverRecoversFromZero,
    "elapsed > instead of >=": ElapsedAbove,
    "lifetime window": LifetimeWindow,
}

if __name__ == "__main__":
    sys.exit(serve(DEVIANTS[sys.argv[1]]))
