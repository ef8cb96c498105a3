"""The program under test, of which the command line tells, and a peer's blocking calls."""

import signal
import socket
import struct
import subprocess
import sys

PATIENCE = 60  # seconds; only turns a hang into a failure
ORIGINAL = "--original" in sys.argv
if ORIGINAL:
    sys.argv.remove("--original")
NAME, *COMMAND = sys.argv[1:]


class Program:
    """The program under test, listening."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.listening = self.line()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def line(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    @property
    def port(self):
        start, _, port = self.listening.rpartition(":")
        assert start.startswith("listening on ") and start.endswith("127.0.0.1"), self.listening
        return int(port)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def status(self):
        return self.process.wait(PATIENCE)

    def connect(self, receive_buffer=0):
        peer = socket.socket()
        try:
            peer.settimeout(PATIENCE)
            if receive_buffer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            peer.connect(("127.0.0.1", self.port))
        except OSError:
            peer.close()
            raise
        return peer


def read(peer, count):
    data = bytearray()
    while len(data) < count:
        more = peer.recv(min(count - len(data), 65536))
        if not more:
            raise EOFError(f"{count} octets wanted, {len(data)} came: {bytes(data[:200])}")
        data += more
    return bytes(data)


def read_line(peer):
    line = b""
    while not line.endswith(b"\n"):
        line += read(peer, 1)
    return line


def read_to_end(peer):
    data = bytearray()
    while more := peer.recv(65536):
        data += more
    return bytes(data)


def reset(peer):
    """Ends the connection as a crash would."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def send_until_cut(peer, block):
    """Never reads; true once the other side has had enough of that."""
    try:
        while True:
            peer.sendall(block)
    except ConnectionError:
        return True
