"""Real clients, many connections, limits, logs, workers and the end under load, against `antiphon serve`.

Run once for each style by ctest (serving.py). A client that is not installed is skipped.
"""

import json
import os
import re
import resource
import shutil
import signal
import socket
import tempfile
import threading
import unittest

from serving import ANTIPHON, HANG, STYLE, Server, read_answer, run


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


NODE = """
const http = require('http');
const agent = new http.Agent({keepAlive: true, maxSockets: 8});
const port = Number(process.argv[1]);
let left = 300;
function ask(i) {
  const body = i % 3 === 0 ? Buffer.alloc(1000 + i, 'x') : null;
  const options = {port, host: '127.0.0.1', agent, method: body ? 'POST' : 'GET',
                   path: body ? '/echo' : i % 3 === 1 ? '/' : '/stream/20'};
  if (body && i % 2) options.headers = {'Content-Length': body.length};
  const request = http.request(options, (answer) => {
    let size = 0;
    answer.on('data', (piece) => { size += piece.length; });
    answer.on('end', () => {
      const want = body ? body.length : i % 3 === 1 ? 13 : 170;
      if (answer.statusCode !== 200 || size !== want) { console.log(i, answer.statusCode, size, want); process.exit(1); }
      if (--left === 0) agent.destroy();
    });
  });
  request.on('error', (error) => { console.log(i, error.message); process.exit(1); });
  request.end(body);
}
for (let i = 0; i < 300; ++i) ask(i);
"""


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--workers", "2")
        cls.addClassCleanup(cls.server.__exit__)

    @needs("node")
    def test_nodes_client_keeps_its_connections_without_an_error(self):
        done = run("node", "-e", NODE, str(self.server.port))
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    @needs("curl")
    def test_curl_gets_posts_and_uploads(self):
        url = self.server.url
        self.assertEqual(run("curl", "-sS", url).stdout, "hello, world\n")
        self.assertEqual(run("curl", "-sS", "--http1.0", f"{url}/stream/2").stdout, "chunk 0\nchunk 1\n")
        self.assertIn("Content-Length: 1000\n", run("curl", "-sSI", f"{url}/bytes/1000").stdout)
        self.assertEqual(run("curl", "-sS", "-d", "a=b", f"{url}/echo").stdout, "a=b")
        big = "x" * 2_000_000  # so large that curl waits for 100 Continue
        self.assertEqual(run("curl", "-sS", "--data-binary", "@-", f"{url}/echo", input=big).stdout, big)
        done = run("curl", "-sS", "-T", "-", "-X", "POST", f"{url}/echo", input=big)
        self.assertEqual(done.stdout, big, "chunked")
        self.assertEqual(run("curl", "-sS", url, url, f"{url}/stream/1").stdout, "hello, world\n" * 2 + "chunk 0\n")

    @needs("wrk")
    def test_wrk_meets_no_error(self):
        # An answer that takes longer than wrk waits, 2 s otherwise, is an error to it: on a crowded machine, too.
        done = run("wrk", "-t1", "-c100", "-d1s", "--timeout", f"{HANG}s", self.server.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("Socket errors", done.stdout)
        self.assertNotIn("Non-2xx", done.stdout)
        self.assertGreater(int(re.search(r"(\d+) requests in", done.stdout)[1]), 0)

    @needs("h2load")
    def test_h2load_succeeds_with_every_request(self):
        done = run("h2load", "--h1", "-n", "5000", "-c", "50", "-m", "4", self.server.url)
        self.assertIn("5000 succeeded, 0 failed, 0 errored, 0 timeout", done.stdout)
        self.assertIn("status codes: 5000 2xx", done.stdout)


class Many(unittest.TestCase):
    def test_two_thousand_connections_at_once_are_all_served(self):
        count = 2000
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < count + 100:
            self.skipTest(f"only {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with Server("--metrics", "--backlog", "4096") as server:
            peers = [server.connect() for _ in range(count)]
            self.addCleanup(lambda: [peer.close() for peer in peers])
            for peer in peers:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            for peer in peers:
                self.assertTrue(read_answer(peer).endswith(b"hello, world\n"))
            self.assertGreaterEqual(server.metric("antiphon_connections"), count)


class End(unittest.TestCase):
    def test_requests_that_were_received_are_answered_behind_a_signal(self):
        count = 200
        request = b"GET /delay/300 HTTP/1.1\r\nHost: t\r\n\r\n"
        for workers in ("1", "2"):
            with self.subTest(workers=workers), Server("--metrics", "--workers", workers) as server:
                peers = [server.connect() for _ in range(count)]
                self.addCleanup(lambda peers=peers: [peer.close() for peer in peers])
                for peer in peers:
                    peer.sendall(request)
                while server.metric("antiphon_received_octets_total") < count * len(request):
                    pass
                server.process.send_signal(signal.SIGTERM)
                for peer in peers:
                    self.assertTrue(read_answer(peer).endswith(b"waited\n"))
                    self.assertEqual(peer.recv(1), b"", "the connection is closed behind its last answer")
                self.assertEqual(server.process.wait(HANG), 0)

    def test_under_load_every_answer_is_whole_and_the_status_is_0(self):
        with Server("--workers", "2") as server:
            answers, failures = [0] * 8, []

            def client(number):
                try:
                    while True:
                        with server.connect() as peer:
                            while True:
                                peer.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                                answer = read_answer(peer)
                                if not answer:  # the end of an idle connection: the next one is refused
                                    break
                                answers[number] += 1
                                if b"Connection: close" in answer:
                                    break
                except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
                    pass  # nobody listens any more
                except AssertionError as error:
                    failures.append(error)

            threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            while min(answers) < 20:
                pass
            status, log = server.end()
            for thread in threads:
                thread.join(HANG)
            self.assertEqual((status, log, failures), (0, "", []))

    def test_the_drain_timeout_ends_what_does_not_end(self):
        for workers in ("1", "2"):
            with self.subTest(workers=workers), Server("--drain-timeout", "100ms", "--metrics", "--workers", workers) as server:
                with server.connect() as peer:
                    peer.sendall(b"GET /delay/60000 HTTP/1.1\r\nHost: t\r\n\r\n")
                    while server.metric("antiphon_connections") < 2:
                        pass
                    status, log = server.end()
                self.assertEqual(status, 0)
                self.assertEqual(len(re.findall(r"^1 connection", log, re.MULTILINE)), 1, log)

    def test_a_second_signal_aborts_at_once(self):
        for workers in ("1", "2"):
            with self.subTest(workers=workers), Server("--metrics", "--workers", workers) as server, server.connect() as peer:
                peer.sendall(b"GET /delay/60000 HTTP/1.1\r\nHost: t\r\n\r\n")
                while server.metric("antiphon_connections") < 2:
                    pass
                server.process.send_signal(signal.SIGTERM)
                while True:  # until the first signal has been seen
                    try:
                        server.connect().close()
                    except OSError:
                        break
                self.assertEqual(server.end()[0], 0)

    def test_workers_that_cannot_listen_say_so_once(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = run(ANTIPHON, "serve", "--style", STYLE, "--workers", "3", "--port", str(taken.getsockname()[1]))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


class Limits(unittest.TestCase):
    """Each limit by its option: its status, and its line in the log with the client's address."""

    def check(self, options, octets, status, words):
        with Server(*options) as server:
            answer = server.ask(octets)
            code, log = server.end()
            self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status) if status else answer == b"", answer[:80])
            self.assertEqual(code, 0)
            if words:
                self.assertRegex(log, rf"127\.0\.0\.1:\d+: .*{words}")
            else:
                self.assertEqual(log, "")

    def test_times(self):
        get = b"GET / HTTP/1.1\r\nHost: t\r\n"
        self.check(["--request-timeout", "100ms"], get, 408, "head took too long")
        self.check(["--body-timeout", "100ms"], b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nabc", 408,
                   "body took too long")
        self.check(["--response-timeout", "100ms"], b"GET /delay/60000 HTTP/1.1\r\nHost: t\r\n\r\n", 503, "no answer")
        self.check(["--keep-alive-timeout", "100ms"], get + b"\r\n", 200, "")

    def test_sizes(self):
        get = b"GET / HTTP/1.1\r\nHost: t\r\n"
        self.check(["--max-head", "1KiB"], get + b"X: " + b"x" * 1100, 431, "head is too large")
        self.check(["--max-target", "100"], b"GET /" + b"x" * 100 + b" HTTP/1.1\r\n", 414, "target is too long")
        self.check(["--max-fields", "5"], get + b"X: y\r\n" * 5 + b"\r\n", 431, "too many header fields")
        self.check(["--max-body", "10"], b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\n\r\n", 413, "body is too large")

    def test_connections(self):
        with Server("--max-connections", "1") as server, server.connect() as first:
            first.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            self.assertTrue(read_answer(first).startswith(b"HTTP/1.1 200 "))
            self.assertTrue(server.ask(b"").startswith(b"HTTP/1.1 503 "))
            self.assertRegex(server.end()[1], r"127\.0\.0\.1:\d+: too many connections")

    def test_limits_of_nothing_or_without_a_unit_are_usage_errors(self):
        for options in (["--request-timeout", "10"], ["--body-timeout", "0s"], ["--max-head", "0"], ["--workers", "0"],
                        ["--max-body", "many"], ["--access-log", "xml"]):
            with self.subTest(options):
                done = run(ANTIPHON, "serve", "--style", STYLE, *options)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(options[0], done.stderr)


class Observing(unittest.TestCase):
    REQUESTS = (b"GET /?a HTTP/1.1\r\nHost: t\r\n\r\nPOST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", b"GET / HTTP/1.1\r\n\r\n",
                b"GARBAGE\r\n\r\n")

    def logged(self, kind):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "access.log")
            with Server("--access-log", f"{kind}:{name}") as server:
                for octets in self.REQUESTS:
                    server.ask(octets)
                self.assertEqual(server.end()[0], 0)
            with open(name, encoding="ascii") as lines:
                return lines.read().splitlines()

    def test_the_access_log_has_the_common_log_format(self):
        lines = self.logged("clf")
        begin = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
        for line, rest in zip(lines, (r'"GET /\?a HTTP/1\.1" 200 13', r'"POST /echo HTTP/1\.0" 200 2', r'"-" 400 \d+', r'"-" 400 \d+')):
            self.assertRegex(line, f"^{begin}{rest}$")
        self.assertEqual(len(lines), 4)

    def test_the_access_log_has_a_json_form(self):
        entries = [json.loads(line) for line in self.logged("json")]
        self.assertEqual([(e["method"], e["target"], e["version"], e["status"]) for e in entries],
                         [("GET", "/?a", "1.1", 200), ("POST", "/echo", "1.0", 200), (None, None, None, 400), (None, None, None, 400)])
        self.assertGreater(entries[0]["seconds"], 0)

    def test_metrics_are_there_only_if_asked_for(self):
        with Server() as server:
            self.assertTrue(server.ask(b"GET /metrics HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 404 "))
        with Server("--metrics") as server:
            for octets in self.REQUESTS:
                server.ask(octets)
            self.assertEqual(server.metric('antiphon_requests_total{status="200"}'), 2)
            self.assertEqual(server.metric('antiphon_requests_total{status="400"}'), 2)
            self.assertEqual(server.metric("antiphon_request_seconds_count"), 6)
            while server.metric("antiphon_connections") > 1:  # until the others' ends were seen
                pass
            self.assertGreater(server.metric("antiphon_sent_octets_total"), 500)

    def test_buffered_octets_of_a_slow_reader_are_told(self):
        with Server("--metrics", "--request-timeout", "1s", "--linger-timeout", "100ms") as server, server.connect() as slow:
            slow.sendall(b"GET /bytes/100000000 HTTP/1.1\r\nHost: t\r\n\r\n")
            while not server.metric("antiphon_buffered_octets"):
                pass


if __name__ == "__main__":
    unittest.main()
