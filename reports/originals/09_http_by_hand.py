# HTTP/1.1 on the bare transport: what a server framework does for you. Only what fits on a page: no chunked bodies, and
# none of what a parser has to refuse.

import asyncio
import email.utils
import signal
import sys

LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 1024 * 1024


# [state] What has come of a request and is not complete yet.
class Http(asyncio.Protocol):
    def __init__(self):
        self.buffer = b""

    # [made] Nothing is said before the client has asked.
    def connection_made(self, transport):
        self.transport = transport

    # [data] Requests may come in pieces, and several at once.
    def data_received(self, data):
        self.buffer += data
        while not self.transport.is_closing() and b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            try:
                method, path, headers = self.parse(head)
                length = int(headers.get("content-length", 0))
                if "transfer-encoding" in headers or not 0 <= length <= LONGEST_BODY:
                    raise ValueError
            except ValueError:
                return self.refuse()
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self.answer(method, path, rest[:length], close=headers.get("connection", "").lower() == "close")
        if len(self.buffer) > LONGEST_HEAD + LONGEST_BODY:
            self.refuse()

    # [slow] A client that sends requests and does not read the answers.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    # [parse] A sketch; our programs leave this to a parser that knows RFC 9112 to the letter.
    def parse(self, head):
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, version = first.split(" ")
        if version not in ("HTTP/1.0", "HTTP/1.1"):
            raise ValueError
        headers = dict(line.split(":", 1) for line in lines)
        return method, path, {name.lower(): value.strip() for name, value in headers.items()}

    # [answer] Date, the framing and Connection are ours to add.
    def answer(self, method, path, body, close):
        if (method, path) == ("GET", "/"):
            self.respond("200 OK", b"hello, world\n", close)
        elif (method, path) == ("POST", "/echo"):
            self.respond("200 OK", body, close)
        else:
            self.respond("404 Not Found", b"no such page\n", close)

    def respond(self, status, body, close):
        head = "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n" % (
            status, email.utils.formatdate(usegmt=True), len(body), "Connection: close\r\n" if close else "")
        self.transport.writelines([head.encode(), body])
        if close:
            self.transport.close()

    # [failed] After a request that cannot be read nobody knows where the next begins: answer and close.
    def refuse(self):
        self.respond("400 Bad Request", b"", close=True)


# [listen] Until a signal comes; leaving the `with` closes the server.
async def main(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Http, "127.0.0.1", port)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
