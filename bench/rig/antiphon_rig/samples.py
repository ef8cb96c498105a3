"""One sample: a fresh server, warmed up, under one load."""

import dataclasses

from . import loads
from .servers import OWN

WARM_UP = 5_000  # requests: what a just-in-time compiler needs, and more than the others do


@dataclasses.dataclass(frozen=True)
class Sample:
    """`value` is the work's metric; `cpu_us` what one request, message or MiB cost, `user` which share of that was user time."""

    value: float
    cpu_us: float
    user: float


def sample(metric, used):
    """Of what the load and the kernel told: requests, octets, CPU nanoseconds, and user and system seconds."""
    cpu, requests, octets = used["cpu_ns"], used["requests"], used.get("octets", 0)
    value = {"cpu_per_request": lambda: cpu / requests / 1e3, "cpu_per_message": lambda: cpu / requests / 1e3,
             "requests_per_cpu_second": lambda: requests / cpu * 1e9, "octets_per_cpu_second": lambda: octets / cpu * 1e9}[metric.name]()
    units = octets / (1 << 20) if metric.name == "octets_per_cpu_second" else requests
    spent = used["user"] + used["system"]
    return Sample(value, cpu / units / 1e3, used["user"] / spent if spent else 0.0)


class Sampler:
    """Takes samples of one plan on one machine."""

    def __init__(self, programs, servers, server_cpus, load_cpus):
        self.programs, self.servers = programs, servers
        self.server_cpus, self.load_cpus = server_cpus, load_cpus

    def take(self, work, server, settings):
        with self.servers.run(server, work.service) as (process, port):
            return sample(work.metric, getattr(self, f"_{work.take}")(process, port, server, settings))

    def _wrk(self, process, port, server, settings):
        if server not in OWN:
            self.servers.check(server, port)
        loads.own(self.programs, "closed_loop", port, self.load_cpus, connections=16, requests=WARM_UP)
        before, times = process.cpu_ns(), process.times()
        requests = loads.wrk(port, self.load_cpus, **settings)
        return {"requests": requests, "cpu_ns": process.cpu_ns() - before, **_since(times, process)}

    def _own(self, process, port, _, settings):
        options, times = dict(settings), process.times()
        used = loads.own(self.programs, options.pop("load"), port, self.load_cpus, server=process, **options)
        return {**used, **_since(times, process)}


def _since(before, process):
    return {name: now - then for name, then, now in zip(("user", "system"), before, process.times())}
