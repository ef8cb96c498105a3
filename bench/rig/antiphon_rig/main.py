"""antiphon bench: measures the styles, their bare libraries and what people use, and prints how they stand."""

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile

from . import conformance, document, estimate, loads, machine, schedule, table
from .process import Failed
from .progress import Progress
from .runner import SEED, Runner, all_rows
from .servers import STYLES, Programs, Servers

METHOD = ("Every sample is a fresh server process under one load. A round takes one sample of each server, every other round "
          "backwards (A B B A), so each two of a round are a pair. A ratio is the median of the pairs' ratios; its interval holds "
          "it in 95 of 100 resamples of the pairs. Where the interval holds 1, no difference is shown. CPU time is the server's, "
          "user and system. Bare is the smallest server on the same library with the styles' own parser; over llhttp alone stands "
          "beside it. Counts are taken apart: the same octets always meet the same server, asleep or stopped.")


def arguments(argv):
    parser = argparse.ArgumentParser(prog="antiphon bench", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", dest="mode", action="store_const", const="quick", help="fewer pairs, shorter, fewer peers: under 4 minutes")
    how.add_argument("--full", dest="mode", action="store_const", const="full", help="at least 9 pairs of everything: under half an hour")
    parser.set_defaults(mode="default")
    parser.add_argument("--filter", metavar="GLOB", help="only rows whose id matches, as 'keep_alive/*' or '*/asio_style/*'")
    parser.add_argument("--out", metavar="FILE", help="write the JSON there")
    parser.add_argument("--no-micro", action="store_true", help="leave the parts (Google Benchmark) out")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--data", required=True, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def micro(programs, mode):
    """Google Benchmark's JSON of the parts and of the servers in one process."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "micro.json")
        repetitions, time = {"quick": (1, 0.01), "default": (3, 0.02), "full": (9, 0.1)}[mode]
        done = subprocess.run([programs.micro, f"--benchmark_repetitions={repetitions}", f"--benchmark_min_time={time}",
                               f"--benchmark_out={out}", "--benchmark_out_format=json"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed("antiphon-bench: " + (done.stderr.strip().splitlines() or ["it failed"])[-1])
        with open(out, encoding="utf-8") as file:
            return json.load(file)


def measure(flags, programs, progress):
    """The whole document."""
    if not any(schedule.wanted(row.id, flags.filter) for row in all_rows(flags.mode)):
        raise Failed(f"no row's id matches '{flags.filter}' (ids: work/subject/metric, as keep_alive/64conn/asio_style/cpu_per_request)")
    made_on = machine.describe()
    progress.expect(estimate.seconds(flags.mode, flags.filter, not flags.no_micro))
    progress.begin("conformance: no figure of a build that breaks a rule")
    proved = conformance.prove(programs)
    cpus = machine.cores()
    with Servers(programs, cpus[0]) as servers:
        runner = Runner(programs, servers, cpus, flags.mode, flags.filter, progress)
        runner.run()
        parts = None
        if not flags.no_micro and flags.filter is None:
            progress.begin("the parts (Google Benchmark)")
            parts = micro(programs, flags.mode)
    if not runner.rows:
        raise Failed("no row could be taken: " + "; ".join(f"{peer}: {why}" for peer, why in runner.missing.items() if why))
    pairs = max(len(row["samples"]["subject"]) for row in runner.rows)
    return {"schema": document.SCHEMA, "version": programs.version(),
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "mode": flags.mode,
            "machine": made_on, "versions": machine.versions(parts), "conformance": proved,
            "method": {"pairs": pairs, "order": "ABBA", "interval": "bootstrap 95 %", "seed": SEED,
                       "pinning": f"server cpu {','.join(map(str, cpus[0]))}, load cpu {','.join(map(str, cpus[1]))}", "text": METHOD},
            "noise_floor": runner.noise, "rows": runner.rows,
            "curves": {"latency": runner.latency, "memory": runner.memory, "budget": runner.budget},
            "answers": servers.answers,
            "missing": [{"peer": peer, "reason": reason} for peer, reason in runner.missing.items() if reason],
            "micro": parts}


class Ended(BaseException):
    """Somebody asked for the end: the servers have to be ended before."""


def _end(number, _frame):
    raise Ended(number)


def main(argv=None):
    """128 and the signal's number if one ended it; 0; 1 if a figure could not be taken or the build breaks a rule; 2 for a wrong command line."""
    flags = arguments(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        for tool, package in loads.missing_tools():
            raise Failed(f"{tool} is not installed (Debian package {package})")
        progress = Progress()
        found = measure(flags, Programs(flags.program, os.path.join(flags.data, "peers")), progress)
        progress.done()
        if flags.out:
            with open(flags.out, "w", encoding="utf-8") as file:
                json.dump(found, file, indent=1)
                file.write("\n")
    except (Failed, OSError) as error:
        print(f"antiphon bench: {error}", file=sys.stderr)
        return 1
    except Ended as ended:
        print("antiphon bench: interrupted", file=sys.stderr)
        return 128 + ended.args[0]
    print("\n".join(table.lines(found, STYLES)))
    return 0
