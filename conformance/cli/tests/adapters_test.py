"""The kit's own adapters keep the adapter protocol, version 1, as its text has it: nothing of the kit is used here.

Usage: adapters_test.py LIBUV_ADAPTER REPOSITORY
"""

import json
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import unittest
import zlib

LIBUV = sys.argv.pop(1)
FOLDER = pathlib.Path(sys.argv.pop(1)) / "conformance/adapters"
ADAPTERS = {
    "asyncio": [sys.executable, FOLDER / "asyncio_adapter.py"],
    "uvloop": [sys.executable, FOLDER / "asyncio_adapter.py", "--loop", "uvloop"],
    "twisted": [sys.executable, FOLDER / "twisted_adapter.py"],
    "node": ["node", FOLDER / "node_adapter.js"],
    "libuv": [LIBUV],
}
OFFERS = set("tcp unix tls write_eof keep_open_after_eof flow_control set_write_buffer_limits pause_reading set_protocol abort "
             "buffered_protocol exceptions writelines timeouts".split())
CAUSES = set("none reset broken-pipe timeout error".split())
PATIENCE = 60  # seconds, against a hang


class Adapter:
    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pending = b""

    def send(self, *lines):
        self.process.stdin.write(b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
                                          for line in lines))
        self.process.stdin.flush()

    def read(self):
        """The next line."""
        while b"\n" not in self.pending:
            if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
                raise AssertionError("it says nothing")
            octets = self.process.stdout.read1()
            if not octets:
                raise AssertionError("it has ended")
            self.pending += octets
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def ask(self, request):
        self.send(request)
        return self.reply()

    def reply(self):
        while "event" in (line := self.read()):
            pass
        return line

    def events_until(self, kind):
        events = [self.read()]
        while events[-1].get("event") != kind:
            events.append(self.read())
        return events

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        return status


class Protocol(unittest.TestCase):
    def each(self, check):
        """Calls `check(adapter, hello)` for each of them."""
        for name, command in ADAPTERS.items():
            with self.subTest(name):
                adapter = Adapter(command)
                try:
                    check(adapter, adapter.ask({"op": "hello", "protocol": 1}))
                finally:
                    adapter.process.kill()
                    adapter.process.wait()
                    adapter.process.stdin.close()
                    adapter.process.stdout.close()

    def test_hello_says_what_it_is_and_what_it_offers(self):
        def check(_, hello):
            self.assertEqual((hello["reply"], hello["protocol"]), ("hello", 1))
            self.assertIn(hello["style"], ("protocol", "callback"))
            self.assertTrue(hello["name"] and hello["version"])
            self.assertIn("tcp", hello["offers"])
            self.assertLessEqual(set(hello["offers"]), OFFERS)

        self.each(check)

    def test_a_line_that_cannot_be_read_is_a_bad_request_and_it_goes_on(self):
        def check(adapter, _):
            for line in (b"rubbish", b"{}", b"[1]", b'{"op":"dance"}', b'{"op":"stop","id":"nobody"}', b'{"op":"act"}'):
                reply = adapter.ask(line)
                self.assertEqual((reply["reply"], reply["kind"]), ("error", "bad-request"), (line, reply))
                self.assertTrue(reply["message"])
            self.assertEqual(adapter.ask({"op": "drain"}), {"reply": "drained", "open": 0})

        self.each(check)

    def test_an_action_that_it_does_not_know_is_not_offered_when_the_script_arrives(self):
        lacking = []
        def check(adapter, hello):
            scripts = [{"on": {"CM": [["fly"]]}}, {"on_nth": {"DR": {"2": [["fly"]]}}},
                       {"on": {"CM": [["soon", [["later", 1, [["fly"]]]]]]}}]
            for offer, action in (("flow_control", ["write_until_paused", 1, 1]), ("set_protocol", ["set_protocol"]),
                                  ("set_write_buffer_limits", ["set_limits", 1, 1]), ("exceptions", ["raise", "x"])):
                if offer not in hello["offers"]:
                    scripts.append({"on": {"CM": [action]}})
                    lacking.append(offer)
            for script in scripts:
                reply = adapter.ask({"op": "listen", "id": "a", "transport": "tcp", "backlog": 100, "script": script})
                self.assertEqual((reply["reply"], reply["id"], reply["kind"]), ("error", "a", "not-offered"), (script, reply))
            for transport in {"unix", "tls"} - set(hello["offers"]):
                reply = adapter.ask({"op": "listen", "id": "a", "transport": transport, "path": "/nowhere", "script": {}})
                self.assertEqual(reply["kind"], "not-offered", reply)

        self.each(check)
        self.assertGreater(len(lacking), 3)

    def test_a_connection_is_told_of_in_order_with_numbers_and_sums(self):
        script = {"on": {"CM": [["write", 300], ["is_closing"]], "DR": [["echo"]], "ER": [["note", "end"]]}, "limits": [65536, 16384]}
        def check(adapter, _):
            listening = adapter.ask({"op": "listen", "id": "a", "transport": "tcp", "backlog": 100, "script": script})
            self.assertEqual((listening["reply"], listening["id"]), ("listening", "a"))
            for number in range(2):
                with socket.create_connection(("127.0.0.1", listening["port"]), timeout=PATIENCE) as peer:
                    made = adapter.events_until("RT")
                    self.assertEqual(adapter.ask({"op": "drain"}), {"reply": "drained", "open": 1})
                    peer.sendall(b"hello")
                    data = adapter.events_until("DR")
                    self.assertEqual(adapter.ask({"op": "act", "connection": number, "do": [["note", "asked"]]}),
                                     {"reply": "done"})
                    peer.shutdown(socket.SHUT_WR)
                    octets = b"".join(iter(lambda p=peer: p.recv(65536), b""))
                end = adapter.events_until("CL")
                self.assertEqual(octets, bytes(i % 251 for i in range(300)) + b"hello")
                self.assertEqual([each["event"] for each in made + data + end], ["CM", "RT", "DR", "ER", "note", "CL"])
                self.assertEqual(made[0]["c"], number)
                self.assertEqual((made[1]["action"], made[1]["value"]), ("is_closing", False))
                self.assertEqual((data[0]["bytes"], data[0]["sum"]), (5, zlib.crc32(b"hello")))
                self.assertEqual(end[1]["text"], "end")
                self.assertIn(end[-1]["cause"], CAUSES)
            self.assertEqual(adapter.ask({"op": "stop", "id": "a"}), {"reply": "stopped", "id": "a"})
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", listening["port"]))

        self.each(check)

    def test_lines_that_arrive_together_are_each_answered(self):
        def check(adapter, _):
            adapter.send({"op": "drain"}, b'{"op":"drain"}\r', b"rubbish", {"op": "drain"})
            replies = sorted(adapter.reply()["reply"] for _ in range(4))
            self.assertEqual(replies, ["drained", "drained", "drained", "error"])

        self.each(check)

    def test_a_path_in_use_is_refused(self):
        def check(adapter, hello):
            if "unix" not in hello["offers"]:
                return
            with tempfile.TemporaryDirectory() as folder:
                path = str(pathlib.Path(folder, "x"))
                pathlib.Path(path).write_text("somebody else's", encoding="utf-8")
                reply = adapter.ask({"op": "listen", "id": "a", "transport": "unix", "path": path, "backlog": 100, "script": {}})
                self.assertEqual((reply["reply"], reply["id"], reply["kind"]), ("error", "a", "address-in-use"), reply)
                path += "y"
                reply = adapter.ask({"op": "listen", "id": "b", "transport": "unix", "path": path, "backlog": 100, "script": {}})
                self.assertEqual(reply, {"reply": "listening", "id": "b", "path": path})
                adapter.ask({"op": "stop", "id": "b"})

        self.each(check)

    def test_exit_and_the_end_of_the_input_end_it(self):
        for name, command in ADAPTERS.items():
            for last in ({"op": "exit"}, None):
                with self.subTest((name, last)):
                    adapter = Adapter(command)
                    listening = adapter.ask({"op": "listen", "id": "a", "transport": "tcp", "backlog": 100, "script": {}})
                    with socket.create_connection(("127.0.0.1", listening["port"]), timeout=PATIENCE) as peer:
                        adapter.events_until("CM")
                        if last:
                            adapter.send(last)
                            self.assertEqual(adapter.process.wait(timeout=PATIENCE), 0)
                        self.assertEqual(adapter.close(), 0)
                        try:
                            self.assertEqual(peer.recv(1), b"")
                        except ConnectionResetError:
                            pass


if __name__ == "__main__":
    unittest.main()
