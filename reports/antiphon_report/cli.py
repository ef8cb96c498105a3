"""Flags and exit statuses: 0 the page is written, 1 an input or the output is unusable, 2 the flags are wrong."""

import argparse
import sys

from . import benchmark, conformance, load, render, text


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="make_report.py", allow_abbrev=False,
                                     description="Makes one self-contained HTML page from the JSON files of a run.")
    parser.add_argument("--conformance", required=True, metavar="FILE", help=f"what the kit found ({conformance.SCHEMA})")
    parser.add_argument("--benchmark", required=True, metavar="FILE",
                        help=f"Google Benchmark's JSON, its context marked {benchmark.SCHEMA}")
    parser.add_argument("--sources", metavar="DIR", help="the repository's root: shows the examples of both styles")
    parser.add_argument("--out", required=True, metavar="FILE", help="the page to write, e.g. antiphon-report/index.html")
    parser.add_argument("--text", action="store_true", help="print the summary too")
    return parser.parse_args(argv)


def main(argv):
    flags = _arguments(argv)
    try:
        found, measured = conformance.read(flags.conformance), benchmark.read(flags.benchmark)
        render.write(flags.out, render.page(found, measured, flags.sources))
    except load.InputError as error:
        print(f"make_report: {error}", file=sys.stderr)
        return 1
    if flags.text:
        sys.stdout.write(text.summary(found, measured, flags.out))
    return 0
