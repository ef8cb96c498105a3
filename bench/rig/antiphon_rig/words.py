"""Figures as people read them."""


def number(value):
    """Three figures, with a unit's letter if it is large."""
    if value is None:
        return "–"
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= 10 * size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def quantity(value, unit):
    return number(value) + {"1": "", "us": " us", "%": " %"}.get(unit, f" {unit}")


def share(some, all_of):
    return f"{some} of {all_of}"
