"""Runs the plan: rounds of samples, counts, curves; gives rows, curves and the noise floor."""

from . import callgrind, counts, crowd, curves, document, plan, schedule
from .process import Failed
from .samples import Sampler
from .servers import AGAIN, BARE, PEERS, STYLES

SEED = 20240229  # of the resampling; any will do, the same makes a run's intervals repeatable


def all_rows(mode):
    """Every row that a mode has, whoever is installed."""
    rows = [row for work in plan.WORKS if work.pairs[mode] for row in plan.timed_rows(work, mode)]
    rows += [row for work in counts.COUNT_WORKS if mode in work.modes for row in counts.rows(work)]
    rows += curves.memory_rows() + curves.latency_rows()
    return rows if mode == "quick" else rows + counts.workers_rows() + crowd.rows()


class Runner:
    """One run in one mode. `failed` tells of samples that could not be taken, as (what, why)."""

    def __init__(self, programs, servers, cpus, mode, pattern, progress):
        server_cpus, load_cpus = cpus
        self.mode, self.pattern, self.progress = mode, pattern, progress
        self.servers = servers
        self.sampler = Sampler(programs, servers, server_cpus, load_cpus)
        self.counter = counts.Counter(programs, servers, server_cpus, load_cpus)
        self.curves = curves.Curves(programs, servers, load_cpus)
        self.crowd = crowd.Crowd(programs, servers, load_cpus)
        self.rows, self.noise, self.missing = [], [], {}
        self.latency, self.memory, self.budget = [], [], []

    def run(self):
        for work in plan.WORKS:
            if work.pairs[self.mode]:
                self._timed(work)
        for work in counts.COUNT_WORKS:
            if self.mode in work.modes:
                self._counts(work)
        self._workers()
        self._budget()
        self._memory()
        self._latency()
        self._crowd()

    def _wanted(self, rows):
        """Those that the filter asks for and whose server is there."""
        kept = []
        for row in rows:
            if not schedule.wanted(row.id, self.pattern):
                continue
            if row.against in PEERS:
                if row.against not in self.missing:
                    self.progress.tell(f"looking for {row.against}")
                    self.missing[row.against] = self.servers.missing(row.against)
                if self.missing[row.against]:
                    continue
            kept.append(row)
        return kept

    # Times: rounds of all servers of a work.

    def _timed(self, work):
        self.progress.begin(work.words)
        rows = self._wanted(plan.timed_rows(work, self.mode))
        if not rows:
            return
        names = _unique([row.subject for row in rows] + [row.against for row in rows])
        if work.name in plan.NOISE_OF[self.mode]:
            names.append(STYLES[0] + AGAIN)
        samples = self._rounds(work, names)
        for row in rows:
            if row.subject in samples and row.against in samples:
                self.rows.append(document.row(row, samples[row.subject], samples[row.against], seed=SEED))
        if names[-1].endswith(AGAIN) and STYLES[0] in samples:
            self.noise.append(document.noise(work.name, work.metric, samples[STYLES[0]], samples[names[-1]], SEED))

    def _rounds(self, work, names):
        """Samples by server, one a round. A peer that fails is left out from then on, and named; ours must not fail."""
        settings = plan.settings(work, self.mode)
        samples = {name: [] for name in names}
        pairs = work.pairs[self.mode]
        for number, order in enumerate(schedule.rounds(names, pairs)):
            for name in order:
                if name not in samples:
                    continue
                self.progress.tell(f"round {number + 1} of {pairs}, {name.removesuffix(AGAIN)}")
                try:
                    samples[name].append(self.sampler.take(work, name, settings))
                except Failed as why:
                    if name not in PEERS:
                        raise Failed(f"{work.name}, {name}: {why}") from why
                    self.missing[name] = str(why)
                    del samples[name]
        return samples

    # Counts.

    def _counts(self, work):
        self.progress.begin(f"counting: {work.words}")
        for row in self._wanted(counts.rows(work)):
            self.progress.tell(f"{row.metric.name} of {row.subject}")
            subject = self.counter.value(work, row.metric, row.subject)
            against = self.counter.value(work, row.metric, row.against)
            self.rows.append(document.row(row, [subject], [against] if against else None, seed=SEED))
            if not against:
                self.rows[-1]["against_value"] = against

    def _workers(self):
        rows = self._wanted(counts.workers_rows()) if self.mode != "quick" else []
        if rows:
            self.progress.begin("counting: two workers over one")
        for row in rows:
            one, two = (self.counter.workers(row.subject, workers) for workers in (1, 2))
            self.rows.append(document.row(row, [two], [one], seed=SEED))

    def _budget(self):
        """Where the instructions of one keep-alive request go; those of the counted rows, not counted again."""
        work = counts.COUNT_WORKS[0]
        if not self._wanted(counts.rows(work)[:1]):
            return
        for server in STYLES + BARE:
            self.progress.tell(f"instructions of {server} by function")
            costs = self.counter.functions(work, server)
            self.budget.append({"server": server, "work": work.name, "instructions_per_request": round(sum(costs.values()), 1),
                                "functions": callgrind.budget(costs)})

    # Curves.

    def _memory(self):
        rows = self._wanted(curves.memory_rows())
        if not rows:
            return
        self.progress.begin("memory of idle connections")
        points = {}
        for server in _unique([row.subject for row in rows] + [row.against for row in rows]):
            self.progress.tell(server)
            points[server] = self.curves.memory(server)
            self.memory.append({"server": server, "points": points[server]})
        for row in rows:
            self.rows.append(document.row(row, [curves.slope(points[row.subject])], [curves.slope(points[row.against])],
                                          seed=SEED))

    def _latency(self):
        rows = self._wanted(curves.latency_rows())
        if not rows:
            return
        self.progress.begin("latency at a given rate")
        pairs, seconds = plan.by_mode(3, 3, 9)[self.mode], curves.SECONDS[self.mode]
        most = {row.against: self.curves.full_load(row.against) for row in rows}
        for row in rows:
            rate = most[row.against] / 2
            samples = {row.subject: [], row.against: []}
            for order in schedule.rounds([row.subject, row.against], pairs):
                for name in order:
                    self.progress.tell(f"{name} at {rate:.0f}/s")
                    samples[name].append(self.curves.latency(name, rate, seconds)["p99_us"])
            self.rows.append(document.row(row, samples[row.subject], samples[row.against], seed=SEED,
                                          note=f"at {rate:.0f} requests a second"))
        highest = min(most.values())
        for server in _unique([row.subject for row in rows] + [row.against for row in rows]):
            points = []
            for share in curves.SHARES[self.mode]:
                self.progress.tell(f"{server} at {share * highest:.0f}/s")
                points.append(self.curves.latency(server, share * highest, seconds))
            self.latency.append({"server": server, "points": points})

    def _crowd(self):
        rows = self._wanted(crowd.rows()) if self.mode != "quick" else []
        if rows:
            self.progress.begin("10,000 connections over 64")
        for row in rows:
            few, many = [], []
            for number, order in enumerate(schedule.rounds([64, 10_000], plan.by_mode(0, 3, 9)[self.mode])):
                for connections in order:
                    self.progress.tell(f"{row.subject}, {connections} connections, round {number + 1}")
                    (few if connections == 64 else many).append(self.crowd.sample(row.subject, connections))
            self.rows.append(document.row(row, many, few, seed=SEED, note="against the same server with 64 connections"))


def _unique(names):
    return list(dict.fromkeys(names))
