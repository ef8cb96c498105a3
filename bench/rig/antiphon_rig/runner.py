"""Runs the plan: rounds of samples, counts, curves; gives rows, curves and the noise floor."""

from . import callgrind, counts, crowd, curves, document, groups, notes, plan, schedule, workers
from .process import Failed
from .samples import Sampler
from .servers import AGAIN, BARE, PEERS, STYLES

SEED = 20240229  # of the resampling; any will do, the same makes a run's intervals repeatable


def all_rows(mode):
    """Every row that a mode has, whoever is installed."""
    rows = [row for work in plan.WORKS if work.pairs[mode] for row in plan.timed_rows(work, mode)]
    rows += [row for work in counts.COUNT_WORKS if mode in work.modes for row in counts.rows(work, mode)]
    rows += curves.memory_rows() + curves.latency_rows()
    return rows if mode == "quick" else rows + workers.rows() + crowd.rows()


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
        self.workers = workers.Workers(programs, server_cpus, load_cpus)
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
        notes.add_counts(self.rows)
        notes.explain(self.rows, self.noise)

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
        rows = self._wanted(plan.timed_rows(work, self.mode))
        if not rows:
            return
        self.progress.begin(work.words)
        names = _unique([row.subject for row in rows] + [row.against for row in rows])
        if work.name in plan.NOISE_OF[self.mode]:
            names.append(STYLES[0] + AGAIN)
        samples = self._rounds(work, names)
        values = {name: [one.value for one in taken] for name, taken in samples.items()}
        unit = plan.UNITS[work.metric]
        for row in rows:
            if row.subject in samples and row.against in samples:
                both = {name: samples[name] for name in (row.subject, row.against)}
                self.rows.append(document.row(row, values[row.subject], values[row.against], seed=SEED,
                                              breakdown=notes.cpu_breakdown(both, unit)))
        if names[-1].endswith(AGAIN) and STYLES[0] in samples:
            self.noise.append(document.noise(work.name, work.metric, values[STYLES[0]], values[names[-1]], SEED))

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
        rows = self._wanted(counts.rows(work, self.mode))
        if not rows:
            return
        self.progress.begin(f"counting: {work.words}")
        for row in rows:
            self.progress.tell(f"{row.metric.name} of {row.subject}")
            subject = self.counter.value(work, row.metric, row.subject)
            self.progress.tell(f"{row.metric.name} of {row.against}")
            against = self.counter.value(work, row.metric, row.against)
            both = (row.subject, row.against)
            parts = groups.breakdown({name: self.counter.functions(work, name) for name in both}) if row.metric == plan.INSTRUCTIONS else \
                counts.breakdown(row.metric, {name: self.counter.counted(work, name) for name in both})
            self.rows.append(document.row(row, [subject], [against] if against else None, seed=SEED, breakdown=parts))
            if not against:
                self.rows[-1]["against_value"] = against

    def _workers(self):
        rows = self._wanted(workers.rows()) if self.mode != "quick" else []
        if rows:
            self.progress.begin("counting: two workers")
        for row in rows:
            self.progress.tell(f"{row.metric.name} of {row.subject}")
            if row.metric == plan.INSTRUCTIONS:
                two, one = (self.workers.functions(row.subject, number) for number in (2, 1))
                self.rows.append(document.row(row, [sum(two.values())], [sum(one.values())], seed=SEED,
                                              breakdown=groups.breakdown({"two workers": two, "one worker": one})))
            elif row.metric == plan.FUTEXES:
                value, runs = self.workers.futexes(row.subject)
                self._counted_alone(row, value, workers.futex_parts(runs))
            else:
                found = self.workers.locks(row.subject)
                self._counted_alone(row, found[row.metric.name], workers.lock_parts(found))

    def _counted_alone(self, row, value, parts):
        self.rows.append(document.row(row, [value], breakdown={"columns": [row.subject], "parts": parts}))

    def _budget(self):
        """Where the instructions of one keep-alive request go; those of the counted rows, not counted again."""
        work = counts.budget_work(self.mode)
        if not self._wanted([row for row in counts.rows(work, self.mode) if row.metric == plan.INSTRUCTIONS][:1]):
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
            both = {name: points[name] for name in (row.subject, row.against)}
            self.rows.append(document.row(row, *([curves.slope(one)] for one in both.values()), seed=SEED,
                                          breakdown=curves.memory_breakdown(both)))

    def _latency(self):
        rows = self._wanted(curves.latency_rows())
        if not rows:
            return
        self.progress.begin("latency at a given rate")
        pairs, seconds = curves.PAIRS[self.mode], curves.SECONDS[self.mode]
        servers = _unique([name for row in rows for name in (row.subject, row.against)])
        most = {row.against: self.curves.full_load(row.against) for row in rows}
        rates = {name: most[row.against] / 2 for row in rows for name in (row.subject, row.against)}  # one rate for both of a pair
        again = servers[-1] + AGAIN if self.mode == "full" else None
        rates |= {again: rates[servers[-1]]} if again else {}
        points = {name: [] for name in rates}
        for number, order in enumerate(schedule.rounds(points, pairs)):
            for name in order:
                self.progress.tell(f"round {number + 1} of {pairs}, {name.removesuffix(AGAIN)} at {rates[name]:.0f}/s")
                points[name].append(self.curves.latency(name, rates[name], seconds))
        for row in rows:
            both = {name: points[name] for name in (row.subject, row.against)}
            self.rows.append(document.row(row, *([one["p99_us"] for one in rounds] for rounds in both.values()), seed=SEED,
                                          note=f"at {rates[row.subject]:.0f} requests a second", breakdown=curves.latency_breakdown(both)))
        if again:
            first, second = ([one["p99_us"] for one in points[name]] for name in (servers[-1], again))
            self.noise.append(document.noise(curves.LATENCY, plan.P99, first, second, SEED))
        highest = min(most.values())
        for server in servers:
            points = []
            for share in curves.SHARES[self.mode]:
                self.progress.tell(f"{server} at {share * highest:.0f}/s")
                points.append(self.curves.latency(server, share * highest, seconds))
            self.latency.append({"server": server, "points": points})

    def _crowd(self):
        rows = self._wanted(crowd.rows()) if self.mode != "quick" else []
        if not rows:
            return
        self.progress.begin("10,000 connections over 64")
        pairs = crowd.PAIRS[self.mode]
        samples = {(row.subject, connections): [] for row in rows for connections in (crowd.FEW, crowd.MANY)}
        for number, order in enumerate(schedule.rounds(samples, pairs)):
            for server, connections in order:
                self.progress.tell(f"round {number + 1} of {pairs}, {server}, {connections} connections")
                samples[server, connections].append(self.crowd.sample(server, connections))
        for row in rows:
            many, few = (samples[row.subject, connections] for connections in (crowd.MANY, crowd.FEW))
            self.rows.append(document.row(row, *([one.value for one in taken] for taken in (many, few)), seed=SEED,
                                          note="against the same server with 64 connections",
                                          breakdown=notes.cpu_breakdown({f"{crowd.MANY:,} connections": many, f"{crowd.FEW} connections": few}, "request")))


def _unique(names):
    return list(dict.fromkeys(names))
