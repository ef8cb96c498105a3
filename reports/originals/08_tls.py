# An echo server over TLS. Nothing in the protocol knows of TLS; the context does.

import asyncio
import signal
import ssl
import sys


# [state] The same object as without TLS.
class Echo(asyncio.Protocol):
    # [made] Comes after the handshake; a client that fails at it is never heard of.
    def connection_made(self, transport):
        self.transport = transport
        tls = transport.get_extra_info("ssl_object")
        print("connected: %s, %s" % (tls.version(), tls.selected_alpn_protocol() or "no ALPN"), flush=True)

    # [data] Clear text in, clear text out.
    def data_received(self, data):
        self.transport.write(data)

    # [slow] The client is slow: stop reading until it has taken what we hold.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    # [lost] After the client's close_notify the transport sends what is left and closes itself. Python 3.11 gives None
    # for a connection that was cut, too.
    def connection_lost(self, exc):
        print("lost:", exc, flush=True)


# [tls] Certificate, key and what we speak (ALPN): one context for all connections.
def make_context(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["echo"])
    return context


# [listen] The context is the only difference to an echo server without TLS.
async def main(port, context):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", port, ssl=context)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


if len(sys.argv) != 4:
    print("usage: 08_tls PORT CERTIFICATE KEY", file=sys.stderr)
    sys.exit(2)
asyncio.run(main(int(sys.argv[1]), make_context(sys.argv[2], sys.argv[3])))
