"""Flags and exit statuses: 0 the page is written, 1 an input or the output is unusable, 2 the flags are wrong."""

import argparse
import sys
from pathlib import Path

from . import benchmark, conformance, load, mutants, render, text, walk


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="make_report.py", allow_abbrev=False,
                                     description="Makes one self-contained HTML page from the JSON files of a run.")
    parser.add_argument("--conformance", required=True, metavar="FILE", action="append",
                        help=f"what the kit found ({conformance.SCHEMA}); again for a run over TLS or Unix sockets")
    parser.add_argument("--benchmark", metavar="FILE", help=f"what was measured ({benchmark.SCHEMA})")
    parser.add_argument("--mutants", metavar="FILE", help=f"which deliberate faults were noticed ({mutants.SCHEMA})")
    parser.add_argument("--walk", metavar="FILE", action="append", default=[],
                        help=f"the functions one GET passed through ({walk.SCHEMA}); once for each style")
    parser.add_argument("--sources", metavar="DIR", help="the repository's root, for the examples of both styles; by default its own")
    parser.add_argument("--out", metavar="FILE", help="the page to write, e.g. antiphon-report/index.html")
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--text", action="store_true", help="print the summary for a terminal")
    printed.add_argument("--markdown", action="store_true", help="print it as Markdown, for a pull request")
    flags = parser.parse_args(argv)
    if not (flags.out or flags.text or flags.markdown):
        parser.error("one of --out, --text and --markdown is needed")
    return flags


def _own_sources():
    """The repository that this file belongs to, if it is one and not an installation."""
    root = Path(__file__).resolve().parents[2]
    return str(root) if (root / "asio_style" / "examples").is_dir() else ""


def _walks(paths):
    found = [walk.read(path) for path in paths]
    styles = [one.style for one in found]
    for one in found:
        if styles.count(one.style) > 1:
            raise load.InputError(f"{one.path}: a second walk of {one.style}")
    return tuple(sorted(found, key=lambda one: one.style))


def main(argv):
    flags = _arguments(argv)
    try:
        inputs = render.Inputs(conformance.read_all(flags.conformance), benchmark.read(flags.benchmark) if flags.benchmark else None,
                               mutants.read(flags.mutants) if flags.mutants else None, _walks(flags.walk),
                               flags.sources or _own_sources())
        summary = text.markdown(inputs) if flags.markdown else text.summary(inputs, flags.out) if flags.text else ""
        if flags.out:
            render.write(flags.out, render.page(inputs))
    except load.InputError as error:
        print(f"make_report: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(summary)
    return 0
