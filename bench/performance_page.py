#!/usr/bin/env python3
"""Writes what a run counted into docs/performance.md, between its two markers.

  antiphon bench --full --out now.json           or only --filter '*/instructions_per_request*'
  bench/performance_page.py now.json

Only counts: they hold on any machine. Times are in the table and the report of the run that took them.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "rig"))

from antiphon_rig import counts, groups, plan  # noqa: E402
from antiphon_rig.document import SCHEMA  # noqa: E402
from antiphon_rig.servers import BARE_OF, LLHTTP, STYLES  # noqa: E402

PAGE = os.path.join(os.path.dirname(HERE), "docs", "performance.md")
BEGIN, END = "<!-- begin: counted, written by bench/performance_page.py -->", "<!-- end: counted -->"
BUDGET = "keep_alive/64conn"


class Unusable(Exception):
    """One line for the user."""


def counted_works():
    """The works whose instructions are told, as (name, words)."""
    return [(work.name, work.words) for work in counts.COUNT_WORKS if plan.INSTRUCTIONS in work.targets]


def instructions(rows):
    """{(work, server): instructions}, and {(work, server): {group: instructions}}, of the rows of both styles over their bare libraries."""
    totals, parts = {}, {}
    for row in rows:
        if row["metric"] != plan.INSTRUCTIONS.name or row["against"] is None:
            continue
        for side, server in enumerate((row["subject"], row["against"])):
            totals[row["work"], server] = row["value"] if side == 0 else row["against_value"]
            parts[row["work"], server] = {part["name"]: part["values"][side] for part in row["breakdown"]["parts"]}
    return totals, parts


def block(rows):
    """The lines between the markers."""
    totals, parts = instructions(rows)
    servers = [server for style in STYLES for server in (style, BARE_OF[style])]
    absent = [f"{work} of {server}" for work, _ in counted_works() for server in servers if (work, server) not in totals]
    if absent:
        raise Unusable(f"this run did not count the instructions of {absent[0]}: use --filter '*/instructions_per_request*', or no filter")
    lines = ["| where | " + " | ".join(servers) + " |", "|---|" + "---:|" * len(servers)]
    for name in groups.ORDER:
        lines.append(f"| {name} | " + " | ".join(_number(parts[BUDGET, server].get(name, 0)) for server in servers) + " |")
    lines.append("| all | " + " | ".join(_number(totals[BUDGET, server]) for server in servers) + " |")
    lines += ["", "| work | " + " | ".join(f"{style} | over bare | over llhttp alone" for style in STYLES) + " |", "|---|" + "---:|" * (3 * len(STYLES))]
    for work, words in counted_works():
        cells = []
        for style in STYLES:
            figure = totals[work, style]
            cells.append(_number(figure))
            for other in (BARE_OF[style], BARE_OF[style] + LLHTTP):
                cells.append(f"{figure / totals[work, other]:.2f} ×" if (work, other) in totals else "")
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return lines


def _number(value):
    return f"{value:,.0f}" if value else "–"


def between(text):
    """(what stands before the markers' inside, the inside, what stands behind it)."""
    try:
        before, rest = text.split(BEGIN + "\n", 1)
        inside, behind = rest.split(END, 1)
    except ValueError as error:
        raise Unusable("the page does not have both markers") from error
    return before + BEGIN + "\n", inside, END + behind


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="FILE", help="of antiphon bench --out")
    parser.add_argument("--page", default=PAGE)
    flags = parser.parse_args(argv)
    try:
        with open(flags.run, encoding="utf-8") as file:
            run = json.load(file)
        if run.get("schema") != SCHEMA:
            raise Unusable(f"schema {run.get('schema')!r}, not {SCHEMA!r}")
        with open(flags.page, encoding="utf-8") as file:
            before, _, behind = between(file.read())
        text = before + "\n".join(["", *block(run["rows"]), ""]) + "\n" + behind
        with open(flags.page, "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError, Unusable) as error:
        print(f"performance_page.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
