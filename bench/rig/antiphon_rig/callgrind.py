"""Instructions per request by valgrind's callgrind: the slope of two run lengths, in all and by function."""

import collections
import dataclasses
import os
import re
import signal
import tempfile

from . import loads, stats
from .process import Process


@dataclasses.dataclass
class Profile:
    """Of one run: self cost by (function, library), and how often each function was called."""

    costs: collections.Counter
    calls: collections.Counter


def parse(text):
    """An out file of callgrind (written with --compress-strings=no)."""
    costs, calls, function, callee, library, skip = collections.Counter(), collections.Counter(), None, None, "", False
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("ob="):
            library = os.path.basename(line[3:])
        elif line.startswith("fn="):
            function = line[3:]
            if function.startswith("0x"):  # a library without symbols
                function = f"[{library}]"
        elif line.startswith("cfn="):
            callee = line[4:]
        elif line.startswith("calls="):
            calls[callee] += int(line[6:].split()[0])
            skip = True  # the next line is the cost of what was called, not of this function
        elif line[0].isdigit() or line[0] in "+-*":
            if skip:
                skip = False
            elif function is not None:
                costs[function, library] += int(line.split()[1])
    return Profile(costs, calls)


def run(programs, cpus, server, service, load, **options):
    """One server under callgrind, one load, the server killed. (requests, its Profile)."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        command = ["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no",
                   f"--callgrind-out-file={out}", *server_command(programs, server, service)]
        with Process(command, cpus) as process:
            port = process.wait_for_port()
            done = loads.own(programs, load, port, cpus, server=process, **options)
            process.stop(signal.SIGTERM)
        with open(out, encoding="utf-8", errors="replace") as file:
            return done["requests"], parse(file.read())


def server_command(programs, server, service):
    """A server of the benchmark, or ("antiphon serve", style, workers)."""
    if isinstance(server, tuple):
        _, style, workers = server
        return [programs.antiphon, "serve", "--style", style, "--port", "0", "--workers", str(workers)]
    return [programs.server, server, service]


def slope(short, long):
    """Instructions of one request by (function, library), of two runs' (requests, Profile)."""
    (few, before), (many, after) = short, long
    return {name: stats.slope((few, before.costs[name]), (many, after.costs[name])) for name in set(before.costs) | set(after.costs)
            if after.costs[name] != before.costs[name]}


def per_request(programs, cpus, server, service, load, requests, **options):
    """Instructions of one request by (function, library): of runs with `requests` and five times as many."""
    return slope(run(programs, cpus, server, service, load, requests=requests, **options),
                 run(programs, cpus, server, service, load, requests=5 * requests, **options))


def plain(name):
    """A demangled name without its arguments and, but for std::, its templates' arguments."""
    if name.startswith("["):
        return name
    name = re.sub(r" \[clone [^]]*\]|(non-)?virtual thunk to ", "", name).replace("(anonymous namespace)::", "")
    if name.startswith("std::"):
        return name
    depth, kept = 0, []
    for char in re.sub(r"operator(<=>|[-+<>!=()]+|\[\])", "operator", name):
        depth += char in "<("
        if depth == 0:
            kept.append(char)
        depth -= char in ">)"
    short = "".join(kept).replace(" const", "").strip()
    return (short.split(" ")[-1] if " " in short and "operator" not in short else short) or name


def readable(name):
    """What a reader needs of a demangled name."""
    name = re.sub(r"\[abi:[^]]*\]", "", name)
    return plain(re.sub(r"^std::(\w+).*", r"std::\1", name)).replace("antiphon::", "").replace("boost::asio::", "asio::")


def budget(costs, most=24):
    """The functions that cost most, then the rest as one: [{name, instructions, share}]."""
    total = sum(costs.values())
    joined = collections.Counter()
    for (name, _), cost in costs.items():
        joined[readable(name)] += cost
    first = joined.most_common(most)
    functions = [{"name": name, "instructions": round(cost, 1), "share": cost / total} for name, cost in first if cost >= 0.5]
    rest = total - sum(one["instructions"] for one in functions)
    if rest >= 0.5:
        functions.append({"name": "(all others)", "instructions": round(rest, 1), "share": rest / total})
    return functions
