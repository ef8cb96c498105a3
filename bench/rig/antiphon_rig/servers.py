"""How each server is started, on a free port of loopback, and why one is missing."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile

from .process import Failed, Process, free_port

STYLES = ("asio_style", "cl_async_style")
BARE = ("bare_asio", "bare_libuv", "bare_epoll")
LLHTTP = "_llhttp"  # behind a bare server's name: with llhttp alone, not the styles' parser
LLHTTP_ALONE = tuple(name + LLHTTP for name in BARE)
OWN = STYLES + BARE + LLHTTP_ALONE
PEERS = ("nginx", "h2o", "node_http", "go_net_http", "uvloop_httptools", "asyncio_httptools", "aiohttp")
BARE_OF = {"asio_style": "bare_asio", "cl_async_style": "bare_libuv"}
AGAIN = "#again"  # behind a server's name: the same once more, for the noise floor

PYTHON = "/usr/bin/python3"  # Debian's carries Debian's modules; another one earlier in PATH may not
BODY = b"hello, world\n"


class Programs:
    """Where the benchmark's own programs and data are: beside each other, in a build folder as after installation."""

    def __init__(self, antiphon, peers):
        folder = os.path.dirname(os.path.abspath(antiphon))
        self.antiphon = os.path.abspath(antiphon)
        self.server = os.path.join(folder, "antiphon-bench-server")
        self.counted = os.path.join(folder, "antiphon-bench-server-counted")
        self.load = os.path.join(folder, "antiphon-bench-load")
        self.micro = os.path.join(folder, "antiphon-bench")
        self.locks = os.path.join(folder, "antiphon-bench-locks.so")
        self.peers = peers
        for program in (self.antiphon, self.server, self.counted, self.load, self.micro, self.locks):
            if not os.access(program, os.X_OK):
                raise Failed(f"{program} is not there: build with the room `bench` (ANTIPHON_BENCH=ON)")

    def version(self):
        done = subprocess.run([self.antiphon, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]


def receive(connection):
    """Head and body of an answer with a Content-Length."""
    octets, end, size = b"", -1, 0
    while end < 0 or len(octets) < end + 4 + size:
        more = connection.recv(65536)
        if not more:
            raise OSError("it was closed")
        octets += more
        end = octets.find(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", octets[:max(end, 0)], re.IGNORECASE)
        size = int(length[1]) if length else 0
    return octets[:end], octets[end + 4:]


def unlike(head, body):
    """What of an answer is not as all servers must have it, or nothing. They may have other fields beside these."""
    lines = head.decode("latin-1").lower().split("\r\n")
    wanted = {"status 200": lines[0].startswith("http/1.1 200"), "the body": body == BODY, "content-length: 13": "content-length: 13" in lines,
              "content-type: text/plain; charset=utf-8": "content-type: text/plain; charset=utf-8" in lines,
              "a date": any(line.startswith("date: ") for line in lines), "a kept connection": "connection: close" not in lines}
    return ", ".join(f"without {what}" for what, holds in wanted.items() if not holds)


class Servers:
    """Starts servers by name. Has a temporary folder for what peers need; use it in a `with`."""

    def __init__(self, programs, cpus):
        self.programs, self.cpus = programs, cpus
        self._folder = tempfile.TemporaryDirectory(prefix="antiphon-bench-")  # pylint: disable=consider-using-with
        self._go = None
        self.answers = {}  # of the peers: the head of one answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @contextlib.contextmanager
    def run(self, name, service="http", cpus=None, counts=None):
        """A started server: yields (Process, port), and ends it. `counts`: the file for its counters."""
        name = name.removesuffix(AGAIN)
        cpus = cpus or self.cpus
        if name in OWN:
            program = [self.programs.counted, name, service, counts] if counts else [self.programs.server, name, service]
            command, port, folder = program, None, None
        else:
            command, port, folder = self._peer(name)
        with Process(command, cpus, folder=folder) as process:
            if port:
                process.wait_until_connectable(port)
            else:
                port = process.wait_for_port()
            yield process, port

    def missing(self, name):
        """Why a server cannot be started, or none."""
        if name in OWN:
            return None
        program, package = {"nginx": ("nginx", "nginx-light"), "h2o": ("h2o", "h2o"), "node_http": ("node", "nodejs"),
                            "go_net_http": ("go", "golang-go")}.get(name, (PYTHON, "python3"))
        if not shutil.which(program):
            return f"{program} is not installed (Debian package {package})"
        for module, package in {"uvloop_httptools": [("uvloop", "python3-uvloop"), ("httptools", "python3-httptools")],
                                "asyncio_httptools": [("httptools", "python3-httptools")],
                                "aiohttp": [("aiohttp", "python3-aiohttp")]}.get(name, []):
            if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode != 0:
                return f"Python's {module} is not installed (Debian package {package})"
        return self._go_does_not_build() if name == "go_net_http" else None

    def check(self, name, port):
        """Two requests on one connection: kept, and the body and type that all have. No wrong server can be a fast one. What the first
        answer looks like is kept in `answers`, for a reader to compare."""
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            try:
                for _ in range(2):
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    head, body = receive(connection)
                    wrong = unlike(head, body)
                    if wrong:
                        raise Failed(f"the server's answer is not like the others': {wrong}")
            except OSError as error:
                raise Failed(f"the server does not keep the connection: {error}") from error
        self.answers.setdefault(name, head.decode("latin-1"))

    def _peer(self, name):
        source = self.programs.peers
        if name in ("nginx", "h2o"):
            port = free_port()
            folder, conf = self._configure(name, port)
            return {"nginx": [shutil.which("nginx"), "-p", folder, "-e", "stderr", "-c", conf],
                    "h2o": [shutil.which("h2o"), "-m", "worker", "-c", conf]}[name], port, folder
        return {"node_http": ["node", os.path.join(source, "node_http.js")],
                "go_net_http": [self._go],
                "uvloop_httptools": [PYTHON, os.path.join(source, "httptools_server.py"), "uvloop"],
                "asyncio_httptools": [PYTHON, os.path.join(source, "httptools_server.py"), "asyncio"],
                "aiohttp": [PYTHON, os.path.join(source, "aiohttp_server.py")]}[name], None, None

    def _configure(self, name, port):
        folder = tempfile.mkdtemp(dir=self._folder.name)
        with open(os.path.join(folder, "hello"), "wb") as file:
            file.write(BODY)
        with open(os.path.join(self.programs.peers, f"{name}.conf"), encoding="ascii") as file:
            text = file.read()
        user = {"nginx": "user root;", "h2o": "user: root"}[name] if os.geteuid() == 0 else ""
        for key, value in (("@PORT@", str(port)), ("@FOLDER@", folder), ("@USER@", user)):
            text = text.replace(key, value)
        conf = os.path.join(folder, "conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(text)
        return folder, conf

    def _go_does_not_build(self):
        if self._go:
            return None
        out = os.path.join(self._folder.name, "go_net_http")
        done = subprocess.run(["go", "build", "-o", out, os.path.join(self.programs.peers, "go_net_http.go")],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, "GOCACHE": os.path.join(self._folder.name, "go"), "GO111MODULE": "off",
                                   "GOFLAGS": "", "GOTOOLCHAIN": "local"})
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            return "go could not build it" + (f": {said[-1]}" if said else "")
        self._go = out
        return None
