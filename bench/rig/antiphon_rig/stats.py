"""Medians, and ratios of pairs with a bootstrap interval. Pure."""

import math
import random
import statistics

RESAMPLES = 10_000
LEVEL = 0.95


def median(values):
    return statistics.median(values)


def percentile(ordered, share):
    """The smallest value of a sorted list that at least `share` of them do not exceed."""
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio(subject, against, seed):
    """Median of the pairs' ratios, and the interval that holds it in 95 of 100 resamples of the pairs.

    Pairs, not two heaps: both of a pair met the same minute of the machine.
    """
    if len(subject) != len(against) or not subject:
        raise ValueError(f"{len(subject)} samples cannot be paired with {len(against)}")
    ratios = [one / other for one, other in zip(subject, against)]
    chance = random.Random(seed)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    tail = (1 - LEVEL) / 2
    return statistics.median(ratios), [percentile(medians, tail), percentile(medians, 1 - tail)]


def shown(interval):
    """What an interval of a ratio proves."""
    return "no difference shown" if interval[0] <= 1 <= interval[1] else "difference"


def verdict(interval, better):
    """How the subject stands, as far as an interval of its ratio proves anything."""
    low, high = interval
    if low <= 1 <= high:
        return "no difference shown"
    return "ahead" if (high < 1) == (better == "lower") else "behind"


def holds(target, value):
    """Whether a figure meets its target; none without one."""
    if target is None or value is None:
        return None
    return {"<=": value <= target["value"], ">=": value >= target["value"], "<": value < target["value"]}[target["op"]]


def slope(short, long):
    """(x, y) of two run lengths: what one more costs, without what the start and the end cost."""
    (x0, y0), (x1, y1) = short, long
    if x1 <= x0:
        raise ValueError(f"two run lengths {x0} and {x1} give no slope")
    return (y1 - y0) / (x1 - x0)
