"""What adapters in Python share: lines in and out, and the server script's frame.

What is left to write is what a loop does: its callbacks, which call `tell` and `run_event`, and `perform`.
"""

import json
import sys
import threading

PATTERN = bytes(range(251))
ACTIONS = {"write", "writelines", "write_until_paused", "echo", "write_eof", "close", "abort", "pause_reading",
           "resume_reading", "set_limits", "is_closing", "is_reading", "buffer_size", "limits", "return", "raise",
           "later", "soon", "set_protocol", "stop_listener", "note"}


class Raised(Exception):
    """What ["raise", text] throws out of a callback."""


def say(line):
    sys.__stdout__.write(json.dumps(line) + "\n")
    sys.__stdout__.flush()


def error(kind, message, **fields):
    return {"reply": "error", **fields, "kind": kind, "message": message}


def read_requests(take, end):
    """Calls `take(line)` for each line of the standard input and `end()` behind the last, from a thread of its own."""

    def read():
        for line in sys.stdin:
            take(line)
        end()

    threading.Thread(target=read, daemon=True).start()


def kind_of(raised):
    for kind, name in ((ValueError, "value-error"), (TypeError, "type-error"), (OSError, "os-error")):
        if isinstance(raised, kind):
            return name
    return "runtime-error"


def unknown_action(script, actions=frozenset(ACTIONS)):
    """The first action of a server script that is not one of `actions`, or None."""
    lists = list(script.get("on", {}).values())
    lists += [each for nth in script.get("on_nth", {}).values() for each in nth.values()]
    while lists:
        for name, *given in lists.pop():
            if name not in actions:
                return name
            if name in ("later", "soon"):
                lists.append(given[-1])
    return None


class Scripted:
    """One connection's script. `perform(name, *args)` does one action."""

    def __init__(self, script):
        self.script = script
        self.number = -1  # of the connection, once it is made
        self.events = self.written = 0
        self.counts = {}
        self.received = b""
        self.returned = None
        self.paused = self.lost = False

    def perform(self, name, *args):
        raise NotImplementedError

    def tell(self, event, **fields):
        say({"event": event, "c": self.number, "n": self.events, **fields})
        self.events += 1

    def run_event(self, event):
        self.counts[event] = self.counts.get(event, 0) + 1
        nth = self.script.get("on_nth", {}).get(event, {}).get(str(self.counts[event]))
        self.run(nth if nth is not None else self.script.get("on", {}).get(event, []))

    def run(self, actions):
        for action in actions:
            if action[0] == "raise":
                raise Raised(action[1])
            try:
                self.perform(*action)
            except Raised:
                raise
            except Exception as raised:  # pylint: disable=broad-except
                self.tell("RT", action=action[0], raised=kind_of(raised), message=str(raised))

    def octets(self, count):
        """The next ones of the stream."""
        start = self.written % len(PATTERN)
        self.written += count
        return (PATTERN * (count // len(PATTERN) + 2))[start:start + count]

    def until_paused(self, piece, most, write):
        done = 0
        while done < most and not self.paused:
            write(self.octets(piece))
            done += piece
