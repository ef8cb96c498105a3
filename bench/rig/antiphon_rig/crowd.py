"""What a request costs among 10,000 kept connections, over what it costs among 64: of both styles and, beside them, of their bare
libraries, whose sockets the kernel has to find just so."""

from . import loads
from .plan import CPU, Row, Target, by_mode
from .samples import sample
from .servers import BARE_OF, STYLES

WORK = "keep_alive/10000conn"
REQUESTS = 100_000
FEW, MANY = 64, 10_000
PAIRS = by_mode(0, 3, 9)


def rows():
    words = "server CPU time per request: 10,000 connections over 64"
    return [Row(WORK, CPU, server, None, target, words) for style in STYLES
            for server, target in ((style, Target("<=", 1.3)), (BARE_OF[style], None))]


class Crowd:
    def __init__(self, programs, servers, load_cpus):
        self.programs, self.servers, self.load_cpus = programs, servers, load_cpus

    def sample(self, server, connections):
        """Every connection has been used before."""
        with self.servers.run(server) as (process, port):
            before = process.times()
            used = loads.own(self.programs, "closed_loop", port, self.load_cpus, server=process, connections=connections,
                             requests=REQUESTS, warm=2)
            user, system = (now - then for then, now in zip(before, process.times()))
        return sample(CPU, {**used, "user": user, "system": system})
