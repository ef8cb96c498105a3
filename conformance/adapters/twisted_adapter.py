#!/usr/bin/env python3
"""The adapter protocol, version 1, for Twisted.

A streaming producer stands for the writer: its pauseProducing is pause_writing, its resumeProducing resume_writing.
"""

import json
import os
import zlib

import twisted
from twisted.internet import defer, error, interfaces, reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import globalLogBeginner
from zope.interface import implementer

import adapter as frame
from adapter import Scripted, say, unknown_action

OFFERS = ["tcp", "unix", "write_eof", "keep_open_after_eof", "flow_control", "pause_reading", "abort", "exceptions",
          "writelines"]
ACTIONS = frame.ACTIONS - {"set_limits", "set_protocol"}


@implementer(interfaces.IPushProducer)
class Writer:
    """Twisted tells a producer, not the protocol, when to pause."""

    def __init__(self, connection):
        self.connection = connection

    def pauseProducing(self):  # pylint: disable=invalid-name
        self.connection.flow("PW", True)

    def resumeProducing(self):  # pylint: disable=invalid-name
        if self.connection.paused:
            self.connection.flow("RW", False)

    def stopProducing(self):  # pylint: disable=invalid-name
        pass


@implementer(interfaces.IHalfCloseableProtocol)
class Connection(Scripted, Protocol):
    def __init__(self, adapter, listener):
        super().__init__(adapter.scripts[listener])
        self.adapter, self.listener = adapter, listener
        self.number = len(adapter.connections)
        adapter.connections.append(self)
        self.closing = self.aborted = self.reading_paused = False

    # Twisted's callbacks

    def connectionMade(self):
        if "limits" in self.script:
            self.transport.bufferSize = self.script["limits"][0]
        self.transport.registerProducer(Writer(self), True)
        self.tell("CM", listener=self.listener)
        self.run_event("CM")

    def dataReceived(self, data):
        self.received = data
        self.tell("DR", bytes=len(data), sum=zlib.crc32(data))
        self.run_event("DR")

    def readConnectionLost(self):  # pylint: disable=invalid-name
        self.returned = False
        self.tell("ER")
        self.run_event("ER")
        if not self.returned and not self.closing:
            self.perform("close")

    def writeConnectionLost(self):  # pylint: disable=invalid-name
        """Our own end was sent."""

    def connectionLost(self, reason=None):
        self.lost = True
        lost, cause = reason.value, "error"
        if self.aborted or isinstance(lost, error.ConnectionDone):
            cause = "none"
        elif isinstance(lost, error.ConnectionLost):
            cause = "reset"
        self.tell("CL", cause=cause, message="" if cause == "none" else str(lost))
        self.run_event("CL")

    def flow(self, event, paused):
        self.paused = paused
        self.tell(event, buffered=self.buffer_size())
        self.run_event(event)

    # Actions

    def buffer_size(self):
        transport = self.transport
        return len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # pylint: disable=protected-access

    def perform(self, name, *args):
        transport = self.transport
        if name == "write":
            transport.write(self.octets(args[0]))
        elif name == "writelines":
            transport.writeSequence([self.octets(count) for count in args[0]])
        elif name == "write_until_paused":
            self.until_paused(*args, transport.write)
        elif name == "echo":
            transport.write(self.received)
        elif name == "write_eof":
            if not self.closing:
                transport.loseWriteConnection()
                transport.unregisterProducer()  # or the end would wait for the producer to finish
        elif name == "close":
            self.closing = True
            transport.loseConnection()
            transport.unregisterProducer()  # or the connection would wait for the producer to finish
        elif name == "abort":
            if not self.lost:
                self.closing = self.aborted = True
                transport.abortConnection()
        elif name == "pause_reading":
            self.reading_paused = True
            transport.pauseProducing()
        elif name == "resume_reading":
            self.reading_paused = False
            if not self.closing:
                transport.resumeProducing()
        elif name == "is_closing":
            self.tell("RT", action=name, value=bool(self.closing or transport.disconnecting or self.lost))
        elif name == "is_reading":
            self.tell("RT", action=name, value=not (self.reading_paused or self.closing))
        elif name == "buffer_size":
            self.tell("RT", action=name, value=self.buffer_size())
        elif name == "limits":
            self.tell("RT", action=name, value=[0, transport.bufferSize])
        elif name == "return":
            self.returned = args[0]
        elif name == "later":
            reactor.callLater(args[0] / 1000, self.run, args[1])
        elif name == "soon":
            reactor.callLater(0, self.run, args[0])
        elif name == "stop_listener":
            self.adapter.stop(self.listener)
        elif name == "note":
            self.tell("note", text=args[0])


class Adapter:
    def __init__(self):
        self.ports, self.scripts, self.stopped, self.connections = {}, {}, {}, []

    def answer(self, request):
        op = request.get("op")
        if op == "hello":
            say({"reply": "hello", "protocol": 1, "name": "twisted", "version": twisted.__version__, "style": "protocol",
                 "offers": OFFERS})
        elif op == "listen":
            self.listen(request)
        elif op == "act":
            self.connections[request["connection"]].run(request["do"])
            say({"reply": "done"})
        elif op == "stop":
            self.stop(request["id"], lambda: say({"reply": "stopped", "id": request["id"]}))
        elif op == "drain":
            self.drain(3)
        elif op == "exit":
            os._exit(0)  # the kernel closes all; an orderly end of the reactor would report each connection as an error
        else:
            say(frame.error("bad-request", f"unknown op {op!r}"))

    def stop(self, name, then=lambda: None):
        """A second stopListening would never say that it is done."""
        if name not in self.stopped:
            self.stopped[name] = defer.maybeDeferred(self.ports[name].stopListening)
        self.stopped[name].addCallback(lambda _: then())

    def drain(self, turns):
        if turns:
            reactor.callLater(0, self.drain, turns - 1)
        else:
            say({"reply": "drained", "open": sum(not each.lost for each in self.connections)})

    def listen(self, request):
        name, script = request["id"], request.get("script", {})
        transport = request.get("transport", "tcp")
        unknown = unknown_action(script, ACTIONS) if transport in ("tcp", "unix") else transport
        if unknown:
            say(frame.error("not-offered", unknown, id=name))
            return
        self.scripts[name] = script
        factory = Factory.forProtocol(lambda: Connection(self, name))
        factory.noisy = False
        backlog = request.get("backlog", 100)
        try:
            if request.get("transport") == "unix":
                self.ports[name] = reactor.listenUNIX(request["path"], factory, backlog=backlog)
                say({"reply": "listening", "id": name, "path": request["path"]})
            else:
                self.ports[name] = reactor.listenTCP(0, factory, backlog=backlog, interface="127.0.0.1")
                say({"reply": "listening", "id": name, "port": self.ports[name].getHost().port})
        except error.CannotListenError as raised:
            say(frame.error("address-in-use", str(raised), id=name))

    def take(self, line):
        try:
            self.answer(json.loads(line))
        except Exception as raised:  # pylint: disable=broad-except
            say(frame.error("bad-request", repr(raised)))


def observe(event):
    failure = event.get("log_failure") or event.get("failure")  # the latter of what still logs the old way
    if failure is not None:
        say({"event": "EX", "where": event.get("log_format") or "", "message": failure.getErrorMessage()})


def main():
    globalLogBeginner.beginLoggingTo([observe], discardBuffer=True, redirectStandardIO=False)
    adapter = Adapter()

    frame.read_requests(lambda line: reactor.callFromThread(adapter.take, line),
                        lambda: reactor.callFromThread(lambda: reactor.stop() if reactor.running else None))
    reactor.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
