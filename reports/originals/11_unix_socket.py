# An echo server on a UNIX socket and a client of it, both in one loop.

import asyncio
import os
import signal
import sys
import tempfile


# [data] The protocol is that of TCP: it cannot tell the difference.
class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


# [client] Collects an answer of `size` octets. The future is the bridge from callbacks to the coroutine that waits.
class Client(asyncio.Protocol):
    def __init__(self, answer, size):
        self.answer, self.size, self.so_far = answer, size, b""

    def data_received(self, data):
        self.so_far += data  # it may come in pieces
        if len(self.so_far) >= self.size and not self.answer.done():
            self.answer.set_result(self.so_far)

    # [lost] Whoever waits must learn that nothing will come any more.
    def connection_lost(self, exc):
        if not self.answer.done():
            self.answer.set_exception(exc or ConnectionError("no answer came"))


# [ask] Asks once and prints the answer: top to bottom, as if it blocked.
async def ask(path, question):
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    transport, _ = await loop.create_unix_connection(lambda: Client(answer, len(question)), path)
    transport.write(question)
    print("the client got:", (await answer).decode(), flush=True)
    transport.close()


# [listen] A path instead of host and port. A socket file that is there already is replaced.
async def main(path):
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(Echo, path)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on", path, flush=True)
    async with server:
        await ask(path, b"hello")
        await stop.wait()
    # [stop] The file outlives the server in Python 3.11; who made it removes it.
    os.unlink(path)


default = os.path.join(tempfile.gettempdir(), "echo-%d.sock" % os.getpid())
asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else default))
