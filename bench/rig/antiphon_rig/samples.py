"""One sample: a fresh server, warmed up, under one load. What each function returns is the work's metric."""

from . import loads
from .servers import BARE, STYLES

WARM_UP = 5_000  # requests: what a just-in-time compiler needs, and more than the others do


class Sampler:
    """Takes samples of one plan on one machine."""

    def __init__(self, programs, servers, server_cpus, load_cpus):
        self.programs, self.servers = programs, servers
        self.server_cpus, self.load_cpus = server_cpus, load_cpus

    def take(self, work, server, settings):
        with self.servers.run(server, work.service) as (process, port):
            used = getattr(self, f"_{work.take}")(process, port, server, settings)
        return {"cpu_per_request": lambda: used["cpu_ns"] / used["requests"] / 1e3,
                "cpu_per_message": lambda: used["cpu_ns"] / used["requests"] / 1e3,
                "requests_per_cpu_second": lambda: used["requests"] / used["cpu_ns"] * 1e9,
                "octets_per_cpu_second": lambda: used["octets"] / used["cpu_ns"] * 1e9}[work.metric.name]()

    def _wrk(self, process, port, server, settings):
        if server not in STYLES + BARE:
            self.servers.check(port)
        loads.own(self.programs, "closed_loop", port, self.load_cpus, connections=16, requests=WARM_UP)
        before = process.cpu_ns()
        requests = loads.wrk(port, self.load_cpus, **settings)
        return {"requests": requests, "cpu_ns": process.cpu_ns() - before}

    def _own(self, process, port, _, settings):
        options = dict(settings)
        return loads.own(self.programs, options.pop("load"), port, self.load_cpus, server=process, **options)
