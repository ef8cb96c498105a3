# An echo server: whatever comes in goes out again, and a client that does not read is not read from either.

import asyncio
import signal
import sys


# [state] An object per connection; what it must remember is in its attributes.
class Echo(asyncio.Protocol):
    # [made] A connection begins. The transport is kept: it is not handed over again.
    def connection_made(self, transport):
        self.transport = transport

    # [data] Octets came. `write` never blocks and is not awaited.
    def data_received(self, data):
        self.transport.write(data)

    # [slow] The client is slow: stop reading until it has taken what we hold.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    # [eof] Not overridden: `eof_received` returns None, and the transport closes itself after what is buffered.

    # [lost] The last call, exactly once. None: the end was nobody's fault.
    def connection_lost(self, exc):
        if exc:
            print("connection lost:", exc, file=sys.stderr)


# [listen] The class itself is the factory.
async def main(port):
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    # [stop] A signal sets an event; leaving the `with` closes the server.
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


# [failed] A port that is taken comes out of `create_server`, and so of `run`.
try:
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
except OSError as error:
    sys.exit("01_echo: %s" % error)
