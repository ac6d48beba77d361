"""The 95 % interval of each difference of an A/B experiment, recounted from the records.

The interval is one of batch means over 20 to 40 batches of consecutive requests; that of the share answered is at least
as wide as Newcombe's, which takes the requests as independent. The quantiles of Student's law come from its density,
not from a table.
"""

import math
from fractions import Fraction

from comparison import four_digits
from history import ANSWERED

BATCHES_LEAST, VALUES_LEAST, INDEPENDENT_LEAST, CORRELATION_MOST = 20, 40, 3, 0.97
NORMAL_975 = 1.959963984540054


def student_975(freedom):
    """The 0.975 quantile: the end of the part of the density above 0 that holds 0.475, by Simpson's rule."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    density = lambda x: scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2)

    def below(end, pieces=2000):
        width = end / pieces
        inner = sum((4 if i % 2 else 2) * density(i * width) for i in range(1, pieces))
        return (density(0) + inner + density(end)) * width / 3

    low, high = 0.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < 0.475 else (low, middle)
    return low


def batches_of(records):
    """Consecutive records, as many in each batch but the last: the least power of two that makes at most 40 batches."""
    size = 1
    while math.ceil(len(records) / size) > 2 * BATCHES_LEAST:
        size *= 2
    return [records[i : i + size] for i in range(0, len(records), size)]


def residuals(sums):
    """How far the sum of each batch is from what the mean of all lets expect, in units of a batch's mean count."""
    count, total = sum(n for n, _ in sums), sum(value for _, value in sums)
    return [float((value - Fraction(total, count) * n) / Fraction(count, len(sums))) for n, value in sums]


def variance_factor(series):
    squares = sum(value * value for value in series)
    if not squares:
        return 1.0
    products = sum(one * other for one, other in zip(series, series[1:]))
    correlation = min(max(products / squares + 1 / len(series), 0.0), CORRELATION_MOST)
    return (1 + correlation) / (1 - correlation)


def half_width(first, other):
    """By batch means, or why there is none."""
    if min(sum(n for n, _ in first), sum(n for n, _ in other)) < VALUES_LEAST or len(first) < BATCHES_LEAST:
        return "a variant has fewer than 40 requests"
    a, b = residuals(first), residuals(other)
    differences = [of_other - of_first for of_first, of_other in zip(a, b)]
    count = len(differences)
    scale = sum(abs(sum(value for _, value in arm) / sum(n for n, _ in arm)) for arm in (first, other))
    if sum(value * value for value in differences) <= (1e-12 * float(scale)) ** 2 * count:
        return "all values are alike"
    factor = variance_factor(differences)
    if count / max(factor, variance_factor(a), variance_factor(b)) < INDEPENDENT_LEAST:
        return "the run is too short for its queues or outages"
    variance = sum(value * value for value in differences) / (count - 1)
    return student_975(int(count / factor) - 1) * math.sqrt(variance / count * factor)


def newcombe(first, other):
    def wilson(n, hits):
        share, z2 = hits / n, NORMAL_975**2
        middle, reach = share + z2 / (2 * n), NORMAL_975 * math.sqrt((share * (1 - share) + z2 / (4 * n)) / n)
        return share, (middle - reach) / (1 + z2 / n), (middle + reach) / (1 + z2 / n)

    (p1, l1, u1), (p2, l2, u2) = wilson(*first), wilson(*other)
    return p2 - p1 - math.hypot(p2 - l2, u1 - p1), p2 - p1 + math.hypot(u2 - p2, p1 - l1)


def interval(first, other, unit, is_share):
    """The members of an interval in summary.json beside its difference."""
    arms = [(sum(n for n, _ in arm), sum(value for _, value in arm)) for arm in (first, other)]
    difference = Fraction(arms[1][1], arms[1][0]) - Fraction(arms[0][1], arms[0][0])
    half = half_width(first, other)
    if isinstance(half, str):
        if not is_share or half != "all values are alike":
            return {"low": None, "high": None, "no_interval": half}
        low, high = newcombe(*arms)
    else:
        low, high = float(difference) - half, float(difference) + half
        if is_share:
            wide_low, wide_high = newcombe(*arms)
            low, high = max(-1.0, min(low, wide_low)), min(1.0, max(high, wide_high))
    return {"low": four_digits(low / unit), "high": four_digits(high / unit), "no_interval": None}


def intervals(history, arm):
    """Of one variant against the first, by the names of summary.json; without one where either has no value."""
    batches = batches_of([record for record in history.records if record.variant is not None])

    def sums(variant, value, answered_only):
        of = lambda record: record.variant == variant and (not answered_only or record.outcome in ANSWERED)
        return [(sum(map(of, batch)), sum(value(record) for record in batch if of(record))) for batch in batches]

    quantities = {"success_rate": (lambda record: int(record.outcome in ANSWERED), False, 1),
                  "latency_mean_ms": (lambda record: record.latency, True, 10**6),
                  "cost_mean_usd": (lambda record: record.billed, False, 10**12)}
    shown = {}
    for name, (value, answered_only, unit) in quantities.items():
        first, other = sums(0, value, answered_only), sums(arm, value, answered_only)
        if any(n for n, _ in first) and any(n for n, _ in other):
            shown[name] = interval(first, other, unit, name == "success_rate")
    return shown
