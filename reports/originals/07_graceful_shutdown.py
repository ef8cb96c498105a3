# An echo server that ends well. On SIGTERM or SIGINT it takes no new connections, goes on serving those that are open
# until their clients have finished, and aborts what is left at a deadline.

import asyncio
import signal
import sys

# [state] Python 3.11 gives no list of a server's connections (3.13 can close and abort them), so we keep one.
transports = set()
finished = forced = 0


class Echo(asyncio.Protocol):
    # [made] One more that has to end before we may.
    def connection_made(self, transport):
        self.transport = transport
        transports.add(transport)

    # [data] An echo.
    def data_received(self, data):
        self.transport.write(data)

    # [slow] A client that does not read is not listened to, so that its output stays bounded.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    # [lost] Nothing of this client's is waiting any more.
    def connection_lost(self, exc):
        global finished
        finished += 1
        transports.remove(self.transport)


# [listen] One coroutine is the server's whole life, from top to bottom.
async def main(port, deadline):
    global forced
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", port)
    # [stop] The handlers run in the loop, not in the signal's context: everything is allowed in them.
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    # Begun before `close`, `wait_closed` waits for the last connection; after it, in 3.11, it returns at once.
    all_gone = asyncio.ensure_future(server.wait_closed())
    await stop.wait()

    # [drain] `close` ends the listening only; the connections go on. Then whichever comes first: the last of them
    # has ended, or the deadline.
    server.close()
    try:
        if transports:
            await asyncio.wait_for(asyncio.shield(all_gone), deadline)
    except asyncio.TimeoutError:
        # [force] What is left is aborted, and waited for as well.
        forced = len(transports)
        for transport in transports:
            transport.abort()
        await all_gone


port, deadline_ms = (int(word) for word in (sys.argv[1:] + ["8888", "5000"][len(sys.argv) - 1:]))
asyncio.run(main(port, deadline_ms / 1000))
print("finished %d, forced %d" % (finished - forced, forced), flush=True)
