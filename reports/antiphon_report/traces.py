"""A recorded trace as lines to read, in the words of the target's own model."""

import json
from dataclasses import dataclass

from .names import EVENTS, plural

_SHOWN_ELSEWHERE = ("event", "c", "n", "sum")


@dataclass(frozen=True)
class Line:
    code: str         # CM, DR …; empty for what is no event
    name: str         # connection_made, connect_cb …
    detail: str
    connection: str   # only where the trace has several connections


def _value(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _detail(event):
    parts = []
    for key, value in event.items():
        if key in _SHOWN_ELSEWHERE or value == "" or (event["event"] == "CL" and key == "cause" and value == "none"):
            continue
        if key == "bytes" and isinstance(value, int):
            parts.append(plural(value, "octet"))
        elif key == "buffered" and isinstance(value, int):
            parts.append(f"{value:,} buffered")
        elif key in ("cause", "kind", "where", "text"):
            parts.append(_value(value))
        elif key == "message":
            parts.append(f"“{_value(value)}”")
        else:
            parts.append(f"{key} {_value(value)}")
    return " · ".join(parts)


def _joined(run):
    """Consecutive pieces of one stream, told as one line: how the bytes were cut is the kernel's choice, not the server's."""
    if len(run) == 1:
        return run[0]
    octets = sum(event.get("bytes", 0) for event in run)
    return {"event": "DR", "c": run[0].get("c"), "text": f"×{len(run):,}", "bytes": octets}


def _plain(event):
    return event["event"] == "DR" and event.keys() <= {"event", "c", "n", "bytes", "sum"} and isinstance(event.get("bytes"), int)


def _runs(trace):
    run = []
    for event in trace:
        if run and not (_plain(event) and _plain(run[0]) and event.get("c") == run[0].get("c")):
            yield _joined(run)
            run = []
        run.append(event)
    if run:
        yield _joined(run)


def lines(trace, style, limit):
    """At most about `limit` lines; of a longer trace the beginning and the end, with a line that says what lies between."""
    names = EVENTS.get(style, {})
    several = len({event.get("c") for event in trace}) > 1
    told = [Line(event["event"], names.get(event["event"], ""), _detail(event),
                 str(event["c"]) if several and "c" in event else "") for event in _runs(trace)]
    return _shortened(told, limit, lambda count: Line("", "", f"… {plural(count, 'line')} more in the JSON file …", ""))


def peer_lines(record, limit):
    """What the peer did and saw, one text a line."""
    return _shortened([_entry(entry) for entry in record], limit, lambda count: f"… {plural(count, 'line')} more …")


def _entry(entry):
    if isinstance(entry, list):
        return " ".join(_value(part) for part in entry)
    if isinstance(entry, dict) and "step" in entry:
        seen = ", ".join(f"{key} {_value(value)}" for key, value in entry.items() if key != "step")
        return _entry(entry["step"]) + (f" → {seen}" if seen else "")
    if isinstance(entry, dict):
        return ", ".join(f"{key} {_value(value)}" for key, value in entry.items())
    return _value(entry)


def _shortened(told, limit, gap):
    if len(told) <= limit:
        return told
    head, tail = limit * 2 // 3, limit - limit * 2 // 3
    return told[:head] + [gap(len(told) - head - tail)] + (told[-tail:] if tail else [])
