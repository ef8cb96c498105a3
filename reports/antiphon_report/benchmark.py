"""What the benchmarks measured. The ratios, their intervals and what they show were computed by the benchmark itself, from
pairs of one interleaved run: here they are only checked and put in order."""

from dataclasses import dataclass

from . import load
from .names import BASELINES, FLOOR, STYLES

SCHEMA = "antiphon-bench/1"
_OPERATORS = ("<=", ">=", "<", ">")


@dataclass(frozen=True)
class Wanted:
    """What was promised."""

    op: str
    value: float
    of: str     # "ratio" or "value"


@dataclass(frozen=True)
class Part:
    """What a row's figure consists of or comes with: a value for each of the breakdown's columns."""

    name: str
    unit: str
    values: tuple


@dataclass(frozen=True)
class Breakdown:
    columns: tuple
    parts: tuple


@dataclass(frozen=True)
class Row:
    id: str
    title: str
    work: str
    metric: str
    unit: str
    better: str
    subject: str
    against: str        # empty: measured alone
    value: float
    against_value: float
    ratio: float
    interval: tuple     # of the ratio; None where there is none
    kind: str           # "time" or "count"
    target: Wanted
    met: bool           # None where nothing was promised
    shown: str
    note: str
    samples: int
    group: str          # "targets", "llhttp_alone", "peers", "told"
    verdict: str        # "ahead", "behind", "no difference shown"; empty without an interval
    breakdown: Breakdown    # None where there is none

    @property
    def clear(self):
        return self.shown == "difference"


@dataclass(frozen=True)
class Noise:
    work: str
    metric: str
    ratio: float
    interval: tuple


@dataclass(frozen=True)
class Function:
    name: str
    share: float
    instructions: float


@dataclass(frozen=True)
class Micro:
    name: str
    time: float
    unit: str
    counters: tuple


class Benchmark:
    def __init__(self, document, facts, rows, curves, noise, missing, micro):
        self.path, self.sha256, self.raw = document.file, document.sha256, document.value
        self.version, self.date, self.mode = facts["version"], facts["date"], facts["mode"]
        self.machine, self.versions = facts["machine"], facts["versions"]
        self.method, self.conformance = facts["method"], facts["conformance"]
        self.rows, self.noise, self.missing, self.micro = rows, noise, missing, micro
        self.latency, self.memory, self.budget = curves

    @property
    def works(self):
        return list(dict.fromkeys(row.work for row in self.rows))

    @property
    def ratio_metrics(self):
        """What ratios with an interval are told of, timed ones first, in the file's order."""
        told = [row for row in self.rows if row.ratio is not None and row.interval]
        return list(dict.fromkeys(row.metric for row in sorted(told, key=lambda row: row.kind != "time")))

    def ratios(self, metric):
        return [row for row in self.rows if row.metric == metric and row.ratio is not None and row.interval]

    def by_work(self, metric):
        """Those ratios by work, in the file's order."""
        found = {}
        for row in self.ratios(metric):
            found.setdefault(row.work, []).append(row)
        return found

    def find(self, work, metric, subject, against=None):
        return next((row for row in self.rows if (row.work, row.metric, row.subject) == (work, metric, subject) and
                     against in (None, row.against)), None)

    def over_own(self, work, metric, style):
        return self.find(work, metric, style, BASELINES[style])

    def over_floor(self, work, metric, style):
        return self.find(work, metric, style, FLOOR)

    def per_server(self, kind):
        """{metric: {work: {server: value}}}: what each server was measured at, whichever side of a ratio it stood on."""
        found = {}
        for row in self.rows:
            if row.kind != kind:
                continue
            values = found.setdefault(row.metric, {}).setdefault(row.work, {})
            values.setdefault(row.subject, row.value)
            if row.against and row.against_value is not None:
                values.setdefault(row.against, row.against_value)
        return found

    def unit(self, metric):
        return next((row.unit for row in self.rows if row.metric == metric), "")

    @property
    def promised(self):
        """Rows with a target: what is not met first."""
        return self._judged(row for row in self.rows if row.group != "llhttp_alone")

    @property
    def alone(self):
        """The same limits over a bare server with llhttp alone, which set no target."""
        return self._judged(row for row in self.rows if row.group == "llhttp_alone")

    @staticmethod
    def _judged(rows):
        return sorted((row for row in rows if row.target), key=lambda row: (row.met is not False, row.met is not None))

    @property
    def styles(self):
        return [style for style in STYLES if any(row.subject == style for row in self.rows)]


def _interval(node, key):
    if not node.has(key):
        return None
    bounds = [one.value for one in node.each(key)]
    if len(bounds) != 2 or not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in bounds):
        node.member(key).fail("expected two numbers, the lower and the upper bound")
    if bounds[0] > bounds[1]:
        node.member(key).fail(f"the lower bound {bounds[0]} is above the upper one {bounds[1]}")
    return tuple(bounds)


def _wanted(node):
    if not node.has("target"):
        return None
    target = node.member("target")
    return Wanted(target.one_of("op", _OPERATORS), target.number("value"), target.one_of("of", ("ratio", "value")))


def _breakdown(node):
    if not node.has("breakdown"):
        return None
    node = node.member("breakdown")
    columns = tuple(one.value for one in node.each("columns"))
    parts = []
    for part in node.each("parts"):
        values = tuple(one.value for one in part.each("values"))
        if len(values) != len(columns) or not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values):
            part.fail(f"expected a number for each of the {len(columns)} columns")
        parts.append(Part(part.text("name"), part.text("unit"), values))
    return Breakdown(columns, tuple(parts))


def _row(node):
    ratio, interval = node.number("ratio", None), _interval(node, "interval")
    target = _wanted(node)
    samples = node.member("samples").each("subject", []) if node.has("samples") else []
    if target and target.of == "ratio" and ratio is None:
        node.member("target").fail("is of the ratio, which is missing")
    return Row(node.text("id"), node.text("title"), node.text("work"), node.text("metric"), node.text("unit"),
               node.one_of("better", ("lower", "higher")), node.text("subject"), node.text("against", ""),
               node.number("value"), node.number("against_value", None), ratio, interval,
               node.one_of("kind", ("time", "count")), target, node.flag("met", None), node.text("shown", ""),
               node.text("note", ""), len(samples), node.text("group", "targets"), node.text("verdict", ""), _breakdown(node))


def _latency(curves):
    found = {}
    for node in curves.each("latency", []):
        points = [{key: point.number(key) for key in ("rate", "p50_us", "p90_us", "p99_us", "max_us")} for point in node.each("points")]
        if points:
            found[node.text("server")] = sorted(points, key=lambda point: point["rate"])
    return found


def _memory(curves):
    found = {}
    for node in curves.each("memory", []):
        points = sorted((point.number("connections"), point.number("rss_bytes")) for point in node.each("points"))
        if points:
            found[node.text("server")] = points
    return found


def _budget(curves):
    return {node.text("server"): (node.number("instructions_per_request"),
                                  [Function(one.text("name"), one.number("share"), one.number("instructions", 0))
                                   for one in node.each("functions", [])]) for node in curves.each("budget", [])}


_GOOGLE = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations", "real_time",
           "cpu_time"}


def _micro(root):
    """Google Benchmark's own runs: the medians where it repeated, else each run."""
    if not root.has("micro") or not root.member("micro").has("benchmarks"):
        return []
    runs = [node for node in root.member("micro").each("benchmarks") if not node.value.get("error_occurred")]
    medians = [node for node in runs if node.value.get("aggregate_name") == "median"]
    single = [node for node in runs if node.text("run_type", "iteration") == "iteration"]
    return [Micro(node.text("run_name", node.value.get("name", "?")), node.number("real_time"), node.text("time_unit", "ns"),
                  tuple((key, value) for key, value in node.value.items()
                        if key not in _GOOGLE and isinstance(value, (int, float)) and not isinstance(value, bool)))
            for node in medians or single]


def read(path):
    root = load.read(path)
    load.require_schema(root, SCHEMA)
    facts = {"version": root.text("version", ""), "date": root.text("date"), "mode": root.one_of("mode", ("quick", "default", "full")),
             "machine": root.mapping("machine", {}), "versions": root.mapping("versions", {}),
             "method": root.mapping("method", {}), "conformance": root.mapping("conformance", {})}
    rows, seen = [], set()
    for node in root.each("rows"):
        row = _row(node)
        if row.id in seen:
            node.member("id").fail(f'"{row.id}" stands twice')
        seen.add(row.id)
        rows.append(row)
    if not rows:
        root.member("rows").fail("no rows: nothing was measured")
    curves = root.member("curves") if root.has("curves") else load.Node(root.file, "curves", {})
    noise = [Noise(node.text("work"), node.text("metric"), node.number("ratio"), _interval(node, "interval"))
             for node in root.each("noise_floor", [])]
    missing = [(node.text("peer"), node.text("reason")) for node in root.each("missing", [])]
    return Benchmark(root, facts, rows, (_latency(curves), _memory(curves), _budget(curves)), noise, missing, _micro(root))
