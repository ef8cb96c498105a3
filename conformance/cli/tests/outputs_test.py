"""Every verdict in every output of `antiphon conform`, read by the programs that such files are for.

Usage: outputs_test.py ANTIPHON REPOSITORY
"""

import collections
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
FOLDER = tempfile.TemporaryDirectory()
WORK = pathlib.Path(FOLDER.name)
BROKEN = "reference:data_after_end"  # a server that breaks ORD-03
IMPOLITE = "reference:pause_in_made_ignored"  # and one that does not keep READ-03, a SHOULD
ODD_NAME = "od|d #1 <&>.py"  # of an adapter: what XML, TAP and Markdown would take for their own
ODD = f"exec:{sys.executable} '{WORK / ODD_NAME}'"
FLAKY = f"exec:{sys.executable} {WORK / 'flaky.py'}"
VERDICTS = ("pass", "warn", "differs", "not-offered", "fail", "flaky", "stale", "harness-error")


def adapter(name, *changes):
    """The kit's own adapter for asyncio, changed."""
    shutil.copy(ROOT / "conformance/adapters/adapter.py", WORK)
    source = (ROOT / "conformance/adapters/asyncio_adapter.py").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    (WORK / name).write_text(source, encoding="utf-8")


def scenarios(*names):
    found = [each for file in (ROOT / "conformance/scenarios").glob("*.json")
             for each in json.loads(file.read_text(encoding="utf-8")) if each["name"] in names]
    assert len(found) == len(names), names
    file = WORK / "scenarios.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    return file


def run(*words):
    return subprocess.run([ANTIPHON, "conform", *map(str, words)], capture_output=True, text=True, timeout=300, check=False)


class EveryVerdict(unittest.TestCase):
    """One run that has them all."""

    @classmethod
    def setUpClass(cls):
        adapter("flaky.py", ('        self.connection.tell("ER")\n', '        self.connection.tell("ER")\n'
                             '        if self.connection.number % 2:\n            self.connection.tell("ER")\n'))
        adapter(ODD_NAME, ('"write_eof", ', ""), ("        if op == \"listen\":\n", """        if op == "listen":
            if "pause_reading" in json.dumps(request):
                sys.exit("<oh> | no # & \\x01")
"""), ("import ssl\n", "import ssl\nimport sys\n"))
        known = WORK / "known.json"
        known.write_text(json.dumps([
            {"target": BROKEN, "rule": "ORD-03", "reason": "on | purpose # <1>"},
            {"target": "reference", "scenario": "data_then_eof", "reason": "it was so"}]), encoding="utf-8")
        cls.files = {kind: WORK / f"results.{kind}" for kind in ("json", "junit", "tap", "markdown", "badge")}
        targets = ("reference", BROKEN, IMPOLITE, ODD, FLAKY)
        cls.done = run(*[word for each in targets for word in ("--target", each)], "--known", known, "--repeat", 4,
                       "--scenario-file", scenarios("data_then_eof", "pause_in_made", "write_eof", "echo"),
                       *[word for kind, file in cls.files.items() for word in (f"--{kind}", file)])
        cls.results = json.loads(cls.files["json"].read_text(encoding="utf-8"))
        cls.counts = collections.Counter(each["verdict"] for each in cls.results["results"])

    def verdict(self, target, scenario):
        return next(each for each in self.results["results"] if (each["target"], each["scenario"]) == (target, scenario))

    def test_each_verdict_is_there_and_a_harness_error_is_the_status(self):
        self.assertEqual(self.done.returncode, 3, self.done.stdout + self.done.stderr)
        for target, scenario, verdict, rule in (
                ("reference", "write_eof", "pass", None), (IMPOLITE, "pause_in_made", "warn", "READ-03"),
                (BROKEN, "data_then_eof", "differs", "ORD-03"), (ODD, "write_eof", "not-offered", None),
                (FLAKY, "data_then_eof", "flaky", "ORD-04"), ("reference", "data_then_eof", "stale", None),
                (ODD, "pause_in_made", "harness-error", None)):
            with self.subTest(verdict):
                each = self.verdict(target, scenario)
                self.assertEqual((each["verdict"], each["rule"]), (verdict, rule), each)
        self.assertEqual(sum(self.counts.values()), 5 * 4)
        for target, counts in self.results["counts"].items():
            self.assertEqual(sum(counts.values()), 4, target)

    def test_what_is_not_good_is_explained_on_the_console(self):
        for words in ("READ-03 violated", "ORD-03   on | purpose # <1>: data_then_eof", "flaky: in run 2 of 4",
                      "declared to differ, but it passes", "the adapter ended with status 1", "<oh> | no # & ?",
                      f"{self.counts['pass']} pass"):
            self.assertIn(words, self.done.stdout)

    def test_junit_is_valid_and_counts_right(self):
        valid = subprocess.run(["xmllint", "--noout", "--schema", str(pathlib.Path(__file__).with_name("junit.xsd")),
                                str(self.files["junit"])], capture_output=True, text=True, check=False)
        self.assertEqual(valid.returncode, 0, valid.stderr)
        suites = ET.parse(self.files["junit"]).getroot()
        self.assertEqual([each.get("name") for each in suites], [each["name"] for each in self.results["targets"]])
        of = collections.Counter()
        for suite in suites:
            inside = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error", "skipped")}
            self.assertEqual((suite.get("failures"), suite.get("errors"), suite.get("skipped"), suite.get("tests")),
                             (*(str(inside[kind]) for kind in inside), str(len(suite.findall("testcase")))))
            of.update(each.get("type") for each in suite.findall("testcase/*") if each.tag != "skipped")
            of["skipped"] += inside["skipped"]
            of.update(line.split()[0] for line in suite.find("system-out").text.splitlines()
                      ) if suite.find("system-out").text else None
        expected = {("skipped" if each == "not-offered" else each): self.counts[each] for each in VERDICTS if each != "pass"}
        self.assertEqual({each: of[each] for each in expected}, expected)
        error = suites.find(f"testsuite[@id='3']/testcase[@name='pause_in_made']/error")
        self.assertIn("<oh> | no # & ?", error.text)
        self.assertIn("\n", error.get("message"))

    def test_tap_is_read_by_prove(self):
        text = self.files["tap"].read_text(encoding="utf-8")
        proved = subprocess.run(["prove", "--verbose", "--exec", "cat", str(self.files["tap"])], capture_output=True, text=True,
                                check=False)
        bad = sum(self.counts[each] for each in ("fail", "flaky", "stale", "harness-error"))
        self.assertIn(f"Failed {bad}/{5 * 4} subtests", proved.stdout)
        self.assertNotIn("Parse errors", proved.stdout)
        self.assertEqual(len(re.findall(r"^ok .*# SKIP not offered", text, re.M)), self.counts["not-offered"])
        self.assertEqual(len(re.findall(r"^not ok .*# TODO differs as declared", text, re.M)), self.counts["differs"])

    def test_every_row_of_the_markdown_has_the_cells_of_its_table(self):
        columns = None
        rows = collections.Counter()
        section = "targets"
        for line in self.files["markdown"].read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                section = line[3:]
            if not line.startswith("|"):
                columns = None
                continue
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            columns = columns or len(cells)
            self.assertEqual(len(cells), columns, line)
            self.assertNotIn("<", line)
            rows[section] += 1
        for verdict in ("harness-error", "fail", "flaky", "stale", "warn", "differs"):
            self.assertEqual(rows[verdict], self.counts[verdict] + 2 if self.counts[verdict] else 0, verdict)
        self.assertEqual(rows["targets"], 5 + 2)

    def test_the_badge_is_an_endpoint_of_shields(self):
        badge = json.loads(self.files["badge"].read_text(encoding="utf-8"))
        allowed = {"schemaVersion", "label", "message", "color", "labelColor", "isError", "namedLogo", "logoSvg", "logoColor",
                   "logoSize", "style", "cacheSeconds"}
        self.assertLessEqual(set(badge), allowed)
        self.assertEqual(badge["schemaVersion"], 1)
        bad = sum(self.counts[each] for each in ("fail", "flaky", "stale", "harness-error"))
        self.assertEqual((badge["label"], badge["message"], badge["color"]), ("conformance", f"{bad} of 20 failed", "red"))


class Outputs(unittest.TestCase):
    def test_a_badge_of_a_good_run_names_the_number_of_rules(self):
        badge, results = WORK / "badge", WORK / "results"
        self.assertEqual(run("--target", "reference", "--scenario", "echo", "--badge", badge, "--json", results).returncode, 0)
        tried = json.loads(results.read_text(encoding="utf-8"))["rules_tried"]["reference"]["tried"]
        self.assertEqual(json.loads(badge.read_text(encoding="utf-8")), {
            "schemaVersion": 1, "label": "conformance", "message": f"{tried} rules kept", "color": "brightgreen"})

    def test_the_statuses(self):
        for status, words in ((0, ("--target", "reference", "--scenario", "echo")),
                              (1, ("--target", BROKEN, "--scenario", "data_then_eof")),
                              (2, ("--target", "reference", "--scenario", "echo", "--repeat", "none")),
                              (2, ("--target", "reference:no_such_mutant")),
                              (3, ("--target", "exec:false", "--scenario", "echo")),
                              (3, ("--target", BROKEN, "--target", "exec:false", "--scenario", "data_then_eof"))):
            with self.subTest(words):
                self.assertEqual(run(*words).returncode, status)

    def test_a_baseline_fails_on_regressions_only(self):
        before = WORK / "before.json"

        def now(target, *more):
            return run("--target", target, "--scenario", "data_then_eof", "--baseline", before, *more)

        def was(verdict, target):
            before.write_text(json.dumps({"results": [{"target": target, "scenario": "data_then_eof", "verdict": verdict}]}),
                              encoding="utf-8")

        nothing = WORK / "nothing.py"
        adapter("nothing.py", ('OFFERS = ["tcp", ', 'OFFERS = ["unix", '))
        lacking = f"exec:{sys.executable} {nothing}"
        for verdict, target, status in (("pass", "reference", 0), ("fail", "reference", 0), ("fail", BROKEN, 0),
                                        ("pass", BROKEN, 1), ("not-offered", BROKEN, 1), ("harness-error", "exec:false", 0),
                                        ("pass", "exec:false", 3), ("not-offered", lacking, 0), ("pass", lacking, 1),
                                        ("differs", lacking, 1)):
            with self.subTest((verdict, target)):
                was(verdict, target)
                done = now(target)
                self.assertEqual(done.returncode, status, done.stdout)
                self.assertEqual("regression: " in done.stdout, status != 0)
                self.assertIn(f"{int(status != 0)} regressions since", done.stdout)
        # An old harness error does not change the status of a new failure.
        was("harness-error", "exec:false")
        self.assertEqual(now("exec:false", "--target", BROKEN).returncode, 1)

    def test_a_terminal_gets_a_bar_and_a_pipe_does_not(self):
        master, slave = pty.openpty()
        words = [ANTIPHON, "conform", "--target", "reference", "--scenario", "c*"]
        with subprocess.Popen(words, stdout=slave, stderr=slave) as kit:
            os.close(slave)
            shown = b""
            while True:
                try:
                    more = os.read(master, 65536)
                except OSError:  # so Linux tells that nobody has the other side any more
                    break
                shown += more
                if not more:
                    break
        os.close(master)
        self.assertEqual(kit.returncode, 0)
        # It is one line that is written again and again; the last says what came of it, without a bar.
        states = shown.decode().split("\r\x1b[2K")
        self.assertGreater(len(states), 2)
        bars = [re.search(r"(\d+)/(\d+) .*\[(#*)(\.*)\] \w+", each) for each in states[1:-1]]
        self.assertTrue(all(bars), states)
        for bar in bars:
            self.assertEqual(len(bar[3]), int(bar[1]) * 24 // int(bar[2]))
        self.assertRegex(states[-1], r"^reference +(\d+)/\1  \1 pass  \d+ rules tried\r\n$")
        piped = run("--target", "reference", "--scenario", "c*").stdout
        self.assertNotRegex(piped, r"[\r\x1b]|\[#")
        self.assertEqual(len(piped.splitlines()), 1)

    def test_every_rule_is_tried_and_the_number_that_is_printed_is_so(self):
        results = WORK / "results.json"
        targets = ("reference", "reference-unix", "reference-tls")
        done = run(*[word for each in targets for word in ("--target", each)], "--json", results)
        self.assertEqual(done.returncode, 0, done.stdout)
        read = json.loads(results.read_text(encoding="utf-8"))
        tried = {target: set() for target in targets}
        played = {target: set() for target in targets}
        for each in read["results"]:
            tried[each["target"]].update(each["rules_exercised"])
            played[each["target"]].add(each["scenario"])
        for target in targets:
            transport = target.partition("-")[2] or "tcp"
            self.assertEqual(played[target], {each["name"] for each in read["scenarios"] if transport in each["transports"]})
            self.assertRegex(done.stdout, rf"{target} +\d+/\d+  \d+ pass  {len(tried[target])} rules tried\n")
            self.assertEqual(read["rules_tried"][target], {"tried": len(tried[target]), "not_offered": [], "silent": []})
        rules = {each["id"] for each in read["rules"]}
        self.assertEqual(set().union(*tried.values()), rules)
        self.assertGreaterEqual(len(rules), 80)
        self.assertIn(f"{len(rules)} of {len(rules)} rules tried", done.stdout)

    def test_real_asyncios_bugs_stand_on_the_console(self):
        done = run("--target", "asyncio", "--scenario-file", scenarios("close_in_resume", "pause_in_made", "pause_after_eof"))
        self.assertEqual(done.returncode, 0, done.stdout)
        for rule, words in (("CLO-09", "cpython 156512"), ("READ-03", "cpython 76002"), ("ORD-04", "a second time")):
            self.assertRegex(done.stdout, rf"\n  {rule} +.*{words}.*: \w+\n")


class WhatNobodyWrote(unittest.TestCase):
    """The random and the small tier: what they find can be kept and played again."""

    def replay(self, target, file):
        # What fails may depend on when the kernel tells of what the peer did.
        done = run("--target", target, "--scenario-file", file, "--repeat", 30)
        return done.returncode, sorted(set(re.findall(r"([A-Z]+-\d\d) violated", done.stdout)))

    def test_what_is_found_is_kept_and_played_again(self):
        # Faults that always show: others may need many a try when they are played again.
        for tier, mutants in ((("--random", 300, "--seed", 7), ("reference:lost_inside_close", "reference:lost_twice-tls")),
                              (("--small", 2), ("reference:lost_twice", "reference:lost_twice-tls"))):
            for mutant in mutants:
                with self.subTest((tier, mutant)):
                    kept, line = WORK / "kept.json", WORK / "line.json"
                    done = run("--target", mutant, "--scenario", "note_inside_CM" if "tls" not in mutant else "echo", *tier,
                               "--keep", kept)
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertEqual(done.stderr, "")
                    rule = re.findall(r"^  ([A-Z]+-\d\d) violated", done.stdout, re.M)[-1]
                    self.assertEqual(self.replay(mutant, kept), (1, [rule]))
                    line.write_text(re.search(r"^      (\{.*\"name\".*\})$", done.stdout, re.M)[1], encoding="utf-8")
                    self.assertEqual(self.replay(mutant, line), (1, [rule]))
                    sound = "reference-tls" if mutant.endswith("-tls") else "reference"
                    self.assertEqual(self.replay(sound, kept), (0, []))

    def test_where_nothing_is_found_nothing_is_kept(self):
        kept = WORK / "kept.json"
        done = run("--target", "reference", "--scenario", "echo", "--random", 20, "--keep", kept)
        self.assertEqual((done.returncode, json.loads(kept.read_text(encoding="utf-8"))), (0, []), done.stdout)
        done = run("--target", "reference", "--scenario-file", kept)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{kept}: no scenario in it", done.stderr)

    def test_the_same_seed_draws_the_same(self):
        words = ("--target", "reference:lost_twice", "--scenario", "echo", "--random", 2000, "--seed")
        found = [re.findall(r"script \d+ of seed \d+", run(*words, 12).stdout) for _ in range(2)]
        self.assertEqual(len(found[0]), 1)
        self.assertEqual(found[0], found[1])

    def test_a_scenario_file_with_an_error_is_named(self):
        file = WORK / "bad.json"
        for text, words in (('[\n{"name": "x"}]', f"{file}:2: scenario 'x': "), ("[\n{", f"{file}:2: "),
                            ('[{"name": "a", "about": "", "rules": ["ORD-01"], "peer": [["wait_event", "ZZ"]]}]',
                             "unknown event 'ZZ'")):
            file.write_text(text, encoding="utf-8")
            done = run("--target", "reference", "--scenario-file", file)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
