"""Google Benchmark's JSON: repetitions of one interleaved run, and the ratios between its servers.

Only ratios within a repetition are compared: what the machine did meanwhile, it did to both. The spread is the whole range
of these ratios, from the lowest to the highest, and a range with 1 in it shows no difference.
"""

import statistics
from dataclasses import dataclass

from . import load
from .names import BASELINES, FLOOR, STYLES

SCHEMA = "antiphon-bench/1"
TIME = "time per request"
CPU = "server_cpu_ns_per_request"
COUNTERS = ("syscalls_per_request", "allocations_per_request", "instructions_per_request")
FEWEST = 3
"""Fewer repetitions than this have no spread worth the name."""

_SERVERS = {*BASELINES, *BASELINES.values(), FLOOR}
_NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# What Google Benchmark itself writes into a run; every other number is a counter of the benchmark.
_OWN = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
        "threads", "iterations", "real_time", "cpu_time", "time_unit", "items_per_second", "bytes_per_second", "label",
        "error_occurred", "error_message"}
_MODIFIERS = ("manual_time", "real_time", "process_time")


@dataclass(frozen=True)
class Ratio:
    """One server's cost over another's, repetition by repetition."""

    case: str
    metric: str
    server: str
    base: str
    values: tuple

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)

    @property
    def enough(self):
        return len(self.values) >= FEWEST

    @property
    def shows(self):
        """'more', 'less', 'none' (1 is in the spread), or 'unknown' (too few repetitions).

        Judged by the figures as they are shown, so that no reader finds a 1.00 in a spread that is said to be clear of it.
        """
        if not self.enough:
            return "unknown"
        return "more" if round(self.low, 2) > 1 else "less" if round(self.high, 2) < 1 else "none"


class Benchmark:
    def __init__(self, document, context, runs, errors):
        self.path, self.sha256 = document.file, document.sha256
        self.context, self.runs, self.errors = context, runs, errors

    @property
    def cases(self):
        """In the order of their registration: the file's own order is shuffled by the interleaving."""
        return list(self.runs)

    @property
    def chance_to_miss(self):
        """How many runs there are to one in which the whole range leaves out the true median ratio: each pair falls above or
        below it like a coin, and all must fall alike."""
        return 2 ** (self.repetitions - 1)

    def servers(self, case):
        """Styles first, then what they stand on."""
        order = [*STYLES, *BASELINES.values(), FLOOR]
        return sorted(self.runs[case], key=lambda name: (order.index(name) if name in order else len(order), name))

    def values(self, case, server, metric):
        """The figure of each repetition that has it, in order of repetition."""
        runs = self.runs.get(case, {}).get(server, {})
        return [runs[index][metric] for index in sorted(runs) if metric in runs[index]]

    def median(self, case, server, metric):
        values = self.values(case, server, metric)
        return statistics.median(values) if values else None

    def ratio(self, case, metric, server, base):
        """The paired ratios, or None where a side is missing or is zero."""
        runs = self.runs.get(case, {})
        above, below = runs.get(server, {}), runs.get(base, {})
        values = tuple(above[index][metric] / below[index][metric] for index in sorted(above.keys() & below.keys())
                       if metric in above[index] and below[index].get(metric, 0) > 0)
        return Ratio(case, metric, server, base, values) if values else None

    def ratios(self, metric):
        """Each style against its own library and against epoll, case by case."""
        every = (self.ratio(case, metric, style, base)
                 for case in self.cases for style in STYLES for base in (BASELINES[style], FLOOR))
        return [one for one in every if one]

    @property
    def metrics(self):
        """What ratios are told of: the server's own CPU time where it was measured, then the time as the client sees it."""
        return [metric for metric in (CPU, TIME) if self.ratios(metric)]

    @property
    def counters(self):
        """Every counter of the file, the well-known ones first."""
        seen = {name for servers in self.runs.values() for runs in servers.values() for run in runs.values() for name in run}
        known = [name for name in COUNTERS if name in seen]
        return known + sorted(seen - {TIME, CPU, *known})

    @property
    def repetitions(self):
        return max(len(runs) for servers in self.runs.values() for runs in servers.values())


def split_name(name):
    """'http_keep_alive/64conn/asio_style/real_time' as ('http_keep_alive/64conn', 'asio_style').

    A server that is not ours to know stands last. None for a name that tells no case and server.
    """
    parts = [part for part in name.split("/") if part not in _MODIFIERS and ":" not in part]
    servers = [part for part in parts if part in _SERVERS]
    if len(servers) > 1 or len(parts) < 2:
        return None
    server = servers[0] if servers else parts[-1]
    return "/".join(part for part in parts if part != server), server


def _figures(node):
    figures = {}
    for key in node.value:
        if key not in _OWN and isinstance(node.value[key], (int, float)) and not isinstance(node.value[key], bool):
            value = node.number(key, None)
            if value is not None:
                figures[key] = value
    per_second = node.number("items_per_second", 0)
    figures[TIME] = 1e9 / per_second if per_second > 0 else node.number("real_time") * _NANOSECONDS[
        node.one_of("time_unit", tuple(_NANOSECONDS))]
    return figures


def read(path):
    root = load.read(path)
    context = root.member("context")
    load.require_schema(context, SCHEMA)
    runs, errors, families = {}, [], {}
    for node in root.each("benchmarks"):
        if node.text("run_type", "iteration") != "iteration":
            continue
        name = node.text("run_name") if node.has("run_name") else node.text("name")
        place = split_name(name)
        if place is None:
            node.fail(f'"{name}" names no case and server: expected e.g. "echo/64conn/asio_style"')
        if node.value.get("error_occurred"):
            errors.append((*place, node.text("error_message", "no reason given")))
            continue
        family = node.number("family_index", 0)
        families[place[0]] = min(family, families.get(place[0], family))
        repetitions = runs.setdefault(place[0], {}).setdefault(place[1], {})
        index = int(node.number("repetition_index", len(repetitions)))
        if index in repetitions:
            node.fail(f'repetition {index} of "{name}" stands twice')
        repetitions[index] = _figures(node)
    if not runs:
        why = f"every one failed, the first with: {errors[0][2]}" if errors else "no single repetitions (only aggregates?)"
        root.member("benchmarks").fail(why)
    ordered = {case: runs[case] for case in sorted(runs, key=families.get)}
    return Benchmark(root, context.value, ordered, errors)
