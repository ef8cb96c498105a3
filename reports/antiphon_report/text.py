"""The summary for a terminal: the same figures as the page, in plain columns."""

from . import names
from .names import BASELINES, FLOOR, STYLES, VERDICTS, WORDS


def _table(rows, words=1):
    """Columns of equal width: the first ones hold words, the others figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if column < words else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows]


def _conformance(conformance):
    shown = [verdict for verdict in reversed(VERDICTS) if verdict in ("pass", "fail") or conformance.counts()[verdict]]
    rows = [["conformance", *(WORDS[verdict].word for verdict in shown)]]
    for target in conformance.targets.values():
        counts = conformance.counts(target.name)
        rows.append([f"  {target.name} {target.version}".rstrip(), *(str(counts[verdict]) for verdict in shown)])
    return _table(rows)


def _cell(one):
    if one is None:
        return "-"
    return f"{one.median:.2f} [{one.low:.2f}, {one.high:.2f}] {'~' if one.shows in ('none', 'unknown') else ' '}"


def _ratios(benchmark, metric):
    rows = [[names.metric(metric), "style", "over its bare library  ", "over bare epoll  "]]
    for case in benchmark.cases:
        for style in STYLES:
            cells = [_cell(benchmark.ratio(case, metric, style, base)) for base in (BASELINES[style], FLOOR)]
            rows.append([f"  {case}" if style == STYLES[0] else "", style, *cells])
    return _table(rows, words=2)


def summary(conformance, benchmark, page):
    blocks = [_conformance(conformance)]
    blocks += [_ratios(benchmark, metric) for metric in benchmark.metrics]
    if benchmark.metrics:
        blocks[-1] += [f"  median of {names.plural(benchmark.repetitions, 'paired repetition')} [lowest, highest]; ~ shows no "
                       "difference, or too few repetitions",
                       f"  such a range misses the true median in one run of {benchmark.chance_to_miss:,}"]
    failed = [f"  {case}, {names.server(server)}: {reason}" for case, server, reason in benchmark.errors]
    if failed:
        blocks.append(["benchmarks that failed", *failed])
    return "\n\n".join("\n".join(block) for block in blocks) + f"\n\nreport: {page}\n"
