"""The loads: wrk, h2load, and antiphon-bench-load where they cannot."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from .process import Failed
from .stats import percentile

PIPELINE = """
init = function(args)
  local batch = {}
  for i = 1, DEPTH do batch[i] = wrk.format("GET", "/") end
  pipelined = table.concat(batch)
end
request = function() return pipelined end
"""


def _run(command, cpus, **options):
    pin = ["taskset", "-c", ",".join(map(str, cpus))] if cpus else []
    done = subprocess.run(pin + command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(said[-1] if said else f"{command[0]} ended with status {done.returncode}")
    return done.stdout


def parse_wrk(text):
    """Answers received, of wrk's report. Anything but 2xx and 3xx, or a socket error, is a Failed."""
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    if errors and any(int(count) for count in errors.groups()):
        raise Failed("wrk: " + errors.group(0).lower())
    if wrong := re.search(r"Non-2xx or 3xx responses: (\d+)", text):
        raise Failed("wrk: " + wrong.group(0).lower())
    return int(re.search(r"(\d+) requests in ", text).group(1))


def wrk(port, cpus, connections, seconds, depth=1, headers=()):
    """Answers received in so many whole seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        for header in headers:
            command += ["-H", header]
        if depth > 1:
            script = os.path.join(folder, "pipeline.lua")
            with open(script, "w", encoding="ascii") as file:
                file.write(PIPELINE.replace("DEPTH", str(depth)))
            command += ["-s", script]
        return parse_wrk(_run(command + [f"http://127.0.0.1:{port}/"], cpus))


def own(programs, load, port, cpus, server=None, counts=None, **options):
    """antiphon-bench-load: what it prints, as a dict. The server's processes are watched if it is given."""
    command = [programs.load, load, "--port", str(port)]
    for pid in server.pids() if server else ():
        command += ["--pid", str(pid)]
    if counts:
        command += ["--counts", counts]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return json.loads(_run(command, cpus))


def parse_h2load_log(text):
    """Microseconds of each answered request, sorted: start, status, duration a line."""
    durations = []
    for line in text.splitlines():
        _, status, duration = line.split()[:3]
        if status != "200":
            raise Failed(f"h2load: a request ended with status {status}")
        durations.append(int(duration))
    return sorted(durations)


def h2load(port, cpus, connections, requests, rate=None):
    """Durations of HTTP/1.1 requests: at a total rate (open loop), or one after another. Also answers a second."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        command = ["h2load", "--h1", f"-c{connections}", f"-n{requests}", "-t1", f"--log-file={log}"]
        if rate:
            command += [f"--rps={rate / connections:.3f}"]
        text = _run(command + [f"http://127.0.0.1:{port}/"], cpus)
        with open(log, encoding="ascii") as file:
            durations = parse_h2load_log(file.read())
    if len(durations) < requests:
        raise Failed(f"h2load: {requests - len(durations)} of {requests} requests were not answered")
    reached = float(re.search(r"finished in .*?, ([0-9.]+) req/s", text).group(1))
    return durations, reached


def summary(durations):
    """The percentiles of a latency point."""
    return {"p50_us": percentile(durations, 0.50), "p90_us": percentile(durations, 0.90),
            "p99_us": percentile(durations, 0.99), "max_us": durations[-1]}


def missing_tools():
    """The tools that are not there, as (tool, Debian package)."""
    return [(tool, package) for tool, package in (("wrk", "wrk"), ("h2load", "nghttp2-client"), ("valgrind", "valgrind"), ("strace", "strace"),
                                                  ("taskset", "util-linux")) if not shutil.which(tool)]
