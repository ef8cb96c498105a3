# The client says all it has to say and ends its direction; only then is there an answer. The server counts what came:
# "counting" at once, the count when the work is done, then the end.

import asyncio
import signal
import sys


# [state] The counts of one client are attributes of its object, and so is the work that is under way for it.
class Counter(asyncio.Protocol):
    def __init__(self, work_time):
        self.work_time = work_time
        self.octets = self.lines = 0
        self.work = None

    def connection_made(self, transport):
        self.transport = transport

    # [data] Nothing is kept but the counts: the client may send for as long as it likes.
    def data_received(self, data):
        self.octets += len(data)
        self.lines += data.count(b"\n")

    # [eof] True keeps our direction open until we close it; what is false, as the default None, would close the
    # transport behind this call, and the count would never arrive.
    def eof_received(self):
        self.transport.write(b"counting\n")
        self.work = asyncio.get_running_loop().call_later(self.work_time, self.answer)
        return True

    # [lost] Also when the client goes while we work for it: the timer knows no connections, so it must be told.
    def connection_lost(self, exc):
        if self.work:
            self.work.cancel()

    # [answer] `close` sends what is buffered first; then the client reads its end of file.
    def answer(self):
        self.transport.write(b"%d lines, %d octets\n" % (self.lines, self.octets))
        self.transport.close()


# [listen] Nothing is asked of the server: each protocol decides by what `eof_received` returns.
async def main(port, work_time):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Counter(work_time), "127.0.0.1", port)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


port, work_ms = (int(word) for word in (sys.argv[1:] + ["8888", "500"][len(sys.argv) - 1:]))
asyncio.run(main(port, work_ms / 1000))
