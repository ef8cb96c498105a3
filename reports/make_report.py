#!/usr/bin/python3
"""Turns the conformance JSON and the benchmark JSON of a run into one self-contained page: make_report.py --help"""

import sys

from antiphon_report.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
