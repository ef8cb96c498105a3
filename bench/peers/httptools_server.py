"""The least that answers by HTTP on asyncio with httptools (llhttp in Python), with the same octets. Prints the port that
it listens on. Usage: httptools_server.py asyncio|uvloop"""

import asyncio
import sys
import time
from email.utils import formatdate

import httptools

BODY = b"hello, world\n"


class Date:
    """Formatted once a second."""

    def __init__(self):
        self.second = 0
        self.answer = b""

    def now(self):
        second = int(time.time())
        if second != self.second:
            self.second = second
            self.answer = (b"HTTP/1.1 200 OK\r\nDate: " + formatdate(second, usegmt=True).encode() +
                           b"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\n" + BODY)
        return self.answer


DATE = Date()


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_complete(self):
        self.transport.write(DATE.now())
        if not self.parser.should_keep_alive():
            self.transport.close()


async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(main())
