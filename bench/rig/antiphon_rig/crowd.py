"""What a request costs among 10,000 kept connections, over what it costs among 64."""

from . import loads
from .plan import CPU, Row, Target
from .servers import STYLES

WORK = "keep_alive/10000conn"
REQUESTS = 100_000


def rows():
    return [Row(WORK, CPU, style, None, Target("<=", 1.3), "server CPU time per request: 10,000 connections over 64")
            for style in STYLES]


class Crowd:
    def __init__(self, programs, servers, load_cpus):
        self.programs, self.servers, self.load_cpus = programs, servers, load_cpus

    def sample(self, server, connections):
        """Microseconds of one request; every connection has been used before."""
        with self.servers.run(server) as (process, port):
            used = loads.own(self.programs, "closed_loop", port, self.load_cpus, server=process, connections=connections,
                             requests=REQUESTS, warm=2)
        return used["cpu_ns"] / used["requests"] / 1e3
