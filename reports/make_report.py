#!/usr/bin/python3
"""Turns the JSON files of a run into one self-contained page: make_report.py --help"""

import sys

try:
    from antiphon_report.cli import main
except ModuleNotFoundError as error:
    sys.exit(f"make_report: the Python module {error.name} is missing (Debian package python3-{error.name})")

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
