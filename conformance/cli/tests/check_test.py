"""What `antiphon check` says of a trace file. Usage: check_test.py ANTIPHON"""

import subprocess
import sys
import unittest

ANTIPHON = sys.argv[1]
del sys.argv[1:3]  # and the repository, which is not needed


def check(lines, *arguments):
    return subprocess.run([ANTIPHON, "check", "-", *arguments], input="\n".join(lines), capture_output=True, text=True,
                          timeout=60, check=False)


def events(*kinds):
    return [f'{{"event":"{kind}","c":0,"n":{n}{more}}}' for n, (kind, more) in
            enumerate((kind, ',"cause":"none"' if kind == "CL" else ',"bytes":5,"sum":1' if kind == "DR" else "")
                      for kind in kinds)]


class Check(unittest.TestCase):
    def test_a_good_trace_passes_with_the_number_of_rules(self):
        done = check(events("CM", "DR", "ER", "CL"))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"^pass: 4 events of 1 connections keep \d+ rules: .*ORD-01")

    def test_requests_and_replies_between_the_events_are_passed_over(self):
        done = check(['{"op":"hello","protocol":1}', '{"reply":"listening","id":"a","port":1}', *events("CM", "CL")])
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_broken_rule_is_named_with_the_shortest_prefix_and_what_was_expected(self):
        done = check(events("CM", "ER", "ER", "DR", "CL"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("ORD-04 violated: a second eof_received", done.stdout)
        self.assertIn("eof_received is called at most once", done.stdout)
        self.assertIn("--> ER", done.stdout)
        self.assertNotIn("DR  connection", done.stdout)  # it stands behind the prefix
        self.assertIn("expected: CL or PW", done.stdout)

    def test_a_missing_end_is_found_unless_the_trace_goes_on(self):
        self.assertIn("ORD-05", check(events("CM", "DR")).stdout)
        self.assertEqual(check(events("CM", "DR"), "--partial").returncode, 0)

    def test_marks_are_those_that_are_given(self):
        trace = ['{"event":"CM","c":0,"n":0}', '{"event":"PW","c":0,"n":1,"buffered":500}',
                 '{"event":"CL","c":0,"n":2,"cause":"none"}']
        self.assertIn("FLOW-02", check(trace).stdout)
        self.assertEqual(check(trace, "--limits", "400", "100").returncode, 0)

    def test_a_scenario_adds_its_expectation(self):
        done = check(events("CM", "DR", "CL"), "--scenario", "connect_then_eof")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Expected CM ER CL(none)", done.stdout)
        self.assertEqual(check(events("CM", "ER", "CL"), "--scenario", "connect_then_eof").returncode, 0)

    def test_a_file_with_an_error_is_named_with_its_line(self):
        for lines, words in ((["{"], "-:1: no JSON: column 2: "), (["", '{"event":5}'], "-:2: not an event"), ([], "no event in it"),
                             (['{"event":"CM","c":0}', "", "{}{}"], "-:3: no JSON: column 3: "),
                             (['{"event":"CM","c":0}', '{"event":"PW","c":0,"buffered":"x"}'], '-:2: its "buffered" is no number'),
                             (['{"event":"ZZ","c":0}'], "-:1: unknown event 'ZZ'"),
                             (['{"event":"CM"}'], '-:1: CM without "c"'),
                             (['{"event":"CL","c":0,"cause":"moon"}'], '-:1: its "cause" is none that')):
            with self.subTest(lines):
                done = check(lines)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)
        for file in ("/nowhere", "/"):
            done = subprocess.run([ANTIPHON, "check", file], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{file}: cannot be read", done.stderr)

    def test_marks_that_cannot_be_are_refused(self):
        for marks in (("100", "400"), ("-1", "5"), ("x", "5")):
            done = check(events("CM", "CL"), "--limits", *marks)
            self.assertEqual((done.returncode, done.stdout), (2, ""), marks)
            self.assertIn("--limits", done.stderr)

    def test_of_many_connections_only_the_one_that_breaks_a_rule_is_shown(self):
        many = [line.replace('"c":0', f'"c":{c}') for c in range(500) for line in events("CM", "DR", "CL")]
        broken = [line.replace('"c":0', '"c":500') for line in events("CM", "ER", "DR", "CL")]
        done = check([*many, *broken, *many[:3]])
        self.assertEqual(done.returncode, 1)
        self.assertIn("ORD-03 violated", done.stdout)
        self.assertIn("without 1500 events of other connections", done.stdout)
        shown = [line.split()[:2] for line in done.stdout.splitlines() if "connection 500" in line and "violated" not in line]
        self.assertEqual(shown, [["CM", "connection"], ["ER", "connection"], ["-->", "DR"]])
        self.assertNotIn("connection 499", done.stdout)


if __name__ == "__main__":
    unittest.main()
