"""How reports put numbers into words, written again; and lines of which a part is a quantile, known only nearly."""

import re
from decimal import Decimal
from fractions import Fraction

from comparison import exact, rounded


def thousands(number):
    return f"{number:,}"


def percent(part, whole):
    return f"{rounded(Fraction(100 * part, whole), 1):.1f}%" if whole else "-"


def dollars(text):
    """Of a sum that is written in dollars."""
    return f"${rounded(Fraction(text), 4):.4f}"


class Ms:
    """A quantile, shown as a number of milliseconds with or without decimals; `unit` follows the number."""

    def __init__(self, near, unit="ms"):
        self.near, self.unit = near, unit

    def rest_of(self, line):
        """What follows the number in the line; nothing if the number is not the quantile."""
        found = re.match(rf"([\d,]+(?:\.\d+)?){self.unit}", line)
        if not found:
            return None
        shown = Decimal(found[1].replace(",", ""))
        slack = Fraction(10**6, 2) * Fraction(Decimal(1).scaleb(shown.as_tuple().exponent))
        return line[found.end() :] if self.near.holds(Fraction(shown) * 10**6, slack) else None


class Line:
    """A line in parts: texts, patterns, quantiles, and None for whatever ends it."""

    def __init__(self, *parts):
        self.parts = parts

    def __eq__(self, line):
        for part in self.parts:
            if part is None:
                return True
            if isinstance(part, Ms):
                line = part.rest_of(line)
                if line is None:
                    return False
            elif isinstance(part, re.Pattern):
                found = part.match(line)
                if not found:
                    return False
                line = line[found.end() :]
            elif not line.startswith(part):
                return False
            else:
                line = line[len(part) :]
        return line == ""

    def __str__(self):
        shown = lambda part: (exact(part.near.ns, 6) + part.unit if isinstance(part, Ms) else
                              part.pattern if isinstance(part, re.Pattern) else part or "...")
        return "".join(map(shown, self.parts))


# --- Of the page ---------------------------------------------------------------------------------------------------

NEVER = "–"


def figure(value, shown, fewer_from, fewer):
    """With so many decimals, or fewer if it is large."""
    value = Fraction(value)
    if value == 0:
        return "0"
    places = fewer if abs(value) >= fewer_from else shown
    return f"{rounded(value, places):,.{places}f}"


def share_of(part, whole):
    return NEVER if not whole else share_words(Fraction(part, whole))


def share_words(value):
    return "100 %" if value == 1 else figure(100 * Fraction(rounded(Fraction(value), 6)), 2, 1, 1) + " %"


def money(text):
    return NEVER if text is None else f"${figure(text, 4, 1, 2)}"


def quantile_words(near):
    return NEVER if near is None else Line(Ms(near, " ms"))


def count(number):
    return NEVER if number is None else thousands(number)


def seconds(ns):
    return figure(Fraction(ns, 10**9), 1, 100, 0) + " s"


def span(ns):
    """5 min 1 s: two units, the greater first."""
    units = [(86400 * 10**9, "d"), (3600 * 10**9, "h"), (60 * 10**9, "min"), (10**9, "s"), (10**6, "ms")]
    largest = next((i for i, (unit, _) in enumerate(units) if ns >= unit), len(units))
    words = []
    for unit, name in units[largest : largest + 2]:
        if ns >= unit:
            words.append(f"{ns // unit} {name}")
        ns %= unit
    return " ".join(words) or "0 s"


def plural(number, noun, several=None):
    return f"{thousands(number)} {noun if number == 1 else several or noun + 's'}"
