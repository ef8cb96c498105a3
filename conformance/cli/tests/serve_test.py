"""What a user sees of `antiphon serve`: its line, its routes, its errors and its end.

Run once for each style by ctest (serving.py).
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import unittest

from serving import ANTIPHON, HANG, STYLE, Server, ask


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.__exit__)

    def setUp(self):
        self.connection = self.server.http()
        self.addCleanup(self.connection.close)

    def test_the_line_names_the_model(self):
        self.assertEqual(self.server.model, {"asio": "asio_style", "cl-async": "cl_async_style"}[STYLE])

    def test_all_routes_answer_on_one_kept_connection(self):
        status, headers, body = ask(self.connection, "GET", "/")
        self.assertEqual((status, body), (200, b"hello, world\n"))
        self.assertTrue(headers["content-type"].startswith("text/plain"))
        self.assertIn("date", headers)
        used = self.connection.sock.getsockname()

        self.assertEqual(ask(self.connection, "POST", "/echo", b"x" * 1000)[::2], (200, b"x" * 1000))
        status, headers, body = ask(self.connection, "GET", "/stream/3")
        self.assertEqual((status, headers["transfer-encoding"]), (200, "chunked"))
        self.assertTrue(body)
        status, headers, body = ask(self.connection, "GET", "/bytes/100000")
        self.assertEqual((status, headers["content-length"], len(body)), (200, "100000", 100000))
        self.assertEqual(ask(self.connection, "GET", "/delay/1")[0], 200)
        status, headers, body = ask(self.connection, "GET", "/headers", headers={"X-Twice": "1"})
        self.assertEqual(status, 200)
        self.assertIn("x-twice", [name.lower() for name, _ in json.loads(body)])
        self.assertEqual(self.connection.sock.getsockname(), used, "the connection was kept")

    def test_head_is_answered_for_every_get_without_a_body(self):
        for target in ("/", "/stream/3", "/bytes/1000", "/delay/1", "/headers"):
            with self.subTest(target):
                status, headers, body = ask(self.connection, "HEAD", target)
                self.assertEqual((status, body), (200, b""))
        self.assertEqual(ask(self.connection, "HEAD", "/bytes/1000")[1]["content-length"], "1000")

    def test_what_is_not_there_is_404_and_the_wrong_method_405_with_allow(self):
        self.assertEqual(ask(self.connection, "GET", "/nothing")[0], 404)
        status, headers, _ = ask(self.connection, "DELETE", "/")
        self.assertEqual(status, 405)
        self.assertIn("GET", headers["allow"])

    def test_a_chunked_echo_of_eight_mebibytes_comes_back_whole(self):
        piece = bytes(range(256)) * 256
        # Written and read at the same time: the echo is streamed, so who only writes would stop it.
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG) as peer:
            writer = os.fork()
            if writer == 0:
                peer.sendall(b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
                for _ in range(128):
                    peer.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                peer.sendall(b"0\r\n\r\n")
                os._exit(0)
            answer = http.client.HTTPResponse(peer)
            answer.begin()
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.read() == piece * 128, "the octets differ")
            os.waitpid(writer, 0)

    def test_malformed_http_is_answered_with_400_and_closed(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: t\r\nbad header\r\n\r\n")
            answer = b""
            while piece := peer.recv(65536):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:60])
        self.assertEqual(answer.count(b"HTTP/1.1 "), 1)


class Memory(unittest.TestCase):
    def test_a_reader_that_waits_costs_under_16_mebibytes_for_a_body_of_64(self):
        if os.environ.get("ANTIPHON_SANITIZED"):
            self.skipTest("a sanitizer's own memory would be measured")
        size = 64 << 20
        with Server() as server:
            self.addCleanup((connection := server.http()).close)
            ask(connection, "GET", "/")
            before = server.peak_memory()
            slow = socket.create_connection(("127.0.0.1", server.port), timeout=HANG)
            slow.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n" % size)
            for _ in range(200):  # the server has gone round often while the other reader read nothing
                ask(connection, "GET", "/bytes/1000")
            received = 0
            while piece := slow.recv(1 << 20):
                received += len(piece)
            slow.close()
            self.assertGreater(received, size)
            self.assertLess(server.peak_memory() - before, 16 << 20)


class End(unittest.TestCase):
    def test_sigterm_and_sigint_end_it_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name), Server() as server:
                self.addCleanup((connection := server.http()).close)
                ask(connection, "GET", "/")
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(HANG), 0, server.process.stderr.read())

    def test_a_signal_lets_the_answer_under_way_finish(self):
        with Server() as server:
            self.addCleanup((connection := server.http()).close)
            self.addCleanup((other := server.http()).close)
            connection.request("GET", "/delay/300")
            ask(other, "GET", "/")  # the request above was read before this one
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(connection.getresponse().status, 200)
            self.assertEqual(server.process.wait(HANG), 0)


class Errors(unittest.TestCase):
    def run_serve(self, *options):
        done = subprocess.run([ANTIPHON, "serve", *options], capture_output=True, text=True, timeout=HANG, check=False)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.returncode, done.stderr

    def test_a_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, line = self.run_serve("--style", STYLE, "--port", str(port))
        self.assertEqual(status, 1)
        self.assertIn(f"127.0.0.1:{port}", line)
        self.assertIn("in use", line.lower())

    def test_an_address_of_another_machine_is_named(self):
        status, line = self.run_serve("--style", STYLE, "--host", "192.0.2.1", "--port", "0")
        self.assertEqual(status, 1)
        self.assertIn("192.0.2.1", line)

    def test_a_host_that_is_no_address_is_named(self):
        status, line = self.run_serve("--style", STYLE, "--host", "no such host", "--port", "0")
        self.assertEqual(status, 1)
        self.assertIn("no such host", line)

    def test_unknown_styles_flags_and_ports_are_usage_errors(self):
        for options, word in ((["--style", "twisted"], "twisted"), (["--style", STYLE, "--colour"], "--colour"),
                              (["--style", STYLE, "--port", "70000"], "70000"),
                              (["--style", STYLE, "--port", "http"], "http")):
            with self.subTest(options):
                status, line = self.run_serve(*options)
                self.assertEqual(status, 2)
                self.assertIn(word, line)


if __name__ == "__main__":
    unittest.main()
