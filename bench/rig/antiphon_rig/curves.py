"""Latency over the rate (open loop), and memory over connections."""

import subprocess

from . import loads, stats
from .plan import MEMORY, P99, Row, Target, by_mode
from .process import Failed
from .servers import BARE_OF, STYLES

LATENCY, IDLE = "latency/half_load/64conn", "idle_keep_alive/10000conn"
CONNECTIONS = 64
STEPS = (1_000, 10_000)
SHARES = by_mode((0.5,), (0.25, 0.5, 0.75), (0.1, 0.25, 0.5, 0.7, 0.8, 0.9))
SECONDS = by_mode(1, 1, 2)
PAIRS = by_mode(3, 3, 9)
MOST_MEMORY = {"asio_style": 1024, "cl_async_style": 1536}


def latency_rows():
    return [Row(LATENCY, P99, style, BARE_OF[style], Target("<=", 1.1),
                "99th percentile of the latency at half load, open loop") for style in STYLES]


def memory_rows():
    return [Row(IDLE, MEMORY, style, BARE_OF[style], Target("<=", MOST_MEMORY[style], "value"),
                "resident memory of an idle keep-alive connection: slope of 1,000 to 10,000") for style in STYLES]


class Curves:
    def __init__(self, programs, servers, load_cpus):
        self.programs, self.servers, self.load_cpus = programs, servers, load_cpus

    def full_load(self, server):
        """Answers a second of a closed loop of h2load: what it and the server can do together here."""
        with self.servers.run(server) as (_, port):
            loads.h2load(port, self.load_cpus, CONNECTIONS, 10_000)
            return loads.h2load(port, self.load_cpus, CONNECTIONS, 60_000)[1]

    def latency(self, server, rate, seconds):
        """One point: a fresh server, warmed up, at that rate."""
        with self.servers.run(server) as (_, port):
            loads.own(self.programs, "closed_loop", port, self.load_cpus, connections=16, requests=5_000)
            durations, _ = loads.h2load(port, self.load_cpus, CONNECTIONS, max(1_000, int(rate * seconds)), rate)
        return {"rate": round(rate), **loads.summary(durations)}

    def memory(self, server):
        """Resident octets with so many idle connections, each of which had one request."""
        points = []
        with self.servers.run(server) as (process, port):
            command = [self.programs.load, "idle", "--port", str(port)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
                for wanted in STEPS:
                    load.stdin.write(f"{wanted}\n")
                    load.stdin.flush()
                    if load.stdout.readline().strip() != str(wanted):
                        raise Failed(f"{server} does not hold {wanted} connections")
                    points.append({"connections": wanted, "rss_bytes": process.rss()})
                load.stdin.close()
        return points


def memory_breakdown(points):
    """Of {server: points}: what was resident with so many connections."""
    servers = list(points)
    return {"columns": servers, "parts": [
        {"name": f"resident with {points[servers[0]][step]['connections']:,} connections", "unit": "B",
         "values": [points[server][step]["rss_bytes"] for server in servers]} for step in range(len(STEPS))]}


def latency_breakdown(points):
    """Of {server: [points of its rounds]}: medians of the percentiles."""
    return {"columns": list(points), "parts": [
        {"name": name, "unit": "us", "values": [stats.median([one[key] for one in rounds]) for rounds in points.values()]}
        for name, key in (("median", "p50_us"), ("90th percentile", "p90_us"), ("99th percentile", "p99_us"), ("slowest", "max_us"))]}


def slope(points):
    """Octets of one connection."""
    return stats.slope(*((one["connections"], one["rss_bytes"]) for one in points))
