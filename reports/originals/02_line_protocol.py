# A protocol of lines: PING -> PONG, ECHO text -> text, QUIT -> BYE and the end. A line of more than 1024 octets and a
# client that is idle end the connection, each with a word of why.

import asyncio
import signal
import sys

LONGEST_LINE = 1024


# [state] A session is an object: the unfinished line and the timer are its attributes.
class Session(asyncio.Protocol):
    def __init__(self, idle_limit):
        self.idle_limit = idle_limit
        self.unfinished = b""
        self.idle = None

    # [made] A client has to say something, too, or the session would last for ever.
    def connection_made(self, transport):
        self.transport = transport
        self.watch_idleness()

    # [data] A line may come in pieces and many may come at once. What has no end yet is kept for the next call.
    def data_received(self, data):
        self.watch_idleness()
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if len(line) > LONGEST_LINE:
                return self.say_and_close(b"ERR line too long\n")
            self.obey(line)
            if self.transport.is_closing():
                return  # QUIT: what follows it is not obeyed
        if len(self.unfinished) > LONGEST_LINE + 1:
            self.say_and_close(b"ERR line too long\n")

    # [slow] A client that sends commands and does not read the answers makes them pile up: we stop listening to it.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    # [lost] Timers know no connections: ours would fire for a session that is gone.
    def connection_lost(self, exc):
        self.idle.cancel()

    # [answer] `writelines` joins its parts in Python 3.11: still one system call.
    def obey(self, line):
        if line == b"PING":
            self.transport.write(b"PONG\n")
        elif line.startswith(b"ECHO "):
            self.transport.writelines([line[5:], b"\n"])
        elif line == b"QUIT":
            self.say_and_close(b"BYE\n")
        else:
            self.transport.write(b"ERR unknown command\n")

    # [close] The text is sent first. Without a limit of its own that would wait for ever for a client that does not
    # read.
    def say_and_close(self, text):
        self.transport.write(text)
        self.transport.close()
        self.idle.cancel()
        self.idle = asyncio.get_running_loop().call_later(self.idle_limit, self.transport.abort)

    # [timer] A timer cannot be moved: the old one is cancelled and a new one set.
    def watch_idleness(self):
        if self.idle:
            self.idle.cancel()
        loop = asyncio.get_running_loop()
        self.idle = loop.call_later(self.idle_limit, self.say_and_close, b"ERR timeout\n")


async def main(port, idle_limit):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(idle_limit), "127.0.0.1", port)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


port, idle_ms = (int(word) for word in (sys.argv[1:] + ["8888", "10000"][len(sys.argv) - 1:]))
asyncio.run(main(port, idle_ms / 1000))
