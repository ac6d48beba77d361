"""The breaker protocol on standard input and output, for a breaker written in Python.

A breaker is a class with these methods, times being whole milliseconds since it was made:

    __init__(config)               a fresh breaker, or raises Unsupported
    look(now) -> state             "closed", "open" or "half_open"
    acquire(now) -> permit         anything but None; None refuses
    report(permit, ok, now)        ok is True, False, or None for an outcome that says nothing

serve() reads a line, asks the breaker, writes a line, until the input ends. Wrong questions are answered by an error
here and never reach the breaker.
"""

import json
import sys
from fractions import Fraction


class Unsupported(Exception):
    """A setting that this breaker cannot honour."""


class Wrong(Exception):
    """A question that is answered by an error and changes nothing."""


class Desk:
    """One breaker, its permits by number, and the time of the latest question."""

    def __init__(self, make, config):
        self.breaker = make(config)
        self.permits = {}
        self.issued = 0
        self.latest = 0

    def answer(self, question):
        op, now = question.get("op"), question.get("t_ms")
        if op not in ("acquire", "report", "state"):
            raise Wrong(f"unknown op {op!r}")
        if type(now) is not int or now < self.latest:
            raise Wrong(f"t_ms {now!r} is no whole number, or time runs backwards")
        if op == "report" and (question.get("permit") not in self.permits or question.get("ok", 0) not in (True, False, None)):
            raise Wrong("an unknown or used permit, or ok is none of true, false, null")
        self.latest = now
        if op == "report":
            self.breaker.report(self.permits.pop(question["permit"]), question["ok"], now)
        if op != "acquire":
            return {"state": self.breaker.look(now)}
        permit = self.breaker.acquire(now)
        number = None
        if permit is not None:
            number = self.issued = self.issued + 1
            self.permits[number] = permit
        return {"admitted": permit is not None, "state": self.breaker.look(now), "permit": number}


def serve(make):
    desk = None
    for line in sys.stdin:
        try:
            # Shares are exact decimals: 0.1 of 10 is 1, which floating point does not promise.
            question = json.loads(line, parse_float=Fraction)
            if not isinstance(question, dict):
                raise Wrong("a line is an object")
            if question.get("op") == "reset":
                desk = Desk(make, question["config"])
                answer = {}
            elif desk is None:
                raise Wrong("a reset comes first")
            else:
                answer = desk.answer(question)
        except Unsupported as why:
            answer = {"unsupported": True, "why": str(why)}
        except (Wrong, ValueError, KeyError) as why:
            answer = {"error": str(why) or type(why).__name__}
        print(json.dumps(answer), flush=True)
    return 0
