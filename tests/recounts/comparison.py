"""Holds what reports show against recounts, and sees that every figure of a report has one.

A figure that nothing recounts is a mistake unless NOT_RECOUNTED names it with the reason; an entry of that list that no
report needs is a mistake too.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60


class Near:
    """A quantile in nanoseconds: reports take it from a histogram, which is off by at most 1/1024 of the exact one."""

    def __init__(self, ns):
        self.ns = ns

    def holds(self, ns, slack=0):
        return abs(Fraction(ns) - self.ns) <= Fraction(self.ns, 1024) + slack


def exact(value, decimals):
    """A whole number of units of 10^-decimals, written with as few digits as it needs."""
    text = f"{Decimal(value).scaleb(-decimals):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def decimal(value, decimals):
    return None if value is None else Decimal(value).scaleb(-decimals)


def rounded(value, places):
    """A Fraction to so many decimals, halves up."""
    units = (abs(value) * 10**places * 2 + 1) // 2
    return Decimal(int(units)).scaleb(-places) * (-1 if value < 0 and units else 1)


def share(part, whole):
    return rounded(Fraction(part, whole), 6) if whole else None


def four_digits(value):
    """To four significant digits, as a number. Reports round a floating-point number, which decides what a half is."""
    if not value:
        return Decimal(0)
    value = Decimal(float(value))
    places = 3 - value.adjusted()
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


class Comparison:
    def __init__(self, not_recounted):
        self.not_recounted = [(re.compile(path), reason) for path, reason in not_recounted]
        self.needed = set()
        self.wrong = []
        self.figures = 0
        self.run = ""

    def mistake(self, where, words):
        self.wrong.append(f"{self.run}: {where}: {words}")

    def leaves_out(self, where):
        """Whether the list names this figure. Without it a figure that nothing recounts is a mistake."""
        for place, (path, _) in enumerate(self.not_recounted):
            if path.fullmatch(where):
                self.needed.add(place)
                return True
        return False

    def same(self, where, shown, wanted):
        self.figures += len(shown) if isinstance(shown, list) else 1
        if isinstance(wanted, Near):
            is_same = shown is not None and wanted.holds(Fraction(Decimal(shown)) * 10**6)
            wanted = exact(wanted.ns, 6)
        else:
            is_same = wanted == shown and isinstance(shown, bool) == isinstance(wanted, bool)
        if not is_same:
            self.mistake(where, f"shows {shown}, the events say {wanted}")

    def tree(self, where, shown, wanted):
        """A JSON document against the recount of each of its members."""
        if isinstance(shown, dict) and isinstance(wanted, dict):
            for key in sorted(shown.keys() | wanted.keys()):
                place = f"{where}/{key}"
                if key not in shown:
                    self.mistake(place, "is missing")
                elif key in wanted:
                    self.tree(place, shown[key], wanted[key])
                elif not self.leaves_out(place):
                    self.mistake(place, f"nothing recounts {str(shown[key])[:60]}")
        elif isinstance(shown, list) and isinstance(wanted, list) and (len(shown) != len(wanted) or shown != wanted):
            if len(shown) != len(wanted):
                self.mistake(where, f"has {len(shown)} entries, the events say {len(wanted)}")
            for i, (one, other) in enumerate(zip(shown, wanted)):
                self.tree(f"{where}/{i}", one, other)
        else:
            self.same(where, shown, wanted)

    def stale_entries(self):
        return [path.pattern for place, (path, _) in enumerate(self.not_recounted) if place not in self.needed]


def sees_what_is_wrong():
    """Whether a wrong figure, a missing one and one that nothing recounts are each a mistake."""
    trial = Comparison(())
    trial.tree("trial", {"wrong": 1, "new": 2, "right": 3}, {"wrong": 2, "missing": 2, "right": 3})
    return len(trial.wrong) == 3
