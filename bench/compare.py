#!/usr/bin/env python3
"""What got slower between two runs: bench/compare.py OLD NEW

OLD and NEW are files of `antiphon bench --out`. Counts come first, since they hold on any machine: 2 % more instructions, or one
system call or allocation more, is told. Times of two runs met two different minutes, so only their ratios to the other server of
the same run are compared, and only where the two intervals do not touch. Status 1 if a count got worse, 2 if a file cannot be read.
"""

import argparse
import json
import sys

SCHEMA = "antiphon-bench/1"
NEARLY = {"instructions_per_request": 0.02, "memory_per_connection": 0.02}  # of the old value; other counts are exact
UNSTEADY = {"locks_per_request"}  # how many requests a turn of the loop serves depends on the moment


class Unreadable(Exception):
    """A file that is not a run: one line for the user."""


def load(path):
    """The rows of a run by id."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise Unreadable(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else None
        raise Unreadable(f"{path}: schema {found!r}, not {SCHEMA!r}")
    return {row["id"]: row for row in document["rows"]}


def groups(old, new):
    """Which parts of a count differ, if both runs told them: the three that differ most."""
    before, after = ({part["name"]: part["values"][0] for part in (row.get("breakdown") or {}).get("parts", ())} for row in (old, new))
    if not before or not after:
        return ""
    changes = sorted(((after.get(name, 0) - before.get(name, 0), name) for name in {**before, **after}), key=lambda one: (-abs(one[0]), one[1]))
    told = [f"{name} {change:+,.0f}" for change, name in changes[:3] if abs(change) >= 0.5]
    return ": " + ", ".join(told) if told else ""


def compare_counts(old, new):
    """(worse, better): lines about the counts that differ by more than they may."""
    worse, better = [], []
    for name, row in new.items():
        if row["kind"] != "count" or name not in old or row["metric"] in UNSTEADY:
            continue
        before, after = old[name]["value"], row["value"]
        allowed = abs(before) * NEARLY.get(row["metric"], 0)
        if abs(after - before) <= allowed + 1e-9:
            continue
        change = f"{(after / before - 1):+.1%}" if before else "from none"
        line = f"{name}: {before:g} -> {after:g} {row['unit'] if row['unit'] != '1' else ''}".rstrip() + f" ({change}){groups(old[name], row)}"
        (worse if (after > before) == (row["better"] == "lower") else better).append(line)
    return worse, better


def compare_times(old, new):
    """(worse, better): lines about the ratios whose intervals do not touch."""
    worse, better = [], []
    for name, row in new.items():
        before = old.get(name)
        if row["kind"] != "time" or not row["interval"] or not before or not before["interval"]:
            continue
        (low, high), (old_low, old_high) = row["interval"], before["interval"]
        if low <= old_high and old_low <= high:
            continue
        line = (f"{name}: {before['ratio']:.2f} x [{old_low:.2f}, {old_high:.2f}] -> "
                f"{row['ratio']:.2f} x [{low:.2f}, {high:.2f}] of {row['against'] or 'itself'}")
        (worse if (low > old_high) == (row["better"] == "lower") else better).append(line)
    return worse, better


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    flags = parser.parse_args(argv)
    try:
        old, new = load(flags.old), load(flags.new)
    except Unreadable as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2
    costs_more, costs_less = compare_counts(old, new)
    slower, faster = compare_times(old, new)
    for heading, lines in (("Counts that got worse", costs_more), ("Ratios of times that got worse", slower),
                           ("Counts that got better", costs_less), ("Ratios of times that got better", faster),
                           ("Rows that are gone", sorted(set(old) - set(new))), ("New rows", sorted(set(new) - set(old)))):
        if lines:
            print(heading + ":", *("  " + line for line in lines), sep="\n")
    if not (costs_more or costs_less or slower or faster):
        print(f"no difference in {len(set(old) & set(new))} rows")
    return 1 if costs_more else 0


if __name__ == "__main__":
    sys.exit(main())
