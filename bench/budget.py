#!/usr/bin/env python3
"""Compares the counts of both styles with bench/budget.json, or writes that file anew.

  bench/budget.py BUILD_FOLDER             status 1 if a count is out of the budget, with one line for each
  bench/budget.py BUILD_FOLDER --write     the counts of this build are the budget from now on

Instructions may differ by 2 % (another libc's memcpy); system calls and allocations are exact, but for the few hundredths a request
that the server's own timers may add. Less than the budget is told too:
then the budget is to be written anew, or what was gained could be lost without a word.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "rig"))

from antiphon_rig import counts, machine  # noqa: E402
from antiphon_rig.plan import ALLOCATIONS, INSTRUCTIONS, SYSCALLS  # noqa: E402
from antiphon_rig.process import Failed  # noqa: E402
from antiphon_rig.servers import STYLES, Programs, Servers  # noqa: E402

SCHEMA = "antiphon-budget/1"
FILE = os.path.join(HERE, "budget.json")
WORKS = {"keep_alive/1conn": (INSTRUCTIONS, SYSCALLS, ALLOCATIONS), "keep_alive/64conn": (SYSCALLS, ALLOCATIONS),
         "echo_64B/1conn": (INSTRUCTIONS, SYSCALLS, ALLOCATIONS)}
NEARLY = 0.02
TIMERS = {SYSCALLS.name: 0.05, ALLOCATIONS.name: 0.02}  # what they may add to a request


def measure(build):
    """Every count of the budget, by id."""
    programs = Programs(os.path.join(build, "bin", "antiphon"), os.path.join(HERE, "peers"))
    server_cpus, load_cpus = machine.cores()
    found = {}
    with Servers(programs, server_cpus) as servers:
        counter = counts.Counter(programs, servers, server_cpus, load_cpus)
        for work in counts.COUNT_WORKS:
            for metric in WORKS.get(work.name, ()):
                for style in STYLES:
                    found[f"{work.name}/{style}/{metric.name}"] = round(counter.value(work, metric, style), 3)
    return found


def judge(budget, found):
    """One line for each count that is not as the budget says."""
    lines = [f"{name}: not in the budget" for name in found if name not in budget]
    for name, allowed in budget.items():
        if name not in found:
            lines.append(f"{name}: in the budget, but not counted any more")
            continue
        count = found[name]
        slack = {INSTRUCTIONS.name: allowed * NEARLY, **TIMERS}.get(name.rsplit("/", 1)[-1], 0)
        if abs(count - allowed) > slack + 1e-9:
            lines.append(f"{name}: {count:g}, the budget is {allowed:g}" + (f" within {NEARLY:.0%}" if name.endswith(INSTRUCTIONS.name) else ""))
    return lines


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD_FOLDER", help="as build/release")
    parser.add_argument("--write", action="store_true")
    flags = parser.parse_args(argv)
    try:
        found = measure(flags.build)
        if flags.write:
            with open(FILE, "w", encoding="utf-8") as file:
                json.dump({"schema": SCHEMA, "counts": found}, file, indent=1)
                file.write("\n")
            return 0
        with open(FILE, encoding="utf-8") as file:
            budget = json.load(file)
    except (Failed, OSError, ValueError) as error:
        print(f"budget.py: {error}", file=sys.stderr)
        return 2
    lines = judge(budget["counts"], found)
    for line in lines:
        print(line)
    if lines:
        print(f"If this is meant: bench/budget.py {flags.build} --write")
    else:
        print(f"{len(found)} counts are within the budget")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
