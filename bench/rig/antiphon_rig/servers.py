"""How each server is started, on a free port of loopback, and why one is missing."""

import contextlib
import http.client
import os
import shutil
import subprocess
import tempfile

from .process import Failed, Process, free_port

STYLES = ("asio_style", "cl_async_style")
BARE = ("bare_asio", "bare_libuv", "bare_epoll")
ALL_OWN = STYLES + BARE
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
        self.peers = peers
        for program in (self.antiphon, self.server, self.counted, self.load, self.micro):
            if not os.access(program, os.X_OK):
                raise Failed(f"{program} is not there: build with the room `bench` (ANTIPHON_BENCH=ON)")

    def version(self):
        done = subprocess.run([self.antiphon, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]


class Servers:
    """Starts servers by name. Has a temporary folder for what peers need; use it in a `with`."""

    def __init__(self, programs, cpus):
        self.programs, self.cpus = programs, cpus
        self._folder = tempfile.TemporaryDirectory(prefix="antiphon-bench-")  # pylint: disable=consider-using-with
        self._go = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @contextlib.contextmanager
    def run(self, name, service="http", cpus=None, counts=None):
        """A started server: yields (Process, port), and ends it. `counts`: the file for its counters."""
        name = name.removesuffix(AGAIN)
        cpus = cpus or self.cpus
        if name in STYLES + BARE:
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

    @contextlib.contextmanager
    def run_workers(self, style, workers, cpus):
        """`antiphon serve` with so many loops."""
        option = {"asio_style": "asio", "cl_async_style": "cl-async"}[style]
        command = [self.programs.antiphon, "serve", "--style", option, "--port", "0", "--workers", str(workers)]
        with Process(command, cpus) as process:
            yield process, process.wait_for_port()

    def missing(self, name):
        """Why a server cannot be started, or none."""
        if name in STYLES + BARE:
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

    def check(self, port):
        """The answer must have the body that all have: no wrong server can be a fast one."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            if (answer.status, answer.read()) != (200, BODY):
                raise Failed(f"the server answers {answer.status}, and not what it should")
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"the server does not answer: {error}") from error
        finally:
            connection.close()

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
