#!/usr/bin/env python3
"""The adapter protocol, version 1, for asyncio and uvloop.

Reads requests as JSON lines from standard input, answers and tells events on standard output.
"""

import argparse
import asyncio
import errno
import json
import platform
import ssl
import zlib

from adapter import Scripted, error, read_requests, say, unknown_action

OFFERS = ["tcp", "unix", "tls", "write_eof", "keep_open_after_eof", "flow_control", "set_write_buffer_limits", "pause_reading",
          "set_protocol", "abort", "exceptions", "writelines"]


def cause_of(exc):
    if exc is None:
        return "none"
    for kind, name in ((ConnectionResetError, "reset"), (BrokenPipeError, "broken-pipe"), (TimeoutError, "timeout")):
        if isinstance(exc, kind):
            return name
    return "error"


class Connection(Scripted):
    """One connection, whichever protocol object is told of it."""

    def __init__(self, adapter, listener):
        super().__init__(adapter.scripts[listener])  # a failed TLS handshake never makes it
        self.adapter, self.listener = adapter, listener
        self.protocol = 1
        self.transport = None

    def tell(self, event, **fields):
        super().tell(event, **({"protocol": 2} if self.protocol == 2 else {}), **fields)

    def perform(self, name, *args):
        transport = self.transport
        if name == "write":
            transport.write(self.octets(args[0]))
        elif name == "writelines":
            transport.writelines([self.octets(count) for count in args[0]])
        elif name == "write_until_paused":
            self.until_paused(*args, transport.write)
        elif name == "echo":
            transport.write(self.received)
        elif name in ("write_eof", "close", "abort", "pause_reading", "resume_reading"):
            getattr(transport, name)()
        elif name == "set_limits":
            transport.set_write_buffer_limits(*args)
        elif name in ("is_closing", "is_reading"):
            self.tell("RT", action=name, value=getattr(transport, name)())
        elif name == "buffer_size":
            self.tell("RT", action=name, value=transport.get_write_buffer_size())
        elif name == "limits":
            self.tell("RT", action=name, value=list(transport.get_write_buffer_limits()))
        elif name == "return":
            self.returned = args[0]
        elif name == "later":
            self.adapter.loop.call_later(args[0] / 1000, self.run, args[1])
        elif name == "soon":
            self.adapter.loop.call_soon(self.run, args[0])
        elif name == "set_protocol":
            self.protocol = 2
            transport.set_protocol(Protocol(self))
        elif name == "stop_listener":
            self.adapter.servers[self.listener].close()
        elif name == "note":
            self.tell("note", text=args[0])


class Protocol(asyncio.Protocol):
    def __init__(self, connection):
        self.connection = connection

    def connection_made(self, transport):
        connection = self.connection
        connection.transport = transport
        connection.number = len(connection.adapter.connections)
        connection.adapter.connections.append(connection)
        if "limits" in connection.script:
            transport.set_write_buffer_limits(*connection.script["limits"])
        connection.tell("CM", listener=connection.listener)
        connection.run_event("CM")

    def data_received(self, data):
        self.connection.received = bytes(data)
        self.connection.tell("DR", bytes=len(data), sum=zlib.crc32(data))
        self.connection.run_event("DR")

    def eof_received(self):
        self.connection.returned = None
        self.connection.tell("ER")
        self.connection.run_event("ER")
        return self.connection.returned

    def pause_writing(self):
        self.flow("PW", True)

    def resume_writing(self):
        self.flow("RW", False)

    def flow(self, event, paused):
        self.connection.paused = paused
        self.connection.tell(event, buffered=self.connection.transport.get_write_buffer_size())
        self.connection.run_event(event)

    def connection_lost(self, exc):
        self.connection.lost = True
        self.connection.tell("CL", cause=cause_of(exc), message=str(exc) if exc else "")
        self.connection.run_event("CL")


class Adapter:
    def __init__(self, loop, name, version):
        self.loop, self.name, self.version = loop, name, version
        self.servers, self.scripts, self.connections = {}, {}, []
        loop.set_exception_handler(lambda _, context: say({
            "event": "EX", "where": context.get("message", ""), "message": repr(context.get("exception"))}))

    async def answer(self, request):
        op = request.get("op")
        if op == "hello":
            return {"reply": "hello", "protocol": 1, "name": self.name, "version": self.version, "style": "protocol",
                    "offers": OFFERS}
        if op == "listen":
            return await self.listen(request)
        if op == "act":
            self.connections[request["connection"]].run(request["do"])
            return {"reply": "done"}
        if op == "stop":
            self.servers[request["id"]].close()
            return {"reply": "stopped", "id": request["id"]}
        if op == "drain":
            for _ in range(3):
                await asyncio.sleep(0)
            return {"reply": "drained", "open": sum(not each.lost for each in self.connections)}
        return error("bad-request", f"unknown op {op!r}")

    async def listen(self, request):
        name, script = request["id"], request.get("script", {})
        transport = request.get("transport", "tcp")
        unknown = unknown_action(script) if transport in ("tcp", "unix", "tls") else transport
        if unknown:
            return error("not-offered", unknown, id=name)
        self.scripts[name] = script

        def factory():
            return Protocol(Connection(self, name))

        options = {"backlog": request.get("backlog", 100)}
        if transport == "tls":
            options["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            options["ssl"].load_cert_chain(request["cert"], request["key"])
        try:
            if transport == "unix":
                server = await self.loop.create_unix_server(factory, request["path"], **options)
            else:
                server = await self.loop.create_server(factory, "127.0.0.1", 0, **options)
        except OSError as raised:
            return error("address-in-use" if raised.errno == errno.EADDRINUSE else "os-error", str(raised), id=name)
        self.servers[name] = server
        if transport == "unix":
            return {"reply": "listening", "id": name, "path": request["path"]}
        return {"reply": "listening", "id": name, "port": server.sockets[0].getsockname()[1]}

    async def serve(self, lines):
        while True:
            line = await lines.get()
            if line is None:
                return
            try:
                request = json.loads(line)
                if request.get("op") == "exit":
                    return
                reply = await self.answer(request)
            except Exception as raised:  # pylint: disable=broad-except
                reply = error("bad-request", repr(raised))
            say(reply)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    options = parser.parse_args()
    version = platform.python_version()
    if options.loop == "uvloop":
        import uvloop  # pylint: disable=import-outside-toplevel
        loop, version = uvloop.new_event_loop(), uvloop.__version__
    else:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    lines = asyncio.Queue()

    read_requests(lambda line: loop.call_soon_threadsafe(lines.put_nowait, line),
                  lambda: loop.call_soon_threadsafe(lines.put_nowait, None))
    loop.run_until_complete(Adapter(loop, options.loop, version).serve(lines))


if __name__ == "__main__":
    main()
