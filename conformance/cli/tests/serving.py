"""What the tests of `antiphon serve` share. Each is called with ANTIPHON STYLE [unittest arguments], by ctest."""

import http.client
import re
import signal
import socket
import ssl
import subprocess
import sys

ANTIPHON = sys.argv.pop(1)
STYLE = sys.argv.pop(1)
HANG = 60  # seconds; only against a hang


class Server:
    """`antiphon serve` on a port of the system's choice."""

    def __init__(self, *options):
        self.process = subprocess.Popen([ANTIPHON, "serve", "--style", STYLE, "--port", "0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (https?)://127\.0\.0\.1:(\d+) \((\w+)\)\n", self.line)
        if not found:
            self.process.kill()
            raise AssertionError(f"no listening line but {self.line!r}: {self.process.communicate()[1]}")
        self.scheme, self.port, self.model = found[1], int(found[2]), found[3]
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        self.trust = None
        if self.scheme == "https":
            self.trust = ssl.create_default_context(cafile=options[options.index("--tls-cert") + 1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def http(self):
        if self.trust:
            return http.client.HTTPSConnection("localhost", self.port, timeout=HANG, context=self.trust)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG)

    def connect(self):
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=HANG)
        return self.trust.wrap_socket(peer, server_hostname="localhost") if self.trust else peer

    def ask(self, octets):
        """All that is answered until the end."""
        with self.connect() as peer:
            peer.sendall(octets)
            return read_to_end(peer)

    def metric(self, name):
        text = self.ask(b"GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None

    def peak_memory(self):
        """Octets of memory at most so far."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024

    def end(self, number=signal.SIGTERM):
        """Asks it to end; exit status and the lines on standard error."""
        self.process.send_signal(number)
        status = self.process.wait(HANG)
        return status, self.process.stderr.read()


def ask(connection, method, target, body=None, headers=None):
    """Over an http.client connection: status, fields by lower-case name, body."""
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def read_to_end(peer):
    octets = b""
    try:
        while piece := peer.recv(65536):
            octets += piece
    except ConnectionResetError:
        pass
    return octets


def read_answer(peer):
    """One answer with a Content-Length, or b"" if the connection ends before any octet of it."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        try:
            piece = peer.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            if octets:
                raise AssertionError(f"the connection ended inside an answer: {octets!r}")
            return b""
        octets += piece
    head, _, body = octets.partition(b"\r\n\r\n")
    size = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < size:
        piece = peer.recv(65536)
        if not piece:
            raise AssertionError(f"the connection ended inside a body: {head!r}")
        body += piece
    return head + b"\r\n\r\n" + body


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=HANG, check=False, **more)
