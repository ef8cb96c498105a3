# A chat room. The first line that a client sends is its name; every later one goes to all the others as "name: line".

import asyncio
import signal
import sys

LONGEST_LINE = 1024

# [state] Who is there, and each member's own. They come here with `connection_made` and leave with
# `connection_lost`, which every connection gets exactly once.
room = set()


class Member(asyncio.Protocol):
    def __init__(self):
        self.name = self.unfinished = b""
        self.slow = False

    # [made] In the room, but nobody hears of it before there is a name.
    def connection_made(self, transport):
        self.transport = transport
        room.add(self)

    # [data] Octets to lines: what has no end yet is kept.
    def data_received(self, data):
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        for line in lines:
            self.hear(line.removesuffix(b"\r"))
        if len(self.unfinished) > LONGEST_LINE:
            self.transport.close()  # it never ends: who knows what that is

    # [lost] Gone, whoever ended it: out of the room before the others are told.
    def connection_lost(self, exc):
        room.remove(self)
        if self.name:
            self.tell_others(b"* %s left\n" % self.name)

    # [slow] More than 64 KiB wait for a member who does not read. What is said meanwhile he misses: to keep it would
    # let one client that never reads fill our memory.
    def pause_writing(self):
        self.slow = True

    def resume_writing(self):
        self.slow = False

    # [hear] The first line is the name.
    def hear(self, line):
        if self.name:
            self.tell_others(b"%s: %s\n" % (self.name, line))
        elif line:
            self.name = line
            self.tell_others(b"* %s joined\n" % self.name)

    # [tell] `write` calls `pause_writing` of the other at most, never something that leaves the room: the set stays
    # as it is.
    def tell_others(self, text):
        for other in room:
            if other is not self and other.name and not other.slow:
                other.transport.write(text)


# [listen] The room is a global here; a factory that closes over it would do as well.
async def main(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Member, "127.0.0.1", port)
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    print("listening on %s:%d" % server.sockets[0].getsockname(), flush=True)
    async with server:
        await stop.wait()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
