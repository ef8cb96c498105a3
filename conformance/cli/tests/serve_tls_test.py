"""`antiphon serve --tls-cert FILE --tls-key FILE`: the same server over TLS, its ends, and its errors.

Run once for each style by ctest (serving.py). Certificates are made by openssl. A client that is not installed is
skipped.
"""

import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from serving import ANTIPHON, HANG, STYLE, Server, ask, read_answer, read_to_end, run

GET = b"GET %b HTTP/1.1\r\nHost: t\r\n%b\r\n"
CLOSE = b"Connection: close\r\n"


def make_certificate(folder, name, *options):
    """A key, and a certificate that it signed itself."""
    cert, key = os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}-key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "1",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert,
                    *(options or ["-noenc"])], check=True, capture_output=True, timeout=HANG)
    return cert, key


FOLDER = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
unittest.addModuleCleanup(FOLDER.cleanup)
CERT, KEY = make_certificate(FOLDER.name, "localhost")
TLS = ("--tls-cert", CERT, "--tls-key", KEY)


def connect_strictly(server):
    """To such a peer an end without close_notify is an error."""
    return server.trust.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=HANG),
                                    server_hostname="localhost", suppress_ragged_eofs=False)


def exchange(peer, octets):
    """Sends and reads at the same time, to the end."""
    received = bytearray()
    peer.setblocking(False)
    while True:
        try:
            while piece := peer.recv(1 << 16):
                received += piece
            return bytes(received)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        sent = 0
        try:
            while octets and sent < (1 << 18):
                count = peer.send(octets[:1 << 14])
                octets = octets[count:]
                sent += count
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        if sent == 0:
            ready = select.select([peer], [peer] if octets else [], [], HANG)
            if not (ready[0] or ready[1]):
                raise AssertionError("nothing moves")


class Https(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(*TLS)
        cls.addClassCleanup(cls.server.__exit__)

    def test_the_line_says_https(self):
        self.assertTrue(self.server.line.startswith("listening on https://127.0.0.1:"), self.server.line)

    def test_all_routes_answer_on_one_kept_connection(self):
        connection = self.server.http()
        self.addCleanup(connection.close)
        self.assertEqual(ask(connection, "GET", "/")[::2], (200, b"hello, world\n"))
        used = connection.sock.getsockname()
        self.assertEqual(ask(connection, "POST", "/echo", b"x" * 100_000)[::2], (200, b"x" * 100_000))
        status, headers, body = ask(connection, "GET", "/stream/3")
        self.assertEqual((status, headers["transfer-encoding"], body), (200, "chunked", b"chunk 0\nchunk 1\nchunk 2\n"))
        self.assertEqual(len(ask(connection, "GET", "/bytes/1000000")[2]), 1_000_000)
        self.assertEqual(ask(connection, "GET", "/delay/1")[0], 200)
        self.assertEqual(ask(connection, "HEAD", "/bytes/7")[1]["content-length"], "7")
        self.assertEqual(connection.sock.getsockname(), used, "the connection was kept")

    def test_pipelined_requests_are_answered_in_order_and_the_end_is_a_clean_one(self):
        with connect_strictly(self.server) as peer:
            peer.sendall(GET % (b"/delay/5", b"") + GET % (b"/", b"") + GET % (b"/bytes/3", CLOSE))
            answer = read_to_end(peer)
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK\r\n"), 3)
        self.assertLess(answer.index(b"waited"), answer.index(b"hello, world"))
        self.assertTrue(answer.endswith(b"\r\n\r\n\x00\x01\x02"))

    def test_http_1_1_is_agreed_on_with_a_client_that_offers_more(self):
        trust = ssl.create_default_context(cafile=CERT)
        trust.set_alpn_protocols(["h2", "http/1.1"])
        with trust.wrap_socket(socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG),
                               server_hostname="localhost") as peer:
            self.assertEqual(peer.selected_alpn_protocol(), "http/1.1")

    def test_eight_mebibytes_are_echoed_while_they_come(self):
        body = bytes(range(256)) * (8 << 12)
        pieces = b"".join(b"%x\r\n%b\r\n" % (1 << 16, body[at:at + (1 << 16)]) for at in range(0, len(body), 1 << 16))
        with connect_strictly(self.server) as peer:
            answer = exchange(peer, b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                              + pieces + b"0\r\n\r\n")
        head, _, rest = answer.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK"), head)
        received, at = bytearray(), 0
        while size := int(rest[at:(end := rest.index(b"\r\n", at))], 16):
            received += rest[end + 2:end + 2 + size]
            at = end + 2 + size + 2
        self.assertTrue(bytes(received) == body, "the octets differ")

    def test_a_client_that_goes_on_sending_still_reads_its_error(self):
        for head, status in ((b"GET / HTTP/1.1\r\nHost: t\r\nbad header\r\n\r\n", 400),
                             (b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000001\r\n\r\n", 413)):
            with self.subTest(status), connect_strictly(self.server) as peer:
                answer = exchange(peer, head + b"x" * 1_000_000)
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer[:60])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_http_without_tls_is_not_answered_and_the_server_goes_on(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG) as plain:
            plain.sendall(GET % (b"/", CLOSE))
            self.assertNotIn(b"HTTP/1.1", read_to_end(plain))
        self.assertTrue(self.server.ask(GET % (b"/", CLOSE)).endswith(b"hello, world\n"))

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl_verifies_gets_and_uploads(self):
        url = f"https://localhost:{self.server.port}"
        curl = ("curl", "-sS", "--cacert", CERT)
        self.assertEqual(run(*curl, url, f"{url}/stream/1").stdout, "hello, world\nchunk 0\n")
        big = "x" * 2_000_000
        self.assertEqual(run(*curl, "--data-binary", "@-", f"{url}/echo", input=big).stdout, big)
        self.assertEqual(run(*curl, "-T", "-", "-X", "POST", f"{url}/echo", input=big).stdout, big, "chunked")
        self.assertEqual(run("curl", "-sS", url).returncode, 60, "nobody vouches for it")

    def test_openssls_client_sees_the_certificate_and_a_clean_end(self):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-CAfile", CERT, "-ign_eof"],
                              input=(GET % (b"/", CLOSE)).decode(), capture_output=True, text=True, timeout=HANG, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Verify return code: 0 (ok)", done.stdout)
        self.assertIn("hello, world", done.stdout)


class Limits(unittest.TestCase):
    def test_a_client_that_never_shakes_hands_is_closed_in_the_time_for_a_head(self):
        with Server(*TLS, "--request-timeout", "100ms", "--linger-timeout", "100ms") as server:
            with socket.create_connection(("127.0.0.1", server.port), timeout=HANG) as silent:
                read_to_end(silent)
            self.assertTrue(server.ask(GET % (b"/", CLOSE)).endswith(b"hello, world\n"))

    def test_a_reader_that_waits_costs_under_16_mebibytes_for_a_body_of_64(self):
        if os.environ.get("ANTIPHON_SANITIZED"):
            self.skipTest("a sanitizer's own memory would be measured")
        size = 64 << 20
        with Server(*TLS) as server:
            self.addCleanup((connection := server.http()).close)
            ask(connection, "GET", "/")
            before = server.peak_memory()
            with connect_strictly(server) as slow:
                slow.sendall(GET % (b"/bytes/%d" % size, CLOSE))
                for _ in range(200):  # the server has gone round often while the other reader read nothing
                    ask(connection, "GET", "/bytes/1000")
                received = 0
                while piece := slow.recv(1 << 20):
                    received += len(piece)
            self.assertGreater(received, size)
            self.assertLess(server.peak_memory() - before, 16 << 20)


class End(unittest.TestCase):
    def test_a_signal_lets_answers_finish_closes_the_idle_and_ends_with_0(self):
        for workers in ("1", "2"):
            with self.subTest(workers=workers), Server(*TLS, "--workers", workers, "--metrics") as server:
                idle, busy = connect_strictly(server), connect_strictly(server)
                self.addCleanup(idle.close)
                self.addCleanup(busy.close)
                idle.sendall(GET % (b"/", b""))
                self.assertTrue(read_answer(idle).endswith(b"hello, world\n"))
                request = GET % (b"/delay/300", b"")
                received = server.metric("antiphon_received_octets_total")
                busy.sendall(request)
                while server.metric("antiphon_received_octets_total") < received + len(request):
                    pass
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(idle.recv(1), b"", "a clean end")
                answer = read_answer(busy)
                self.assertTrue(answer.endswith(b"waited\n"), answer)
                self.assertIn(b"Connection: close", answer)
                self.assertEqual(busy.recv(1), b"", "a clean end")
                idle.close()
                busy.close()
                self.assertEqual(server.process.wait(HANG), 0)
                self.assertEqual(server.process.stderr.read(), "")


class Errors(unittest.TestCase):
    def check(self, cert, key, *words):
        for workers in ("1", "3"):
            done = run(ANTIPHON, "serve", "--style", STYLE, "--port", "0", "--workers", workers, "--tls-cert", cert, "--tls-key", key)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)

    def test_a_file_that_cannot_be_used_is_named(self):
        nowhere = os.path.join(FOLDER.name, "nowhere.pem")
        self.check(nowhere, KEY, nowhere, "No such file")
        self.check(CERT, nowhere, nowhere, "No such file")
        self.check(FOLDER.name, KEY, FOLDER.name, "directory")
        self.check(KEY, KEY, KEY, "no certificate")
        self.check(CERT, CERT, CERT, "no private key")

    def test_a_key_of_another_certificate_is_named(self):
        other = make_certificate(FOLDER.name, "other")[1]
        self.check(CERT, other, other, "does not belong")

    def test_an_encrypted_key_is_named_and_nobody_is_asked_for_its_password(self):
        cert, key = make_certificate(FOLDER.name, "locked", "-passout", "pass:secret")
        self.check(cert, key, key, "password")

    def test_one_file_without_the_other_is_a_usage_error(self):
        for given, missing, name in (("--tls-cert", "--tls-key", CERT), ("--tls-key", "--tls-cert", KEY)):
            done = run(ANTIPHON, "serve", "--style", STYLE, given, name)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(missing, done.stderr)


if __name__ == "__main__":
    unittest.main()
