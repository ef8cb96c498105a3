# A server with more to say than its clients may want to hear: the numbers from 1 to COUNT, a line each. It makes them
# no faster than the client takes them, so that its memory stays bounded however slow that is.

import asyncio
import signal
import sys

HIGH_WATER = 32 * 1024  # octets that may wait for the client; the low mark is a quarter
BLOCK = 500             # lines made at a time


# [state] How far this client has come, and whether it is behind: attributes.
class Numbers(asyncio.Protocol):
    def __init__(self, count):
        self.count = count
        self.next = 1
        self.slow = False
        self.pauses = self.most = 0
        self.next_block = None

    # [made] The marks are the connection's own. Then we begin: nobody has to ask.
    def connection_made(self, transport):
        self.transport = transport
        self.transport.set_write_buffer_limits(HIGH_WATER)
        self.produce()

    # [slow] Told from inside `write`, once, when more than the high mark waits; and again when no more than the low
    # mark does. Between the two nothing is made, and nothing is asked.
    def pause_writing(self):
        self.slow = True
        self.pauses += 1

    def resume_writing(self):
        self.slow = False
        self.produce()

    # [eof] That the client has nothing to say does not mean that it has heard enough.
    def eof_received(self):
        return True

    # [lost] What was to be made next for this client is not made.
    def connection_lost(self, exc):
        if self.next_block:
            self.next_block.cancel()
        print("sent %d lines, paused %d times, at most %d octets waiting" % (self.next - 1, self.pauses, self.most),
              flush=True)

    # [tell] One block, then the loop's turn. A client as fast as we are would never pause us: a plain `while` here
    # would let the others wait for ever.
    def produce(self):
        if self.slow or self.transport.is_closing():
            return
        end = min(self.next + BLOCK, self.count + 1)
        block = "".join("%d\n" % number for number in range(self.next, end))
        self.next = end
        self.transport.write(block.encode())
        self.most = max(self.most, self.transport.get_write_buffer_size())
        if self.next > self.count:
            self.transport.close()  # what still waits is sent first
        elif not self.slow:
            self.next_block = asyncio.get_running_loop().call_soon(self.produce)


async def main(port, count):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Numbers(count), "127.0.0.1", port)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


port, count = (int(word) for word in (sys.argv[1:] + ["8888", "10000000"][len(sys.argv) - 1:]))
asyncio.run(main(port, count))
