"""The page: models into templates, checked for size, written whole or not at all."""

import base64
import functools
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import answer, benchmark as bench, charts, names, sources, traces
from .load import InputError

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
LARGEST = 3 * 1024 * 1024
# How many lines of a trace are shown: the first of these with which the page is small enough.
TRACE_LIMITS = (60, 24, 9, 3)


@dataclass(frozen=True)
class Settings:
    """What the templates may ask for beside the models."""

    trace_limit: int


@functools.cache
def _environment():
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    for function in (names.number, names.duration, names.ratio, names.plural, names.listing, names.case, names.case_title, names.server,
                     names.counter, names.metric):
        environment.filters[function.__name__] = function
    environment.filters["is_figure"] = lambda piece: isinstance(piece, answer.Figure)
    return environment


def _file(name):
    return (TEMPLATES / name).read_text(encoding="utf-8")


def page(conformance, benchmark, source_folder):
    """The page as text."""
    script = _file("page.js")
    pairs, alone = sources.pairs(source_folder) if source_folder else ([], [])
    slugs = names.Slugs()
    context = {
        "conformance": conformance, "benchmark": benchmark, "pairs": pairs, "alone": alone, "names": names, "bench": bench,
        "key_figures": answer.key_figures(conformance, benchmark), "sentences": answer.sentences(conformance, benchmark),
        "charts": [(metric, charts.ratio_charts(benchmark, metric)) for metric in benchmark.metrics],
        "slug": slugs.of, "lines": traces.lines, "peer_lines": traces.peer_lines,
        "style": Markup(_file("style.css") + sources.css()), "script": Markup(script),
        # The one script that may run, so that nothing that slips in through the data ever does.
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    template = _environment().get_template("page.html")
    for limit in TRACE_LIMITS:
        text = template.render(context, settings=Settings(limit))
        if len(text.encode()) <= LARGEST:
            return text
    raise InputError(f"{conformance.path}: too much for one page: {len(text.encode()):,} octets, at most {LARGEST:,}")


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
