# An echo server with a clock for each way in which a client can keep us waiting: it never says anything, it stops in
# the middle, it stays for ever, it does not read. The first three are told so; the last cannot be.

import asyncio
import signal
import sys


# [state] A handle per clock; a handle that is forgotten goes on running, so they are attributes.
class Guest(asyncio.Protocol):
    def __init__(self, first, idle, session, stall):
        self.first, self.idle, self.session, self.stall = first, idle, session, stall
        self.loop = asyncio.get_running_loop()
        self.last_heard = self.stall_clock = None

    # [made] The first clocks start with the connection.
    def connection_made(self, transport):
        self.transport = transport
        self.idle_clock = self.loop.call_later(self.first, self.say_and_close, b"timeout: nothing came\n")
        self.session_clock = self.loop.call_later(self.session, self.say_and_close, b"timeout: the session is over\n")

    # [data] Only a time is noted. Cancelling a timer and setting a new one per block would cost more than the echo
    # itself.
    def data_received(self, data):
        first = self.last_heard is None
        self.last_heard = self.loop.time()
        if first:
            self.watch_idleness()
        self.transport.write(data)

    # [slow] The fourth clock runs only while the client is behind.
    def pause_writing(self):
        self.transport.pause_reading()
        self.stall_clock = self.loop.call_later(self.stall, self.transport.abort)

    def resume_writing(self):
        self.stall_clock.cancel()
        self.transport.resume_reading()

    # [lost] Timers know no connections: one that fires later would find a transport that is gone.
    def connection_lost(self, exc):
        for clock in (self.idle_clock, self.session_clock, self.stall_clock):
            if clock:
                clock.cancel()

    # [timer] Fires when the client might have been idle for too long, and goes back to sleep if it was not: the
    # deadline moves, the timer need not.
    def watch_idleness(self):
        self.idle_clock.cancel()
        deadline = self.last_heard + self.idle
        if self.loop.time() >= deadline:
            return self.say_and_close(b"timeout: idle\n")
        self.idle_clock = self.loop.call_at(deadline, self.watch_idleness)

    # [close] The goodbye has a limit of its own: `close` would wait for ever for a client that does not read.
    def say_and_close(self, text):
        self.transport.write(text)
        self.transport.close()
        self.idle_clock.cancel()
        self.session_clock.cancel()
        self.session_clock = self.loop.call_later(self.stall, self.transport.abort)


async def main(port, *limits):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Guest(*limits), "127.0.0.1", port)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


given = sys.argv[1:]
port, *limits = (int(word) for word in given + ["8888", "5000", "10000", "60000", "5000"][len(given):])
asyncio.run(main(port, *(milliseconds / 1000 for milliseconds in limits)))
