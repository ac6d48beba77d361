"""pybreaker (https://github.com/danielfm/pybreaker) behind the breaker protocol: pybreaker_adapter.py ADAPTERS

ADAPTERS is examples/adapters/python. Settings that are absent are the library's defaults. A call is a `with
breaker.calling()`, because the library allows only those to overlap. The library reads the time from a class that
stands still between two questions.
"""

import datetime
import sys

sys.path.insert(0, sys.argv[1])

import pybreaker  # noqa: E402
from adapter import Unsupported, serve  # noqa: E402

BEGUN = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


class Clock(datetime.datetime):
    instant = BEGUN

    @classmethod
    def now(cls, tz=None):
        return cls.instant


pybreaker.datetime = Clock
# A call that is still out when its breaker is dropped fails unheard.
sys.unraisablehook = lambda _: None


class Breaker:
    # The names of the library's settings.
    SETTINGS = {"consecutive_threshold": "fail_max", "open_ms": "reset_timeout", "half_open_success_threshold": "success_threshold"}

    def __init__(self, config):
        unknown = set(config) - set(self.SETTINGS)
        if unknown:
            raise Unsupported(f"settings: {', '.join(sorted(unknown))}")
        settings = {self.SETTINGS[name]: value for name, value in config.items()}
        if "reset_timeout" in settings:
            settings["reset_timeout"] /= 1000
        self.move_to(0)
        self.breaker = pybreaker.CircuitBreaker(**settings)

    @staticmethod
    def move_to(now):
        Clock.instant = BEGUN + datetime.timedelta(milliseconds=now)

    def look(self, now):
        self.move_to(now)
        return self.breaker.current_state.replace("-", "_")

    def acquire(self, now):
        self.move_to(now)
        call = self.breaker.calling()
        try:
            call.__enter__()
        except pybreaker.CircuitBreakerError:
            return None
        return call

    def report(self, permit, ok, now):
        self.move_to(now)
        if ok:
            permit.__exit__(None, None, None)
            return
        failure = ConnectionError()
        try:
            permit.__exit__(ConnectionError, failure, None)
        except (ConnectionError, pybreaker.CircuitBreakerError):
            pass


if __name__ == "__main__":
    sys.exit(serve(Breaker))
