"""How long a run takes, from its plan: what is told at the start. Seconds are of the machine that the docs' figures are of."""

from . import counts, crowd, curves, plan, schedule, workers

START = 0.4  # a server's start and end, the warm-up, the load's own start
CALLGRIND = 3.5  # both run lengths of one server, all in
COUNT = 1.5  # the short runs of one server with counters
CONFORMANCE = {"quick": 25, "default": 25, "full": 25}
MICRO = {"quick": 8, "default": 25, "full": 75}
CROWD_SAMPLE = 2.6
MEMORY_SERVER = 2.5
OTHER_LOADS = {"quick": 0.6, "default": 0.7, "full": 1.0}  # a sample of a load that is so many requests


def seconds(mode, pattern=None, micro=True):
    """Of the rows that a filter wants."""
    def wanted(rows):
        return [row for row in rows if schedule.wanted(row.id, pattern)]

    total = CONFORMANCE[mode] + (MICRO[mode] if micro and pattern is None else 0)
    for work in plan.WORKS:
        rows = wanted(plan.timed_rows(work, mode)) if work.pairs[mode] else []
        servers = {name for row in rows for name in (row.subject, row.against)}
        again = work.name in plan.NOISE_OF[mode] and bool(rows)
        total += work.pairs[mode] * (len(servers) + again) * (START + plan.settings(work, mode).get("seconds", OTHER_LOADS[mode]))
    for work in counts.COUNT_WORKS:
        rows = wanted(counts.rows(work, mode)) if mode in work.modes else []
        total += CALLGRIND * len({name for row in rows if row.metric == plan.INSTRUCTIONS for name in (row.subject, row.against)})
        total += COUNT * len({name for row in rows if row.metric != plan.INSTRUCTIONS for name in (row.subject, row.against)})
    if rows := wanted(workers.rows()) if mode != "quick" else []:
        total += 15 * len({row.subject for row in rows})
    if rows := wanted(curves.memory_rows()):
        total += MEMORY_SERVER * len({name for row in rows for name in (row.subject, row.against)})
    if rows := wanted(curves.latency_rows()):
        servers = len({name for row in rows for name in (row.subject, row.against)})
        total += (servers * (curves.PAIRS[mode] + len(curves.SHARES[mode])) + (curves.PAIRS[mode] if mode == "full" else 0)) * (curves.SECONDS[mode] + START) + 3 * servers
    if rows := wanted(crowd.rows()) if mode != "quick" else []:
        total += CROWD_SAMPLE * 2 * crowd.PAIRS[mode] * len({row.subject for row in rows})
    return total


def words(number):
    """To a minute: it is a guess."""
    minutes = number / 60
    return f"about {max(1, round(minutes))} minute{'' if round(minutes) <= 1 else 's'}"


