"""How things are called in front of readers."""

import math
import re
from dataclasses import dataclass

VERDICTS = ("fail", "harness-error", "flaky", "stale", "warn", "differs", "not-offered", "pass")
"""All verdicts, the ones that need a reader's eye first."""


@dataclass(frozen=True)
class VerdictWord:
    word: str
    mark: str
    meaning: str


WORDS = {
    "pass": VerdictWord("pass", "✓", "the trace and the peer's record keep every rule"),
    "fail": VerdictWord("fail", "✕", "a rule was broken"),
    "differs": VerdictWord("differs", "≠", "a documented difference, of the model or a known defect of another implementation, with its reason"),
    "not-offered": VerdictWord("not offered", "–", "the target does not have what the scenario needs"),
    "stale": VerdictWord("stale", "?", "a difference is documented that no longer shows"),
    "harness-error": VerdictWord("kit error", "!", "the kit could not run the scenario"),
    "flaky": VerdictWord("flaky", "~", "repeated, it gave other verdicts"),
    "warn": VerdictWord("warn", "△", "a SHOULD was not kept"),
    "none": VerdictWord("not played", "·", "the file holds no result for this pair"),
}



def marks_css():
    """The sign before each verdict's word, which says the same to eyes only."""
    return "".join(f'.verdict.v-{verdict}::before {{ content: "{word.mark}" / ""; }}\n' for verdict, word in WORDS.items())


EVENTS = {
    "protocol": {"CM": "connection_made", "DR": "data_received", "ER": "eof_received", "PW": "pause_writing",
                 "RW": "resume_writing", "CL": "connection_lost", "EX": "exception handler"},
    "callback": {"CM": "connect_cb", "DR": "read_cb", "ER": "event_cb (eof)", "PW": "pause_write_cb",
                 "RW": "resume_write_cb", "CL": "close_cb", "EV": "event_cb", "EX": "nobody handled it"},
}
"""What each event of a trace is called in either model."""

STYLES = ("asio_style", "cl_async_style")
BASELINES = {"asio_style": "bare_asio", "cl_async_style": "bare_libuv"}
FLOOR = "bare_epoll"
SERVERS = {"asio_style": "asio_style", "cl_async_style": "cl_async_style", "bare_asio": "bare Asio",
           "bare_libuv": "bare libuv", "bare_epoll": "bare epoll",
           "bare_asio_llhttp": "bare Asio, llhttp alone", "bare_libuv_llhttp": "bare libuv, llhttp alone",
           "bare_epoll_llhttp": "bare epoll, llhttp alone", "nginx": "nginx", "h2o": "h2o", "node_http": "Node.js",
           "go_net_http": "Go net/http", "uvloop_httptools": "uvloop + httptools", "asyncio_httptools": "asyncio + httptools",
           "aiohttp": "aiohttp"}
IDEAS = {
    "asio_style": "asyncio’s shape: a factory makes an object for each connection, and the object is told.",
    "cl_async_style": "cl-async’s shape: functions are registered once at the listener and handed the socket each time.",
}


def server(name):
    """A server in words; no name is the same server under other circumstances, which the row's note tells."""
    if not name:
        return "itself"
    return SERVERS.get(name, name.replace("_", " "))


def case(name):
    """A benchmark's case in words: http_keep_alive/64conn is "HTTP keep-alive, 64 connections"."""
    return ", ".join(_words(part) for part in name.split("/"))


def case_title(name):
    """The same at the beginning of a line."""
    return first_upper(case(name))


def first_upper(words):
    return words[:1].upper() + words[1:]


def _words(part):
    counted = re.fullmatch(r"(\d+)_?conns?", part)
    if counted:
        return f"{counted[1]} connection{'' if counted[1] == '1' else 's'}"
    sized = re.fullmatch(r"(\d+)_?(B|KiB|MiB|GiB)", part)
    if sized:
        return f"{sized[1]} {'octets' if sized[2] == 'B' else sized[2]}"
    words = part.replace("keep_alive", "keep-alive").replace("_", " ")
    return re.sub(r"\b(http|tls|tcp|udp)\b", lambda found: found[1].upper(), words, flags=re.IGNORECASE)


_METRICS = {"cpu_per_message": "CPU time per message", "requests_per_cpu_second": "requests per CPU second",
            "octets_per_cpu_second": "octets per CPU second", "p99_latency": "99th percentile of the latency",
            "octets_copied_per_request": "octets copied", "memory_per_connection": "memory of an idle connection",
            "cpu_per_request": "CPU time per request", "syscalls_per_request": "system calls", "time_per_request": "time per request",
            "allocations_per_request": "allocations", "instructions_per_request": "instructions", "rss_bytes": "resident memory",
            "throughput": "requests per second"}


def metric(name):
    """A metric's name in words; unknown ones only lose their underscores."""
    return _METRICS.get(name, re.sub(r"\bcpu\b", "CPU", name.replace("_", " ")))


_UNITS = {"us": 1e3, "µs": 1e3, "ns": 1, "ms": 1e6, "s": 1e9}


def quantity(value, unit):
    """A value with its unit, as people read it."""
    if unit in _UNITS:
        return duration(value * _UNITS[unit])
    if unit in ("bytes", "B"):
        return octets(value)
    if unit == "B/s":
        return f"{octets(value)}/s"
    if unit.startswith("1/"):
        return f"{number(value)}{unit[1:]}"
    return number(value) + (f" {unit.replace('_', ' ')}" if unit and unit not in ("1", "count") else "")


def octets(value):
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if abs(value) >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value)} octets"


def number(value):
    """Three figures that count, at most three decimals, thousands set apart: 0.031, 2.50, 18,400."""
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return "<0.001" if value > 0 else ">-0.001"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(max(digits, 0), 3)}f}"


def duration(nanoseconds):
    """A time with the unit that keeps it short."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{number(nanoseconds / size)} {unit}"
    return f"{number(nanoseconds)} ns"


def share(value):
    return f"{value * 100:.1f} %"


def ratio(value):
    return f"{value:.2f}×"


def ratio_beside(value, wanted):
    """A ratio that stands beside what was wanted: with a third decimal where two would hide which is larger."""
    return f"{value:.3f}×" if f"{value:.2f}" == f"{wanted:.2f}" and value != wanted else ratio(value)


def plural(count, noun, many=None):
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def listing(words):
    """"a", "a and b", "a, b and c"."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"


class Slugs:
    """Element ids: readable, safe in a URL, never twice the same."""

    def __init__(self):
        self._owner = {}

    def of(self, *names):
        base = re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(names)).strip("-").lower() or "x"
        slug, count = base, 1
        while self._owner.setdefault(slug, names) != names:
            count += 1
            slug = f"{base}-{count}"
        return slug
