"""Counts, which hold on any machine: the same octets always meet the same server.

A batch is sent while the server sleeps (one connection) or is stopped (several), so that nothing depends on who was
faster; see held_batches in load/loads.hpp.
"""

import dataclasses
import os
import tempfile

from . import callgrind, loads, stats
from .plan import ALLOCATIONS, COPIED, INSTRUCTIONS, SYSCALLS, Row, Target
from .servers import BARE_OF, LLHTTP, STYLES

TIMES = 3  # a timer that strikes meanwhile adds a call: the least of so many runs has none


@dataclasses.dataclass(frozen=True)
class CountWork:
    """A load, what is counted under it, and what the styles' counts must be."""

    name: str
    words: str
    service: str
    load: str
    options: dict
    targets: dict  # by metric; None: told, not judged
    modes: tuple = ("quick", "default", "full")
    not_quick: tuple = ()  # metrics
    epoll: bool = False  # instructions beside bare epoll, too


def _held(connections=1, **options):
    return {"connections": connections, "warm": 20, **options}


BARE_NOT_MORE = Target("<=", 1.10)
COUNT_WORKS = (
    CountWork("keep_alive/1conn", "keep-alive GET", "http", "held", _held(requests=400),
              {INSTRUCTIONS: Target("<=", 1.25), SYSCALLS: None}),
    CountWork("keep_alive/64conn", "keep-alive GET, 64 ready at once", "http", "held", _held(64, requests=6400),
              {INSTRUCTIONS: Target("<=", 1.25), SYSCALLS: Target("<=", 2.1, "value"), ALLOCATIONS: Target("<=", 0, "value"), COPIED: None},
              not_quick=(INSTRUCTIONS,)),
    CountWork("echo_64B/1conn", "echo of 64 B", "echo", "held", _held(requests=400, echo=True, size=64),
              {INSTRUCTIONS: BARE_NOT_MORE, SYSCALLS: None, ALLOCATIONS: None}),
    CountWork("echo_64B/64conn", "echo of 64 B, 64 ready at once", "echo", "held", _held(64, requests=6400, echo=True, size=64),
              {INSTRUCTIONS: BARE_NOT_MORE, SYSCALLS: None}, ("default", "full")),
    CountWork("echo_16KiB/1conn", "echo of 16 KiB", "echo", "held", _held(requests=200, echo=True, size=16384),
              {INSTRUCTIONS: BARE_NOT_MORE, SYSCALLS: None, ALLOCATIONS: None}, ("default", "full")),
    CountWork("echo_1MiB/1conn", "echo of 1 MiB", "echo", "held", _held(requests=40, echo=True, size=1 << 20),
              {INSTRUCTIONS: BARE_NOT_MORE}, ("default", "full")),
    CountWork("pipelined_32/1conn", "32 requests pipelined", "http", "held", _held(requests=6400, depth=32),
              {INSTRUCTIONS: None, SYSCALLS: None, ALLOCATIONS: None}, ("default", "full"), epoll=True),
    CountWork("connection_per_request/1conn", "one request a connection", "http", "connection_per_request",
              {"requests": 200, "warm": 20}, {INSTRUCTIONS: None, SYSCALLS: None, ALLOCATIONS: None}, ("default", "full")),
)


def rows(work, mode="full"):
    """The rows of a count work: each style beside its bare library; keep-alive instructions beside llhttp alone, too."""
    found = []
    for style in STYLES:
        for metric, target in work.targets.items():
            if mode == "quick" and metric in work.not_quick:
                continue
            others = [BARE_OF[style]]
            if metric == INSTRUCTIONS and mode != "quick":
                others += [BARE_OF[style] + LLHTTP] if work.name.startswith("keep_alive/") else []
                others += ["bare_epoll"] if work.epoll else []
            found += [Row(work.name, metric, style, other, target, f"{metric.words}: {work.words}") for other in others]
    return found


def budget_work(mode):
    """Whose instructions are told by function: as many connections as can be counted in this mode."""
    return next(work for work in reversed(COUNT_WORKS) if work.name.startswith("keep_alive/") and
                any(row.metric == INSTRUCTIONS for row in rows(work, mode)))


ALLOCATORS = ("malloc", "calloc", "realloc")
SUMS = ("syscalls", "allocations", "octets_copied")


def breakdown(metric, columns):
    """The data of a row of system calls or allocations: {server: counts of one request} as one part a function."""
    if metric not in (SYSCALLS, ALLOCATIONS):
        return None
    names = [name for name in next(iter(columns.values())) if name not in SUMS and (name in ALLOCATORS) == (metric == ALLOCATIONS)]
    values = {name: [max(0.0, round(found[name], 2)) for found in columns.values()] for name in names}
    return {"columns": list(columns), "parts": [{"name": name, "unit": "1", "values": one} for name, one in values.items() if any(one)]}


class Counter:
    """Counts on one machine; keeps what it counted, as several rows need it."""

    def __init__(self, programs, servers, server_cpus, load_cpus):
        self.programs, self.servers = programs, servers
        self.server_cpus, self.load_cpus = server_cpus, load_cpus
        self._functions = {}
        self._counts = {}

    def functions(self, work, server):
        """Instructions of one request, by (function, library)."""
        key = work.name, server
        if key not in self._functions:
            options = {**work.options, "requests": max(work.options["requests"] // 2, 20 * work.options.get("depth", 1))}
            requests = options.pop("requests")
            self._functions[key] = callgrind.per_request(self.programs, self.server_cpus, server, work.service, work.load,
                                                         requests, **options)
        return self._functions[key]

    def instructions(self, work, server):
        return sum(self.functions(work, server).values())

    def counted(self, work, server):
        """System calls, allocations and octets copied of one request: the slope of two run lengths."""
        key = work.name, server
        if key not in self._counts:
            few = self._least(work, server, work.options["requests"])
            many = self._least(work, server, 3 * work.options["requests"])
            self._counts[key] = {name: stats.slope((few["requests"], few[name]), (many["requests"], many[name]))
                                 for name in few if name != "requests"}
        return self._counts[key]

    def _least(self, work, server, requests):
        runs = [self._count_once(work, server, requests) for _ in range(TIMES)]
        return {name: min(run[name] for run in runs) for name in runs[0]}

    def value(self, work, metric, server):
        if metric == INSTRUCTIONS:
            return self.instructions(work, server)
        name = {SYSCALLS: "syscalls", ALLOCATIONS: "allocations", COPIED: "octets_copied"}[metric]
        return max(0.0, round(self.counted(work, server)[name], 2))  # a timer that strikes now and then is less

    def _count_once(self, work, server, requests):
        with tempfile.TemporaryDirectory() as folder:
            counts = os.path.join(folder, "counts")
            with self.servers.run(server, work.service, counts=counts) as (process, port):
                options = {**work.options, "requests": requests}
                done = loads.own(self.programs, work.load, port, self.load_cpus, server=process, counts=counts, **options)
        return {name: value for name, value in done.items() if name not in ("seconds", "cpu_ns", "octets")}
