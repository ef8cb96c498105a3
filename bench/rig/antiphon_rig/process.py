"""A server as a process of its own: pinned to cores, watched through /proc, always ended."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import time

START_LIMIT = 60  # seconds, against a hang
LISTENING = b"listening"


class Failed(Exception):
    """A server or a load did not do what it should: one line for the user."""


def free_port():
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _default_signals():
    # The rig may run where SIGINT is ignored (a shell's background job); children that ignore signals cannot be ended.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


class Process:
    """A started program. Use it in a `with`; its end is waited for."""

    def __init__(self, command, cpus=None, environment=None, folder=None):
        self._command = command
        pin = ["taskset", "-c", ",".join(map(str, cpus))] if cpus else []
        self.child = subprocess.Popen(  # pylint: disable=consider-using-with
            pin + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
            env={**os.environ, **(environment or {})}, start_new_session=True, preexec_fn=_default_signals)

    @property
    def pid(self):
        return self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_for_port(self):
        """Of a server that prints "listening PORT" (or a URL with it) as its first line."""
        limit, line = time.monotonic() + START_LIMIT, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.child.stdout], [], [], max(0, limit - time.monotonic()))
            octets = os.read(self.child.stdout.fileno(), 4096) if ready else b""
            if not octets:
                raise Failed(f"{self._command[0]} did not begin to listen{self._last_words()}")
            line += octets
        digits = line.split(b"(")[0].rstrip(b"\n /").rsplit(b":", 1)[-1].split()[-1]
        return int(digits)

    def wait_until_connectable(self, port):
        limit = time.monotonic() + START_LIMIT
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            if self.child.poll() is not None or time.monotonic() > limit:
                raise Failed(f"{self._command[0]} did not begin to listen{self._last_words()}")
            time.sleep(0.01)

    def _last_words(self):
        self.stop()
        said = (self.child.stderr.read() or b"").decode(errors="replace").strip().splitlines()
        return f": {said[-1]}" if said else ""

    def pids(self):
        """Its own and its descendants'."""
        found, left = [], [self.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            for task in _tasks(pid):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                    left += map(int, file.read().split())
        return found

    def cpu_ns(self):
        """CPU time, user and system, of all its processes' threads; the kernel counts it in nanoseconds."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                total += time.clock_gettime_ns(process_clock(pid))
        return total

    def times(self):
        """(user, system) seconds of all its processes, in the kernel's ticks."""
        fields = [_stat(f"/proc/{pid}/stat") for pid in self.pids()]
        return tuple(sum(int(one[number]) for one in fields if one) / os.sysconf("SC_CLK_TCK") for number in (11, 12))

    def thread_times(self):
        """CPU nanoseconds of each thread, by its id."""
        found = {}
        for pid in self.pids():
            for task in _tasks(pid):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                    found[task] = int(file.read().split()[0])
        return found

    def rss(self):
        """Resident octets of all its processes."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                total += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return total

    def stop(self, number=signal.SIGTERM):
        """Ends it and what it started; asked first, made to after a while. Once."""
        if self.child.returncode is not None:
            return
        for what in (number, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, what)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(30)
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # whoever is left of its group


def process_clock(pid):
    """The clock of a process' CPU time (clock_getcpuclockid(3), which Python does not offer)."""
    return (~pid << 3) | 2


def _stat(path):
    """The fields of proc(5)'s stat behind the name, which may have blanks; none if the process has gone."""
    with contextlib.suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[-1].split()
    return None


def _tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
