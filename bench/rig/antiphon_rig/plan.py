"""What is measured: every row of the table, as data, and how much of it in each mode."""

import dataclasses

from .servers import BARE, BARE_OF, LLHTTP, LLHTTP_ALONE, PEERS, STYLES

MODES = ("quick", "default", "full")


@dataclasses.dataclass(frozen=True)
class Target:
    """What a figure must be."""

    op: str
    value: float
    of: str = "ratio"


@dataclasses.dataclass(frozen=True)
class Metric:
    """What is told of a sample."""

    name: str
    unit: str
    better: str
    kind: str
    words: str


CPU = Metric("cpu_per_request", "us", "lower", "time", "server CPU time per request")
CPU_MESSAGE = Metric("cpu_per_message", "us", "lower", "time", "server CPU time per message")
RATE = Metric("requests_per_cpu_second", "1/s", "higher", "time", "requests per CPU second of the server")
OCTETS = Metric("octets_per_cpu_second", "B/s", "higher", "time", "octets per CPU second of the server")
P99 = Metric("p99_latency", "us", "lower", "time", "99th percentile of the latency")
INSTRUCTIONS = Metric("instructions_per_request", "1", "lower", "count", "user instructions per request")
SYSCALLS = Metric("syscalls_per_request", "1", "lower", "count", "system calls per request")
ALLOCATIONS = Metric("allocations_per_request", "1", "lower", "count", "heap allocations per request")
COPIED = Metric("octets_copied_per_request", "B", "lower", "count", "octets copied per request")
LOCKS = Metric("locks_per_request", "1", "lower", "count", "lock calls per request")
SHARED_LOCKS = Metric("shared_locks_per_request", "1", "lower", "count", "lock calls per request of a lock that another thread held last")
FUTEXES = Metric("futexes_per_request", "1", "lower", "count", "futex system calls per request")
MEMORY = Metric("memory_per_connection", "B", "lower", "count", "resident memory of one idle connection")
UNITS = {CPU: "request", RATE: "request", CPU_MESSAGE: "message", OCTETS: "MiB"}  # what CPU time is told of


@dataclasses.dataclass(frozen=True)
class Row:
    """A subject's figure, alone or against another's."""

    work: str
    metric: Metric
    subject: str
    against: str | None
    target: Target | None
    title: str

    @property
    def id(self):
        # Against its own bare library is what a row is for; every other comparison says against what.
        usual = self.against in (None, BARE_OF.get(self.subject))
        return f"{self.work}/{self.subject}/{self.metric.name}" + ("" if usual else f"/{self.against}")

    @property
    def group(self):
        """Where it stands: only `targets` are the ones that were set; the same limits over llhttp alone show what strictness costs."""
        if self.against in LLHTTP_ALONE:
            return "llhttp_alone"
        return "peers" if self.against in PEERS else "targets" if self.target else "told"


@dataclasses.dataclass(frozen=True)
class Work:
    """One load; `take` names the function of samples.py that takes a sample, with `settings`.

    `pairs` and the values of `settings` that are dicts have one entry a mode; no pairs, no work in that mode.
    """

    name: str
    take: str
    service: str
    metric: Metric
    pairs: dict
    settings: dict
    words: str


def by_mode(quick, default, full):
    return dict(zip(MODES, (quick, default, full)))


WORKS = (
    Work("keep_alive/64conn", "wrk", "http", CPU, by_mode(3, 5, 11), {"connections": 64, "seconds": 1}, "keep-alive GET, 64 connections"),
    Work("pipelined_32/16conn", "wrk", "http", RATE, by_mode(3, 5, 9),
         {"connections": 16, "depth": 32, "seconds": 1}, "32 requests pipelined, 16 connections"),
    Work("connection_per_request/16conn", "wrk", "http", RATE, by_mode(3, 5, 9),
         {"connections": 16, "headers": ("Connection: close",), "seconds": 1}, "one request a connection"),
    Work("echo_64B/64conn", "own", "echo", CPU_MESSAGE, by_mode(3, 5, 9),
         {"load": "closed_loop", "echo": True, "connections": 64, "size": 64, "warm": 5,
          "requests": by_mode(50_000, 50_000, 100_000)}, "echo of 64 B"),
    Work("echo_16KiB/16conn", "own", "echo", CPU_MESSAGE, by_mode(0, 5, 9),
         {"load": "closed_loop", "echo": True, "connections": 16, "size": 16384, "warm": 5,
          "requests": by_mode(0, 20_000, 30_000)}, "echo of 16 KiB"),
    Work("echo_1MiB/4conn", "own", "echo", CPU_MESSAGE, by_mode(0, 5, 9),
         {"load": "closed_loop", "echo": True, "connections": 4, "size": 1 << 20, "warm": 5,
          "requests": by_mode(0, 500, 1_000)}, "echo of 1 MiB"),
    Work("download_1GiB/1conn", "own", "http", OCTETS, by_mode(3, 5, 9),
         {"load": "download", "size": 1 << 30, "requests": 1}, "download of 1 GiB"),
    Work("upload_1GiB/1conn", "own", "http", OCTETS, by_mode(3, 5, 9),
         {"load": "upload", "size": 1 << 30, "requests": 1}, "upload of 1 GiB"),
)

# Of the works above: how the styles must stand to their bare library, or to bare epoll.
TARGETS = {"keep_alive/64conn": ("bare", Target("<=", 1.05)),
           "pipelined_32/16conn": ("bare_epoll", Target(">=", 0.7)),
           "connection_per_request/16conn": ("bare", Target(">=", 0.95)),
           "echo_64B/64conn": ("bare", Target("<=", 1.10)),
           "echo_16KiB/16conn": ("bare", Target("<=", 1.10)),
           "echo_1MiB/4conn": ("bare", Target("<=", 1.10)),
           "download_1GiB/1conn": ("bare", Target(">=", 0.95)),
           "upload_1GiB/1conn": ("bare", Target(">=", 0.95))}

# The further rows over a bare server with llhttp alone, which have the same limit.
ALONE_OF = {"keep_alive/64conn": {style: BARE_OF[style] + LLHTTP for style in STYLES},
            "pipelined_32/16conn": {style: "bare_epoll" + LLHTTP for style in STYLES}}

PEERS_OF = {"quick": ("nginx", "node_http", "uvloop_httptools"), "default": PEERS, "full": PEERS}
NOISE_OF = {"quick": ("keep_alive/64conn",), "default": ("keep_alive/64conn",),
            "full": ("keep_alive/64conn", "echo_64B/64conn", "download_1GiB/1conn", "connection_per_request/16conn")}


def timed_rows(work, mode):
    """The rows of one of WORKS: each style against its bare library, bare epoll, llhttp alone, and, if it is the one, the peers."""
    reference, target = TARGETS[work.name]
    rows = []
    for style in STYLES:
        wanted = BARE_OF[style] if reference == "bare" else reference
        others = [BARE_OF[style], "bare_epoll"]
        if mode != "quick" and work.name in ALONE_OF:
            others.append(ALONE_OF[work.name][style])
        for other in others:
            rows.append(Row(work.name, work.metric, style, other, target if other == wanted or other not in BARE else None,
                            f"{work.metric.words}: {work.words}"))
        for other in PEERS_OF[mode] if work.name == "keep_alive/64conn" else ():
            rows.append(Row(work.name, work.metric, style, other, Target("<", 1.0), f"{work.metric.words}: {work.words}"))
    return rows


def in_mode(value, mode):
    return value[mode] if isinstance(value, dict) and set(value) == set(MODES) else value


def settings(work, mode):
    return {name: in_mode(value, mode) for name, value in work.settings.items()}

