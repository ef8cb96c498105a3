"""The answer in five sentences. Each figure is computed here from the files; a sentence whose figures are missing is left out.

A sentence is a list of pieces, text or figure, so that the page can set the figures in bold and the terminal can't tell.
"""

import re
from dataclasses import dataclass

from . import names
from .names import BASELINES, FLOOR, STYLES

COST = ("cpu_per_request", "time_per_request")


class Figure(str):
    """A piece of a sentence that came out of a file."""


@dataclass(frozen=True)
class KeyFigure:
    figure: str
    words: str
    style: str = ""
    clear: bool = True
    link: str = ""


def key_figures(conformance, benchmark, mutants):
    """What the eye should catch first: how much was proved, and what each style costs over its own library."""
    counts = conformance.counts()
    judged = sum(counts.values()) - counts["not-offered"]
    found = [KeyFigure(f"{counts['pass']:,} of {judged:,}", f"results pass, on {names.plural(len(conformance.targets), 'target')}",
                       link="#conformance")]
    if mutants:
        found.append(KeyFigure(f"{len(mutants.killed):,} of {len(mutants.all):,}", "deliberate faults are noticed by the rule they break",
                               clear=not mutants.survivors, link="#mutants"))
    metric, work = headline(benchmark)
    for style in STYLES if work else ():
        row = benchmark.over_own(work, metric, style)
        if row and row.ratio is not None:
            over = f"{names.metric(metric)}, {style} over {names.server(row.against)}, {names.case(work)}"
            found.append(KeyFigure(names.ratio(row.ratio), over + ("" if row.clear else ": no difference shown"), style, row.clear, "#figures"))
    return found


def sentences(conformance, benchmark, mutants, programs=()):
    """Whether both keep the rules, where they differ, whether that proof is worth anything, what they cost, and how to choose."""
    told = [_proof(conformance), _differences(conformance), _mutants(mutants), _costs(benchmark), _shape(programs) or _counts(benchmark)]
    return [one for one in told if one]


def plain(sentence):
    return "".join(sentence)


def _proof(conformance):
    counts = conformance.counts()
    judged = sum(counts.values()) - counts["not-offered"]
    broken = any(conformance.counts(style)[verdict] for style in STYLES for verdict in ("fail", "harness-error", "flaky"))
    both = all(style in conformance.targets for style in STYLES) and not broken
    start = ["Both models keep the same rules: " if both else "", Figure(names.plural(len(conformance.played), "scenario")), " under ",
             Figure(names.plural(len(conformance.tried), "rule")), " were played to ",
             Figure(names.plural(len(conformance.targets), "target")), f" ({names.listing(conformance.targets)}): "]
    if counts["pass"] == judged:
        return [*start, "all ", Figure(names.plural(judged, "result")), " pass."]
    failed = sum(counts[verdict] for verdict in ("fail", "harness-error", "stale", "flaky"))
    return [*start, Figure(f"{counts['pass']:,}"), " of ", Figure(names.plural(judged, "result")), " pass and ",
            *(["none fails."] if not failed else [Figure(f"{failed:,}"), " fail; they come first below."])]


def _differences(conformance):
    counts = conformance.counts()
    differs, absent = counts["differs"], counts["not-offered"]
    if not differs and not absent:
        return None
    told = []
    if differs:
        told = [Figure(names.plural(differs, "result")), f" differ{'s' if differs == 1 else ''}, each with its documented reason ("]
        by_target = [(target, conformance.counts(target)["differs"]) for target in conformance.targets]
        for target, count in by_target:
            if count:
                told += [Figure(count), f" of {target}, "]
        told[-1] = told[-1].removesuffix(", ") + ")"
    if absent:
        told += ["; " if told else "", Figure(names.plural(absent, "result")),
                 f" need{'s' if absent == 1 else ''} what the target does not offer"]
    return [*told, "."]


def _mutants(mutants):
    if not mutants:
        return None
    told = ["The rules were tried on ", Figure(names.plural(len(mutants.all), "server")), " that misbehave on purpose: "]
    if mutants.survivors:
        return [*told, Figure(f"{len(mutants.killed):,}"), " were caught by the rule they break and ",
                Figure(f"{len(mutants.survivors):,}"), " were not."]
    return [*told, "each was caught by the rule it breaks."]


def headline(benchmark):
    """(metric, work) that stand for the whole: HTTP with keep-alive and many connections is what people run."""
    for metric in COST if benchmark else ():
        works = list(dict.fromkeys(row.work for row in benchmark.ratios(metric) if row.against == BASELINES.get(row.subject)))
        http = [work for work in works if "keep_alive" in work]
        if works:
            return metric, max(http, key=lambda work: [int(figures) for figures in re.findall(r"\d+", work)]) if http else works[0]
    return "", ""


def _against(row):
    low, high = row.interval
    spread, base = Figure(f"{low:.2f} to {high:.2f}"), names.server(row.against)
    if not row.clear:
        return ["is not shown to differ from that of ", base, " (", Figure(names.ratio(row.ratio)), ", ", spread, ")"]
    return ["is ", Figure(names.ratio(row.ratio)), " that of ", base, " (", spread, ")"]


def _costs(benchmark):
    metric, work = headline(benchmark)
    told = []
    for style in STYLES if work else ():
        rows = [benchmark.find(work, metric, style, base) for base in (BASELINES[style], FLOOR)]
        shown = [_against(row) for row in rows if row and row.ratio is not None and row.interval]
        if shown:
            lead = f"For {names.case(work)}, the {names.metric(metric)} of " if not told else "; that of "
            told += [lead, style, " ", *shown[0], *([" and ", *shown[1]] if len(shown) > 1 else [])]
    promised = _promises(benchmark)
    if told and promised:
        return [*told, "; of ", *promised, "."]
    return [*told, "."] if told else ["Of ", *promised, "."] if promised else None


def _shape(programs):
    """The programs that both have, in lines of code: how much each shape asks to be written."""
    lines = [sum(_code_lines(program.sides[index].text) for program in programs) for index in range(len(STYLES))]
    if not programs:
        return None
    return ["So choose by shape: the same ", Figure(names.plural(len(programs), "program")), " take" if len(programs) > 1 else " takes", " ",
            Figure(f"{lines[0]:,}"), " lines of code with an object for each connection and ", Figure(f"{lines[1]:,}"),
            " with functions at the listener; what each is good at stands below, with its evidence."]


def _code_lines(text):
    return sum(bool(line.strip()) and not line.strip().startswith("//") for line in text.splitlines())


def _counts(benchmark):
    _, work = headline(benchmark)
    if not work:
        return None
    counted = benchmark.per_server("count")
    for metric in ("syscalls_per_request", "instructions_per_request"):
        values = counted.get(metric, {}).get(work, {})
        shown = [server for server in (*STYLES, *BASELINES.values(), FLOOR) if server in values]
        if len(shown) > 1:
            told = []
            for server in shown:
                told += [", " if told else "", f"{names.server(server)} ", Figure(names.number(values[server]))]
            return [f"Counted, not timed: {names.metric(metric)} per request are ", *told, "."]
    return None


def _promises(benchmark):
    """"24 targets set before the measurement, 15 are met and 9 are not"."""
    promised = benchmark.promised if benchmark else []
    if not promised:
        return None
    met = sum(row.met is True for row in promised)
    missed = sum(row.met is False for row in promised)
    told = [Figure(names.plural(len(promised), "target")), " set before the measurement, ", Figure(f"{met:,}"),
            f" {'is' if met == 1 else 'are'} met"]
    return told + ([" and ", Figure(f"{missed:,}"), f" {'is' if missed == 1 else 'are'} not"] if missed else [])
