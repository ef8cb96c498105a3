"""Two workers over one: many connections spread over both; what a shared lock would show.

    instructions   by callgrind, of `antiphon serve --workers 1` and `2` under the same batches
    locks          by antiphon-bench-locks, which stands before libc's: all of them, and those of a lock that another thread held last
    futex          the system calls by strace, which sees also what libc does inside
"""

import os
import re
import signal
import struct
import tempfile

from . import callgrind, loads, stats
from .plan import FUTEXES, INSTRUCTIONS, LOCKS, SHARED_LOCKS, Row, Target
from .process import Failed, Process
from .servers import STYLES

WORK = "keep_alive/64conn/2workers"
CONNECTIONS = 64
WORKERS = "two workers, 64 connections spread over both"
RUNS = (20_000, 60_000)  # requests of the two run lengths


def rows():
    """Each style's, the instructions beside one worker's."""
    none = Target("<=", 0, "value")
    return [Row(WORK, metric, style, None, target, f"{metric.words}: {words}") for style in STYLES
            for metric, target, words in ((INSTRUCTIONS, Target("<=", 1.02), f"{WORKERS}, over one worker"),
                                          (SHARED_LOCKS, none, WORKERS), (FUTEXES, none, WORKERS), (LOCKS, None, WORKERS))]


def count_futexes(text):
    """System calls in what `strace -f -e trace=futex` wrote; one that waited stands on two lines."""
    return len(re.findall(r"^\d+ +futex\(", text, re.MULTILINE))


def least_busy(before, after):
    """Share of the CPU time that the less busy of the two busiest threads had: 0.5 if both did the same."""
    used = sorted((after[task] - before.get(task, 0) for task in after), reverse=True)[:2]
    return used[1] / sum(used) if len(used) == 2 and sum(used) else 0.0


class Workers:
    """Counts what one request costs where loops share a port; the connections are spread by the kernel (SO_REUSEPORT)."""

    def __init__(self, programs, cpus, load_cpus):
        self.programs, self.cpus, self.load_cpus = programs, cpus, load_cpus
        self._locks = {}

    def command(self, style, workers=2):
        return callgrind.server_command(self.programs, ("antiphon serve", {"asio_style": "asio", "cl_async_style": "cl-async"}[style], workers), "http")

    def functions(self, style, workers):
        """Instructions of one request, by function."""
        server = ("antiphon serve", {"asio_style": "asio", "cl_async_style": "cl-async"}[style], workers)
        return callgrind.per_request(self.programs, self.cpus, server, "http", "held", 3_200, connections=CONNECTIONS, warm=20)

    def _under_load(self, command, requests, environment=None):
        """One server under a closed loop on both cores, ended before this returns. (requests answered, share of the less busy worker)."""
        cpus = sorted(set(self.cpus) | set(self.load_cpus))
        with Process(command, cpus, environment) as process:
            port = process.wait_for_port()
            before = process.thread_times()
            done = loads.own(self.programs, "closed_loop", port, self.load_cpus, connections=CONNECTIONS, warm=20, requests=requests)
            share = least_busy(before, process.thread_times())
            process.stop(signal.SIGTERM)
        return done["requests"], share

    def locks(self, style):
        """{all, shared: slopes; runs: [(requests, all, shared)]; share of the less busy worker}."""
        if style not in self._locks:
            runs, share = [], 1.0
            for requests in RUNS:
                with tempfile.TemporaryDirectory() as folder:
                    out = os.path.join(folder, "locks")
                    done, had = self._under_load(self.command(style), requests,
                                                 {"LD_PRELOAD": self.programs.locks, "ANTIPHON_BENCH_LOCKS": out})
                    with open(out, "rb") as file:
                        runs.append((done, *struct.unpack("<2Q", file.read(16))))
                    share = min(share, had)
            every, shared = slopes(runs)
            self._locks[style] = {LOCKS.name: every, SHARED_LOCKS.name: shared, "runs": runs, "share": share}
        return self._locks[style]

    def futexes(self, style):
        """(of one request, [(requests, system calls) of both runs])."""
        runs = []
        for requests in RUNS:
            with tempfile.TemporaryDirectory() as folder:
                out = os.path.join(folder, "trace")
                done, _ = self._under_load(["strace", "-f", "--seccomp-bpf", "-e", "trace=futex", "-o", out, *self.command(style)], requests)
                with open(out, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                if "exited with" not in text and "killed by" not in text:
                    raise Failed("strace did not see the server's end")
                runs.append((done, count_futexes(text)))
        return slopes(runs)[0], runs


def slopes(runs):
    """Of two runs' (requests, count...): what one request costs of each count. What start and end scatter by is below a hundredth."""
    (few, *before), (many, *after) = runs
    return tuple(max(0.0, round(stats.slope((few, first), (many, last)), 2)) for first, last in zip(before, after))


def lock_parts(found):
    """The data of the lock rows."""
    parts = [{"name": f"{what}, in all of a run of {run[0]:,} requests", "unit": "1", "values": [run[column]]}
             for run in found["runs"] for column, what in ((1, "lock calls"), (2, "of a lock that another thread held last"))]
    return parts + [{"name": "share of the CPU time that the less busy worker had", "unit": "%", "values": [round(100 * found["share"], 1)]}]


def futex_parts(runs):
    return [{"name": f"futex calls, in all of a run of {requests:,} requests", "unit": "1", "values": [calls]} for requests, calls in runs]
