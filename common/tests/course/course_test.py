"""What each program of the course does on the wire, as a peer that a script plays.

The same script is for the programs of both styles and for the originals in other languages: that they pass it is what
"the same behaviour on the wire" means. Each test starts the program anew and ends it by a signal.

usage: course_test.py [--original] NAME PROGRAM [ARGUMENT...]

NAME is the example's, as 01_echo. --original leaves out what the sketches in reports/originals do not offer.
"""

import http.client
import importlib.util
import os
import pathlib
import signal
import socket
import ssl
import sys
import tempfile
import threading
import unittest

from playing import NAME, ORIGINAL, PATIENCE, Program, read, read_line, read_to_end, reset, send_until_cut

HERE = pathlib.Path(__file__).parent


def not_in_the_original(test):
    return unittest.skipIf(ORIGINAL, "the sketch does not offer it")(test)


class Course(unittest.TestCase):
    def ends_well(self, program, number=signal.SIGTERM):
        program.signal(number)
        self.assertEqual(program.status(), 0)

    def echoes(self, program, data):
        with program.connect() as peer:
            def send():
                peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
            sender = threading.Thread(target=send)
            sender.start()
            self.assertTrue(read_to_end(peer) == data)
            sender.join()


class Test01Echo(Course):
    def test_any_size_comes_back_and_a_signal_ends_it_well(self):
        with Program(0) as program:
            self.echoes(program, os.urandom(3 << 20))
            self.ends_well(program)

    def test_the_port_that_is_taken_is_named(self):
        with Program(0) as program, Program(program.port) as second:
            self.assertIn("address already in use", second.listening + second.process.stdout.read().decode())
            self.assertEqual(second.status(), 1)

    def test_a_client_that_resets_takes_nobody_along(self):
        with Program(0) as program:
            peer = program.connect()
            peer.sendall(b"x")
            read(peer, 1)
            reset(peer)
            self.echoes(program, b"still here")


class Test02LineProtocol(Course):
    def test_it_obeys(self):
        with Program(0) as program, program.connect() as peer:
            peer.sendall(b"PING\nECHO some text\r\nNONS")
            self.assertEqual(read(peer, 15), b"PONG\nsome text\n")
            peer.sendall(b"ENSE\nQUIT\nPING\n")
            self.assertEqual(read_to_end(peer), b"ERR unknown command\nBYE\n")
            self.ends_well(program)

    def test_it_says_why_it_ends(self):
        with Program(0) as program:
            with program.connect() as peer:
                peer.sendall(b"ECHO " + b"x" * 1019 + b"\r\n" + b"y" * 1025 + b"\n")
                self.assertEqual(read_to_end(peer), b"x" * 1019 + b"\nERR line too long\n")
            with program.connect() as peer:
                peer.sendall(b"x" * 1026)
                self.assertEqual(read_to_end(peer), b"ERR line too long\n")

    def test_who_is_idle_is_told_so(self):
        with Program(0, 50) as program, program.connect() as peer:
            self.assertEqual(read_to_end(peer), b"ERR timeout\n")

    def test_who_does_not_read_is_cut(self):
        with Program(0, 200) as program, program.connect(16384) as peer:
            self.assertTrue(send_until_cut(peer, b"ECHO " + b"x" * 1000 + b"\n"))


class Test03HalfClose(Course):
    def test_the_answer_comes_after_the_end_of_the_question(self):
        with Program(0, 10) as program:
            for data in (b"", b"a\nb\nc", os.urandom(5 << 20)):
                with program.connect() as peer:
                    peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
                    counts = f"{data.count(10)} lines, {len(data)} octets\n".encode()
                    self.assertEqual(read_to_end(peer), b"counting\n" + counts)
            self.ends_well(program)

    def test_who_goes_while_it_works_takes_nobody_along(self):
        with Program(0, 50) as program:
            peer = program.connect()
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(read_line(peer), b"counting\n")
            reset(peer)
            with program.connect() as other:
                other.shutdown(socket.SHUT_WR)
                self.assertEqual(read_to_end(other), b"counting\n0 lines, 0 octets\n")


class Test04BackPressure(Course):
    COUNT = 2_000_000  # 15 MB: more than the kernel takes for one that does not read
    ALL = "".join(f"{i}\n" for i in range(1, COUNT + 1)).encode()

    def test_a_slow_client_makes_it_wait_and_misses_nothing_while_others_are_served(self):
        with Program(0, self.COUNT) as program, program.connect(4096) as slow:
            self.assertEqual(read(slow, 4), b"1\n2\n")
            with program.connect() as fast:
                fast.shutdown(socket.SHUT_WR)  # nothing to say, and still all to hear
                self.assertTrue(read_to_end(fast) == self.ALL)
            self.summary(program)
            self.assertTrue(read_to_end(slow) == self.ALL[4:])
            self.assertGreater(self.summary(program), 0)
            self.ends_well(program)

    def test_who_resets_is_not_written_to_any_more(self):
        with Program(0, self.COUNT) as program:
            peer = program.connect(4096)
            read(peer, 2)
            reset(peer)
            self.assertRegex(program.line(), r"^sent \d+ lines")

    def summary(self, program):
        line = program.line()
        self.assertRegex(line, rf"^sent {self.COUNT} lines, paused \d+ times, at most \d+ octets waiting$")
        pauses, most = (int(word) for word in line.split() if word.isdigit() and word != str(self.COUNT))
        self.assertLessEqual(most, 36 * 1024 + 16)  # the high mark, and one block and a line more
        return pauses


class Test05Timeouts(Course):
    LONG = 600_000

    def told(self, *limits, send=b""):
        with Program(0, *limits) as program, program.connect() as peer:
            peer.sendall(send)
            told = read_to_end(peer)
            self.ends_well(program)
            return told

    def test_who_says_nothing(self):
        self.assertEqual(self.told(50, self.LONG, self.LONG), b"timeout: nothing came\n")

    def test_who_stops(self):
        self.assertEqual(self.told(self.LONG, 50, self.LONG, send=b"x"), b"xtimeout: idle\n")

    def test_who_stays(self):
        told = self.told(self.LONG, self.LONG, 300, send=b"x")
        self.assertIn(told, (b"xtimeout: the session is over\n", b"timeout: the session is over\n"))

    def test_who_does_not_read(self):
        with Program(0, self.LONG, self.LONG, self.LONG, 200) as program, program.connect(16384) as peer:
            self.assertTrue(send_until_cut(peer, b"x" * 65536))


class Test06Chat(Course):
    def test_lines_go_to_the_others_and_who_comes_and_goes_is_told(self):
        with Program(0) as program, program.connect() as ann:
            ann.sendall(b"ann\r\nanybody?\n")
            bob = program.connect()
            bob.sendall(b"bob\nhello")
            self.assertEqual(read_line(ann), b"* bob joined\n")
            bob.sendall(b" ann\nhow are you?\n")
            self.assertEqual(read_line(ann), b"bob: hello ann\n")
            self.assertEqual(read_line(ann), b"bob: how are you?\n")
            ann.sendall(b"fine\n")
            self.assertEqual(read_line(bob), b"ann: fine\n")
            bob.close()
            self.assertEqual(read_line(ann), b"* bob left\n")
            self.ends_well(program)

    def test_a_line_without_an_end_is_the_end(self):
        with Program(0) as program, program.connect() as peer:
            peer.sendall(b"x" * 2000)
            self.assertEqual(read_to_end(peer), b"")

    def test_who_does_not_read_neither_stops_the_others_nor_gets_it_all(self):
        with Program(0) as program, program.connect() as ann, program.connect(4096) as deaf, program.connect() as bob:
            ann.sendall(b"ann\n")
            deaf.sendall(b"deaf\n")
            self.assertEqual(read_line(ann), b"* deaf joined\n")
            bob.sendall(b"bob\n")
            self.assertEqual(read_line(ann), b"* bob joined\n")
            line = b"x" * 1000 + b"\n"
            for _ in range(12_000):  # in step, so that bob is never late
                ann.sendall(line)
                self.assertEqual(len(read(bob, len(line) + 5)), len(line) + 5)
            self.ends_well(program)
            self.assertLess(len(read_to_end(deaf)), 12_000 * len(line))


class Test07GracefulShutdown(Course):
    def test_what_is_open_is_served_and_nothing_new_is_taken(self):
        with Program(0, 600_000) as program, program.connect() as peer:
            peer.sendall(b"before")
            self.assertEqual(read(peer, 6), b"before")
            program.signal()
            while True:  # the signal takes a moment to arrive
                try:
                    program.connect().close()
                except ConnectionError:
                    break
            peer.sendall(b"after")
            self.assertEqual(read(peer, 5), b"after")
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(read_to_end(peer), b"")
            self.assertRegex(program.line(), r"^finished \d+, forced 0$")
            self.assertEqual(program.status(), 0)

    def test_what_is_left_is_cut_at_the_deadline(self):
        with Program(0, 50) as program, program.connect() as peer:
            peer.sendall(b"x")
            self.assertEqual(read(peer, 1), b"x")
            program.signal(signal.SIGINT)
            self.assertEqual(program.line(), "finished 0, forced 1")
            self.assertEqual(program.status(), 0)

    def test_without_connections_it_ends_at_once(self):
        with Program(0, 600_000) as program:
            program.signal()
            self.assertEqual(program.line(), "finished 0, forced 0")
            self.assertEqual(program.status(), 0)


class Test08Tls(Course):
    CERTIFICATE, KEY = str(HERE / "certificate.pem"), str(HERE / "key.pem")

    def connect(self, program):
        context = ssl.create_default_context(cafile=self.CERTIFICATE)
        context.set_alpn_protocols(["echo"])
        return context.wrap_socket(program.connect(), server_hostname="localhost")

    def test_it_echoes_and_the_end_is_told(self):
        with Program(0, self.CERTIFICATE, self.KEY) as program:
            with self.connect(program) as peer:
                self.assertEqual(program.line(), "connected: TLSv1.3, echo")
                block = os.urandom(65536)
                for _ in range(16):
                    peer.sendall(block)
                    self.assertTrue(read(peer, len(block)) == block)
                peer.unwrap().close()  # waits for the other's close_notify
            clean = program.line()
            self.assertRegex(clean, "^lost: ")
            with self.connect(program) as peer:
                self.assertEqual(program.line(), "connected: TLSv1.3, echo")
                peer.sendall(b"x")
                self.assertEqual(read(peer, 1), b"x")
                peer.shutdown(socket.SHUT_WR)  # TCP's end without TLS's
                cut = program.line()
                self.assertRegex(cut, "^lost: ")
            if not ORIGINAL:  # Python 3.11 does not tell the two ends apart
                self.assertNotEqual(clean, cut)
            self.ends_well(program)

    def test_who_speaks_no_TLS_takes_nobody_along(self):
        with Program(0, self.CERTIFICATE, self.KEY) as program:
            with program.connect() as peer:
                peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
                try:
                    read_to_end(peer)
                except ConnectionError:
                    pass
            with self.connect(program) as peer:
                peer.sendall(b"x")
                self.assertEqual(read(peer, 1), b"x")

    def test_without_its_files_it_says_how_it_is_used(self):
        with Program() as program:
            self.assertRegex(program.listening, "^usage: 08_tls")
            self.assertEqual(program.status(), 2)


class Http(Course):
    def answer(self, reader):
        """(status, body) of one answer with a Content-Length; what follows it is left there."""
        status = int(reader.readline().split()[1])
        headers = http.client.parse_headers(reader)
        return status, reader.read(int(headers["Content-Length"]))

    def asks(self, program, request, *answers, closes=False):
        """Sends the octets; the answers are those, in that order."""
        with program.connect() as peer, peer.makefile("rb") as reader:
            peer.sendall(request)
            for answer in answers:
                self.assertEqual(self.answer(reader), answer)
            if closes:
                self.assertEqual(reader.read(), b"")


class Test09HttpByHand(Http):
    HELLO = (200, b"hello, world\n")

    def test_one_connection_carries_many_requests_also_all_at_once(self):
        with Program(0) as program:
            get = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"
            post = b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello"
            self.asks(program, get + post + b"GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n" + get,
                      self.HELLO, (200, b"hello"), (404, b"no such page\n"), self.HELLO)
            self.ends_well(program)

    def test_the_octets_may_come_one_by_one(self):
        with Program(0) as program, program.connect() as peer, peer.makefile("rb") as reader:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc":
                peer.sendall(bytes([octet]))
            self.assertEqual(self.answer(reader), (200, b"abc"))

    def test_the_connection_is_closed_when_the_client_wants_it_or_nobody_can_go_on(self):
        with Program(0) as program:
            self.asks(program, b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", self.HELLO, closes=True)
            with program.connect() as peer:
                peer.sendall(b"this is not HTTP\r\n\r\n")
                self.assertRegex(read_to_end(peer), rb"^HTTP/1.1 400 ")

    @not_in_the_original
    def test_what_the_parser_knows(self):
        with Program(0) as program:
            self.asks(program, b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                               b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", (200, b"abcde"))
            self.asks(program, b"GET / HTTP/1.0\r\n\r\n", self.HELLO, closes=True)
            self.asks(program, b"GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
                      (400, b"malformed escape in the request target"), closes=True)
            for request, status in ((b"GET / HTTP/1.1\r\n\r\n", 400),  # without Host
                                    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: t\r\n\r\n", 414),
                                    (b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9999999\r\n\r\n", 413)):
                with program.connect() as peer, peer.makefile("rb") as reader:
                    peer.sendall(request)
                    self.assertEqual(self.answer(reader)[0], status)
            with program.connect() as peer, peer.makefile("rb") as reader:
                peer.sendall(b"POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
                self.assertEqual(reader.readline() + reader.readline(), b"HTTP/1.1 100 Continue\r\n\r\n")
                peer.sendall(b"ok")
                self.assertEqual(self.answer(reader), (200, b"ok"))


class Test10App(Http):
    def get(self, program, path):
        connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=PATIENCE)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def test_the_routes(self):
        with Program(0) as program:
            self.assertEqual(self.get(program, "/"), (200, b"hello, world\n"))
            self.assertEqual(self.get(program, "/greet/ann"), (200, b"hello, ann\n"))
            self.assertEqual(self.get(program, "/greet/slowly"), (200, b"hello, slowly\n"))
            self.assertEqual(self.get(program, "/nowhere")[0], 404)
            if not ORIGINAL:  # of the shared app
                self.assertEqual(self.get(program, "/bytes/300"), (200, bytes(i % 251 for i in range(300))))

    def test_what_is_under_way_is_finished_after_a_signal(self):
        with Program(0) as program, program.connect() as peer:
            peer.sendall(b"GET /count HTTP/1.1\r\nHost: t\r\n\r\n")
            head = b""
            while not head.endswith(b"1\n\r\n"):
                head += read(peer, 1)
            self.assertIn(b"Transfer-Encoding: chunked", head)
            program.signal()
            self.assertEqual(program.line(), "finishing what is under way")
            self.assertTrue(read_to_end(peer).endswith(b"3\r\n10\n\r\n0\r\n\r\n"))
            self.assertEqual(program.status(), 0)


class Test11UnixSocket(Course):
    def test_it_has_a_client_of_its_own_and_takes_others(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "echo.sock")
            with Program(path) as program, socket.socket(socket.AF_UNIX) as peer:
                self.assertEqual(program.listening, f"listening on {path}")
                self.assertEqual(program.line(), "the client got: hello")
                peer.settimeout(PATIENCE)
                peer.connect(path)
                peer.sendall(b"from outside")
                self.assertEqual(read(peer, 12), b"from outside")
                self.ends_well(program)
            self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    if ORIGINAL and NAME == "10_app" and not importlib.util.find_spec("aiohttp"):
        sys.exit("skipped: aiohttp is not installed")
    case = "Test" + "".join(word.capitalize() for word in NAME.split("_"))
    unittest.main(argv=[sys.argv[0], case])
