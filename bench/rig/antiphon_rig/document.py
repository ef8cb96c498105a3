"""The JSON of a run: what the report reads. Schema antiphon-bench/1."""

from . import stats

SCHEMA = "antiphon-bench/1"


def row(spec, subject, against=None, *, seed=0, note="", breakdown=None):
    """A row of samples: lists of the subject's and of the other's, taken in the same rounds. `breakdown`: what the figure consists of or
    comes with, as {columns: [servers], parts: [{name, unit, values: one a column}]}."""
    ratio = interval = None
    if against:
        ratio, interval = stats.ratio(subject, against, seed)
        if spec.metric.kind == "count":
            interval = None  # counts do not scatter: the ratio is what it is
    figure = stats.median(subject)
    target, verdict = spec.target, stats.verdict(interval, spec.metric.better) if interval else None
    judged = {"ratio": ratio, "value": figure}[target.of] if target else None
    met = stats.holds({"op": target.op, "value": target.value}, judged) if target else None
    if spec.group == "peers":
        met = verdict == "ahead"  # a median below 1 is not enough
    return {"id": spec.id, "title": spec.title, "work": spec.work, "metric": spec.metric.name, "unit": spec.metric.unit,
            "better": spec.metric.better, "subject": spec.subject, "against": spec.against, "value": figure,
            "against_value": stats.median(against) if against else None, "ratio": ratio, "interval": interval,
            "kind": spec.metric.kind,
            "target": {"op": target.op, "value": target.value, "of": target.of} if target else None,
            "met": met, "shown": stats.shown(interval) if interval else None, "verdict": verdict, "group": spec.group,
            "samples": {"subject": subject, "against": against or []}, "note": note, "breakdown": breakdown}


def noise(work, metric, first, again, seed):
    """The same server against itself in one run: how far a ratio strays with no reason."""
    ratio, interval = stats.ratio(again, first, seed)
    return {"work": work, "metric": metric.name, "ratio": ratio, "interval": interval}
