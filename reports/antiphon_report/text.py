"""The summary for a terminal, and for a pull request: the same figures as the page."""

import textwrap

from . import answer, names
from .names import VERDICTS, WORDS


def _table(rows, words=1):
    """Columns of equal width: the first ones hold words, the others figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if column < words else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows]


def _verdicts(conformance):
    shown = [verdict for verdict in reversed(VERDICTS) if verdict in ("pass", "fail") or conformance.counts()[verdict]]
    rows = [["conformance", *(WORDS[verdict].word for verdict in shown)]]
    for target in conformance.targets.values():
        counts = conformance.counts(target.name)
        rows.append([f"{target.name} {target.version}".rstrip(), *(str(counts[verdict]) for verdict in shown)])
    return rows


def _ratios(benchmark, metric):
    rows = [[names.metric(metric), "style", "over", "ratio", "interval", ""]]
    last = ""
    for row in benchmark.ratios(metric):
        low, high = row.interval
        rows.append([names.case(row.work) if row.work != last else "", names.server(row.subject), names.server(row.against),
                     f"{row.ratio:.2f}", f"{low:.2f} to {high:.2f}", "" if row.clear else "no difference shown"])
        last = row.work
    return rows


def _promises(benchmark):
    rows = [["targets", "server", "over", "wanted", "found", ""]]
    for row in benchmark.promised:
        rows.append([row.title, names.server(row.subject), names.server(row.against) if row.ratio is not None else "", f"{row.target.op} {row.target.value:g}", f"{found(row):.3g}", met(row)])
    return rows


def found(row):
    """What a target is compared with."""
    return row.ratio if row.target.of == "ratio" else row.value


def met(row):
    return {True: "met", False: "NOT MET", None: "not judged"}[row.met]


def _missing(inputs):
    told = []
    if not inputs.benchmark:
        told.append("benchmarks: none given; ./run compare measures")
    if not inputs.mutants:
        told.append("mutants: none given; antiphon conform --mutants --json FILE")
    return told


def summary(inputs, page):
    conformance, benchmark = inputs.conformance, inputs.benchmark
    blocks = [[line for sentence in answer.sentences(conformance, benchmark, inputs.mutants, inputs.programs)
               for line in textwrap.wrap(answer.plain(sentence), 100)]]
    blocks.append(_table(_verdicts(conformance)))
    for metric in benchmark.ratio_metrics if benchmark else ():
        blocks.append(_table(_ratios(benchmark, metric), words=3))
    if benchmark and benchmark.promised:
        blocks.append(_table(_promises(benchmark), words=3))
        blocks[-1] += [f"  {row.title}: {row.note}" for row in benchmark.promised if row.met is False and row.note]
    if _missing(inputs):
        blocks.append(_missing(inputs))
    return "\n\n".join("\n".join(block) for block in blocks) + (f"\n\nreport: {page}\n" if page else "\n")


def _cells(row):
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def _marked_down(rows, words=1):
    head, *rest = rows
    line = "|" + "|".join("---" if column < words else "---:" for column in range(len(head))) + "|"
    return [_cells(head), line, *(_cells(row) for row in rest)]


def markdown(inputs):
    conformance, benchmark = inputs.conformance, inputs.benchmark
    blocks = [["## Antiphon"]]
    blocks.append(["- " + "".join(f"**{piece}**" if isinstance(piece, answer.Figure) else piece for piece in sentence)
                   for sentence in answer.sentences(conformance, benchmark, inputs.mutants, inputs.programs)])
    blocks.append(_marked_down(_verdicts(conformance)))
    findings = [one for one in conformance.findings() if one.verdict != "differs"]
    for one in findings:
        blocks.append([f"- **{WORDS[one.verdict].word}** {target} in {', '.join(places)}: {one.says or ', '.join(one.rules)}".replace("\n", " ")
                       for target, places in one.places.items()])
    for metric in benchmark.ratio_metrics if benchmark else ():
        blocks.append(_marked_down(_ratios(benchmark, metric), words=3))
    if benchmark and benchmark.promised:
        blocks.append(_marked_down(_promises(benchmark), words=3))
    blocks += [[f"_{line}_"] for line in _missing(inputs)]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"
