"""The page: models into templates, checked for size, written whole or not at all."""

import base64
import functools
import hashlib
import json
import os
import re
import tempfile
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from markupsafe import Markup, escape

from . import answer, automaton, charts, diagram, good_at, names, sources
from .load import InputError
from .walk import LAYERS

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
LARGEST = 3 * 1024 * 1024


@dataclass(frozen=True)
class Inputs:
    """What a page is made from. Only the conformance file has to be there; what is missing is said, with how to make it."""

    conformance: object
    benchmark: object = None
    mutants: object = None
    walks: tuple = ()
    sources: str = ""

    @functools.cached_property
    def examples(self):
        """The programs that both styles have, and the files that have no partner."""
        return sources.programs(self.sources) if self.sources else ([], [])

    @property
    def programs(self):
        return self.examples[0]


@functools.cache
def _environment():
    """The templates, which are compiled once."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    for function in (names.number, names.duration, names.ratio, names.ratio_beside, names.plural, names.listing, names.case, names.case_title, names.server,
                     names.metric, names.first_upper, names.quantity, names.octets, names.share):
        environment.filters[function.__name__] = function
    environment.filters["is_figure"] = lambda piece: isinstance(piece, answer.Figure)
    environment.filters["in_url"] = lambda text: urllib.parse.quote(text, safe="")
    environment.filters["code_words"] = _code_words
    environment.filters["plain"] = _plain
    environment.filters["plain_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["verdict_word"] = lambda verdict: names.WORDS[verdict].word
    environment.filters["milliseconds"] = lambda value: names.duration(value * 1e6)
    # What a template asks of its run's rules.
    environment.filters["mutants_of"] = pass_context(lambda context, rule: context["mutants"].by_rule.get(rule, []))
    environment.filters["verdict_of"] = pass_context(lambda context, rule, target: context["conformance"].rule_verdict(rule, target))
    return environment


def _code_words(text):
    """An explanation, in which `words of code` stand between backticks."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts))


def _plain(value):
    """A value of a JSON file in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return names.listing(map(_plain, value))
    return value if isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)


def _file(name):
    return (TEMPLATES / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Example:
    scenario: str
    says: str


def _example(conformance):
    """The scenario whose diagram is open from the beginning: one in which a style differs from the others, if there is one."""
    for finding in conformance.findings():
        for style in names.STYLES:
            if finding.verdict == "differs" and style in finding.places:
                return Example(finding.places[style][0], finding.says.rstrip("."))
    first = next((result.scenario for result in conformance.results.values() if result.trace), "")
    return Example(first, "") if first else None


def page(inputs):
    """The page as text."""
    conformance, benchmark = inputs.conformance, inputs.benchmark
    script = _file("page.js")
    programs, alone = inputs.examples
    slugs = names.Slugs()
    found = good_at.Found(conformance, benchmark, tuple(programs), tuple(inputs.walks))
    context = {
        "conformance": conformance, "benchmark": benchmark, "mutants": inputs.mutants, "walks": inputs.walks, "layers": LAYERS,
        "programs": programs, "alone": alone, "names": names, "slug": slugs.of,
        "key_figures": answer.key_figures(conformance, benchmark, inputs.mutants),
        "sentences": answer.sentences(conformance, benchmark, inputs.mutants, programs),
        "example": _example(conformance),
        "automaton": automaton.drawing(conformance.automaton),
        "said": {style: good_at.said(found, style) for style in names.STYLES},
        "unproved": {style: good_at.unproved(found, style) for style in names.STYLES},
        "charts": [(metric, charts.ratio_charts(benchmark, metric)) for metric in benchmark.ratio_metrics] if benchmark else [],
        "latency": charts.latency_charts(benchmark) if benchmark else [],
        "memory": charts.memory_charts(benchmark) if benchmark else [],
        "diagrams": Markup(diagram.encode(conformance)),
        "raw_benchmark": Markup(diagram.safe_json(benchmark.raw)) if benchmark else "",
        "style": Markup(_file("style.css") + sources.css() + names.marks_css()), "script": Markup(script),
        # The one script that may run, so that nothing that slips in through the data ever does.
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    template = _environment().get_template("page.html")
    for raw in (context["raw_benchmark"], ""):  # the samples can be had from their file; nothing else is left out
        text = template.render({**context, "raw_benchmark": raw})
        size = len(text.encode())
        if size <= LARGEST:
            return text
    raise InputError(f"{conformance.path}: too much for one page: {size:,} octets, at most {LARGEST:,}")


def write(path, text):
    """Puts the page in place in one step: a reader sees the old page or the new one, never half of one."""
    folder = os.path.dirname(os.path.abspath(path))
    temporary = None
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".report-", suffix=".html")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
