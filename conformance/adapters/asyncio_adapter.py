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
import sys
import threading
import zlib

OFFERS = ["tcp", "unix", "tls", "write_eof", "keep_open_after_eof", "flow_control", "set_write_buffer_limits", "pause_reading",
          "set_protocol", "abort", "exceptions", "writelines"]
PATTERN = bytes(range(251))
ACTIONS = {"write", "writelines", "write_until_paused", "echo", "write_eof", "close", "abort", "pause_reading",
           "resume_reading", "set_limits", "is_closing", "is_reading", "buffer_size", "limits", "return", "raise",
           "later", "soon", "set_protocol", "stop_listener", "note"}


class Raised(Exception):
    """What ["raise", text] throws out of a callback."""


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def kind_of(error):
    for kind, name in ((ValueError, "value-error"), (TypeError, "type-error"), (OSError, "os-error")):
        if isinstance(error, kind):
            return name
    return "runtime-error"


def cause_of(exc):
    if exc is None:
        return "none"
    for kind, name in ((ConnectionResetError, "reset"), (BrokenPipeError, "broken-pipe"), (TimeoutError, "timeout")):
        if isinstance(exc, kind):
            return name
    return "error"


def unknown_action(actions):
    for action in actions:
        if action[0] not in ACTIONS:
            return action[0]
        inner = action[2] if action[0] == "later" else action[1] if action[0] == "soon" else []
        found = unknown_action(inner)
        if found:
            return found
    return None


class Connection:
    """One connection's script, whichever protocol object is told of it."""

    def __init__(self, adapter, listener):
        self.adapter, self.listener, self.script = adapter, listener, adapter.scripts[listener]
        self.number = -1  # until it is made: a failed TLS handshake never is
        self.events = self.written = 0
        self.counts = {}
        self.protocol = 1
        self.received = b""
        self.returned = None
        self.paused = self.lost = False
        self.transport = None

    def tell(self, event, **fields):
        if self.protocol == 2:
            fields["protocol"] = 2
        say({"event": event, "c": self.number, "n": self.events, **fields})
        self.events += 1

    def run_event(self, event):
        self.counts[event] = self.counts.get(event, 0) + 1
        nth = self.script.get("on_nth", {}).get(event, {}).get(str(self.counts[event]))
        self.run(nth if nth is not None else self.script.get("on", {}).get(event, []))

    def run(self, actions):
        for action in actions:
            if action[0] == "raise":
                raise Raised(action[1])
            try:
                self.perform(*action)
            except Raised:
                raise
            except Exception as error:  # pylint: disable=broad-except
                self.tell("RT", action=action[0], raised=kind_of(error), message=str(error))

    def octets(self, count):
        start = self.written % 251
        self.written += count
        return (PATTERN * (count // 251 + 2))[start:start + count]

    def perform(self, name, *args):
        transport = self.transport
        if name == "write":
            transport.write(self.octets(args[0]))
        elif name == "writelines":
            transport.writelines([self.octets(count) for count in args[0]])
        elif name == "write_until_paused":
            done = 0
            while done < args[1] and not self.paused:
                transport.write(self.octets(args[0]))
                done += args[0]
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
        return {"reply": "error", "kind": "bad-request", "message": f"unknown op {op!r}"}

    async def listen(self, request):
        name, script = request["id"], request.get("script", {})
        lists = list(script.get("on", {}).values())
        lists += [actions for nth in script.get("on_nth", {}).values() for actions in nth.values()]
        for actions in lists:
            unknown = unknown_action(actions)
            if unknown:
                return {"reply": "error", "id": name, "kind": "not-offered", "message": unknown}
        transport = request.get("transport", "tcp")
        if transport not in ("tcp", "unix", "tls"):
            return {"reply": "error", "id": name, "kind": "not-offered", "message": transport}
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
        except OSError as error:
            kind = "address-in-use" if error.errno == errno.EADDRINUSE else "os-error"
            return {"reply": "error", "id": name, "kind": kind, "message": str(error)}
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
            except Exception as error:  # pylint: disable=broad-except
                reply = {"reply": "error", "kind": "bad-request", "message": repr(error)}
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

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    loop.run_until_complete(Adapter(loop, options.loop, version).serve(lines))


if __name__ == "__main__":
    main()
