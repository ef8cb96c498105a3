"""The answer in a few sentences. Each figure is computed here from the two files; a sentence whose figures are missing is left out.

A sentence is a list of pieces, text or figure, so that the page can set the figures in bold and the terminal can't tell.
"""

import re
from dataclasses import dataclass

from . import names
from .names import BASELINES, FLOOR, STYLES


class Figure(str):
    """A piece of a sentence that came out of a file."""


@dataclass(frozen=True)
class KeyFigure:
    figure: str
    words: str
    style: str = ""
    clear: bool = True


def key_figures(conformance, benchmark):
    """What the eye should catch first: how much was proved, and what each style costs over its own library."""
    counts = conformance.counts()
    judged = sum(counts.values()) - counts["not-offered"]
    found = [KeyFigure(f"{counts['pass']:,} of {judged:,}", f"results pass, on {names.plural(len(conformance.targets), 'target')}")]
    if benchmark.metrics:
        metric, case = benchmark.metrics[0], _headline_case(benchmark)
        for style in STYLES:
            one = benchmark.ratio(case, metric, style, BASELINES[style])
            if one:
                over = f"{names.metric(metric)}, {style} over {names.server(one.base)}, {names.case(case)}"
                unclear = {"none": ": no difference shown", "unknown": ": too few repetitions"}.get(one.shows, "")
                found.append(KeyFigure(names.ratio(one.median), over + unclear, style, not unclear))
    return found


def sentences(conformance, benchmark):
    return [one for one in (_proof(conformance), _differences(conformance), *_costs(benchmark), _counts(benchmark)) if one]


def plain(sentence):
    return "".join(sentence)


def _proof(conformance):
    counts = conformance.counts()
    judged = sum(counts.values()) - counts["not-offered"]
    start = [Figure(names.plural(len(conformance.scenarios), "scenario")), " under ",
             Figure(names.plural(len(conformance.rules), "rule")), " were played to ",
             Figure(names.plural(len(conformance.targets), "target")), f" ({names.listing(conformance.targets)}): "]
    if counts["pass"] == judged:
        return [*start, "all ", Figure(names.plural(judged, "result")), " pass."]
    failed = sum(counts[verdict] for verdict in ("fail", "harness-error", "stale"))
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


def _headline_case(benchmark):
    """HTTP with keep-alive and many connections is what people run; without it, the first case of the file."""
    http = [case for case in benchmark.cases if "keep_alive" in case]
    return max(http, key=lambda case: [int(figures) for figures in re.findall(r"\d+", case)]) if http else benchmark.cases[0]


def _against(one):
    spread, base = Figure(f"{one.low:.2f} to {one.high:.2f}"), names.server(one.base)
    if one.shows == "none":
        return ["is not shown to differ from that of ", base, " (", Figure(names.ratio(one.median)), ", ", spread, ")"]
    if one.shows == "unknown":
        return ["is ", Figure(names.ratio(one.median)), " that of ", base, " (too few repetitions to tell more)"]
    return ["is ", Figure(names.ratio(one.median)), " that of ", base, " (", spread, ")"]


def _costs(benchmark):
    if not benchmark.metrics:
        return []
    metric, case = benchmark.metrics[0], _headline_case(benchmark)
    told = []
    for style in STYLES:
        own, floor = (benchmark.ratio(case, metric, style, base) for base in (BASELINES[style], FLOOR))
        shown = [_against(one) for one in (own, floor) if one]
        if shown:
            lead = f"For {names.case(case)}, the {names.metric(metric)} of " if not told else "That of "
            told.append([lead, style, " ", *shown[0], *([" and ", *shown[1]] if len(shown) > 1 else []), "."])
    return told


def _counts(benchmark):
    case = _headline_case(benchmark)
    for counter, noun in (("syscalls_per_request", "system calls"), ("instructions_per_request", "instructions")):
        medians = [(style, benchmark.median(case, style, counter)) for style in (*STYLES, FLOOR)]
        medians = [(names.server(style), median) for style, median in medians if median is not None]
        if len(medians) > 1:
            told = []
            for server, median in medians:
                told += [", " if told else "", f"{server} ", Figure(names.number(median))]
            return [f"Counted, not timed: {noun} per request are ", *told, "."]
    return None
