"""A recorded trace as lines to read, in the words of the target's own model."""

import json
from dataclasses import dataclass

from .names import EVENTS, plural

_SHOWN_ELSEWHERE = ("event", "c", "n", "sum", "listener")


@dataclass(frozen=True)
class Line:
    code: str         # CM, DR …
    name: str         # connection_made, connect_cb …
    detail: str
    connection: str   # only where the trace has several connections


def _value(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _detail(event):
    parts = []
    for key, value in event.items():
        if key in _SHOWN_ELSEWHERE or value == "":
            continue
        if event["event"] == "CL" and ((key, value) == ("cause", "none") or (key, value) == ("message", "None")):
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
    for index, event in enumerate(trace):
        if run and not (_plain(event) and _plain(run[0][1]) and event.get("c") == run[0][1].get("c")):
            yield run
            run = []
        run.append((index, event))
    if run:
        yield run


def told(trace, style):
    """(Line, its events, their places in the trace) of each line."""
    names = EVENTS.get(style, {})
    several = len({event.get("c") for event in trace if "c" in event}) > 1
    found = []
    for run in _runs(trace):
        events = [event for _, event in run]
        event = _joined(events)
        found.append((Line(event["event"], names.get(event["event"], ""), _detail(event),
                           str(event["c"]) if several and "c" in event else ""), events, [index for index, _ in run]))
    return found
