"""A run that is interrupted leaves neither a server nor a temporary file behind. Usage: interrupt_test.py ANTIPHON"""

import os
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 60  # seconds, against a hang


def children(pid):
    """All processes below it, by number."""
    below = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                below.setdefault(int(file.read().rsplit(")", 1)[-1].split()[1]), []).append(int(entry))
        except OSError:
            continue
    found, wanted = [], [pid]
    while wanted:
        more = below.get(wanted.pop(), [])
        found += more
        wanted += more
    return found


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[-1].split()[0] != "Z"
    except OSError:
        return False


def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def wait_until(what, true):
    limit = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.01)


def interrupted(number, when, program):
    """A run that gets this signal as soon as it has started such a program."""
    with tempfile.TemporaryDirectory() as folder, \
            subprocess.Popen([sys.argv[1], "bench", "--quick", "--no-micro", "--filter", "keep_alive/64conn/*"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             env={**os.environ, "TMPDIR": folder}) as run:
        wait_until(when, lambda: any(program in command(pid) for pid in children(run.pid)))
        started = children(run.pid)
        run.send_signal(number)
        said = run.communicate(timeout=LIMIT)[1]
        assert run.returncode == 128 + number, (run.returncode, said)
        assert "interrupted" in said, said
        wait_until(f"all have ended: {started}", lambda: not any(is_there(pid) for pid in started))
        assert not os.listdir(folder), os.listdir(folder)


interrupted(signal.SIGINT, "the conformance kit runs", "conform")
interrupted(signal.SIGTERM, "a server is started", "antiphon-bench-server")
