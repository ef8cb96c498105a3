"""What the figures were taken on."""

import os
import platform
import re
import shutil
import subprocess


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def describe():
    model = re.search(r"^model name\s*:\s*(.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    pretty = re.search(r'^PRETTY_NAME="?([^"\n]*)', _read("/etc/os-release"), re.MULTILINE)
    return {"cpu": model.group(1) if model else platform.processor() or "unknown",
            "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "os": pretty.group(1) if pretty else platform.system(),
            "load_at_start": round(os.getloadavg()[0], 2)}


def cores():
    """The server's cores and the load's. With one core they share it, which the method then says."""
    usable = sorted(os.sched_getaffinity(0))
    return ([usable[0]], [usable[1]]) if len(usable) > 1 else (usable, usable)


# Each prints its version in the first line that has digits and a dot.
_COMMANDS = {"gcc": ["g++", "--version"], "wrk": ["wrk", "--version"], "h2load": ["h2load", "--version"],
             "valgrind": ["valgrind", "--version"], "nginx": ["nginx", "-v"], "h2o": ["h2o", "--version"],
             "node": ["node", "--version"], "go": ["go", "version"], "python": ["/usr/bin/python3", "--version"]}


def versions(micro=None):
    """Of the libraries, as the benchmark's own programs were built with, and of the tools and peers."""
    found = {}
    for name, command in _COMMANDS.items():
        if not shutil.which(command[0]):
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if version := re.search(r"\d+(\.\d+)+", done.stdout + done.stderr):
            found[name] = version.group(0)
    for name in ("boost", "libuv"):
        if micro and name in micro.get("context", {}):
            found[name] = micro["context"][name].replace("_", ".")
    return found
