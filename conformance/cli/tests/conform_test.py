"""The options of `antiphon conform`: files for other tools, verdicts, status. Usage: conform_test.py ANTIPHON REPOSITORY"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
BROKEN = "reference:data_after_end"  # a server that breaks ORD-03


class Conform(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, *arguments):
        return subprocess.run([ANTIPHON, "conform", *map(str, arguments)], capture_output=True, text=True, timeout=200,
                              check=False)

    def known(self, *entries):
        file = self.folder / "known.json"
        file.write_text(json.dumps(entries), encoding="utf-8")
        return file

    def test_files_for_other_tools(self):
        names = {kind: self.folder / kind for kind in ("json", "junit", "tap", "markdown", "badge")}
        done = self.run_it("--target", "reference", "--target", BROKEN, "--scenario", "data_then_eof",
                           *[word for kind, file in names.items() for word in (f"--{kind}", file)])
        self.assertEqual(done.returncode, 1, done.stdout)
        results = json.loads(names["json"].read_text())
        self.assertEqual([each["verdict"] for each in results["results"]], ["pass", "fail"])
        self.assertEqual(results["results"][1]["rule"], "ORD-03")
        suites = ET.parse(names["junit"]).getroot().findall("testsuite")
        self.assertEqual([(each.get("name"), each.get("failures")) for each in suites],
                         [("reference", "0"), (BROKEN, "1")])
        tap = names["tap"].read_text().splitlines()
        self.assertEqual(tap[:2], ["TAP version 13", "1..2"])
        self.assertIn("ok 1 - reference data_then_eof", tap)
        self.assertIn(f"not ok 2 - {BROKEN} data_then_eof", tap)
        self.assertIn("| ORD-03 |", names["markdown"].read_text())
        badge = json.loads(names["badge"].read_text())
        self.assertEqual((badge["schemaVersion"], badge["message"], badge["color"]), (1, "1 of 2 failed", "red"))

    def test_the_rule_the_prefix_and_the_number_of_rules_are_shown(self):
        done = self.run_it("--target", BROKEN, "--scenario", "data_then_eof")
        self.assertIn("ORD-03 violated: data_received after eof_received", done.stdout)
        self.assertIn("--> DR", done.stdout)
        self.assertIn("expected: CL or PW", done.stdout)
        self.assertRegex(done.stdout, r"\d+ rules tried")

    def test_a_declared_difference_differs_and_a_stale_one_fails(self):
        known = self.known({"target": "reference:*", "rule": "ORD-03", "reason": "on purpose"})
        self.assertEqual(self.run_it("--target", BROKEN, "--scenario", "data_then_eof", "--known", known).returncode, 0)
        known = self.known({"target": "reference", "scenario": "echo", "reason": "it was so"})
        done = self.run_it("--target", "reference", "--scenario", "echo", "--known", known)
        self.assertEqual(done.returncode, 1)
        self.assertIn("stale", done.stdout)

    def test_a_should_is_a_warning(self):
        done = self.run_it("--target", "reference:pause_in_made_ignored", "--scenario", "pause_in_made")
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 warn", done.stdout)
        self.assertIn("READ-03", done.stdout)

    def test_a_baseline_forgives_what_was_so_before(self):
        before = self.folder / "before.json"
        self.run_it("--target", BROKEN, "--scenario", "data_then_eof", "--json", before)
        self.assertEqual(self.run_it("--target", BROKEN, "--scenario", "data_then_eof", "--baseline", before).returncode, 0)
        done = self.run_it("--target", BROKEN, "--scenario", "one_octet", "--baseline", before)
        self.assertEqual(done.returncode, 1)
        self.assertIn("regression: " + BROKEN + " one_octet: fail, before: not run", done.stdout)

    def test_what_is_not_the_same_each_time_is_flaky(self):
        # An adapter whose every second connection is told twice of its end.
        script = self.folder / "flaky.py"
        shutil.copy(ROOT / "conformance/adapters/adapter.py", self.folder)
        source = (ROOT / "conformance/adapters/asyncio_adapter.py").read_text()
        script.write_text(source.replace('        self.connection.tell("ER")\n',
                                         '        self.connection.tell("ER")\n'
                                         '        if self.connection.number % 2:\n'
                                         '            self.connection.tell("ER")\n'))
        done = self.run_it("--target", f"exec:{sys.executable} {script}", "--scenario", "connect_then_eof", "--repeat", 4)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("1 flaky", done.stdout)

    def test_random_scripts_take_a_seed_and_print_what_fails(self):
        done = self.run_it("--target", "reference:lost_twice", "--scenario", "nothing_written", "--random", 50, "--seed", 3)
        self.assertEqual(done.returncode, 1)
        self.assertIn("seed 3", done.stdout)
        self.assertIn('"peer":[["connect"]', done.stdout)
        done = self.run_it("--target", "reference", "--scenario", "echo", "--random", 20, "--small", 1)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_mutants_are_printed(self):
        done = self.run_it("--mutants", "data_after_*")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"data_after_close  CLO-01  .*: killed in ")
        self.assertEqual(self.run_it("--mutants", "no_such_mutant").returncode, 2)

    def test_a_pattern_that_fits_nothing_is_a_usage_error(self):
        for words in (("--rule", "NO-*"), ("--scenario", "no_such_*"), ("--list", "--rule", "NO-*"),
                      ("--list", "--scenario", "no_such_*"),
                      ("--target", "reference-tls", "--scenario", "write_eof")):
            done = self.run_it("--target", "reference", *words)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn("no scenario", done.stderr)

    def test_a_file_that_cannot_be_written_is_told_before_the_run(self):
        done = self.run_it("--target", "reference", "--json", "/nowhere/results.json")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/nowhere/results.json", done.stderr)

    def test_a_mutant_is_a_target_by_its_name_and_by_its_number(self):
        page = (ROOT / "docs/break_it.md").read_text()
        number = page[:page.index("<code>second_close_aborts</code>")].rpartition("### Exercise ")[2].split()[0]
        self.assertIn(f"--target reference:{number} --rule 'CLO-*'", page)
        for name in ("second_close_aborts", number):
            done = self.run_it("--target", f"reference:{name}", "--rule", "CLO-*", "--stop-on-failure")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("CLO-03 violated", done.stdout)
            self.assertIn("1 fail", done.stdout)
            self.assertIn("stopped at the first failure", done.stdout)
        for name in ("0", "128", "no_such_mutant"):
            done = self.run_it("--target", f"reference:{name}", "--scenario", "close_in_data")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f"unknown target 'reference:{name}'", done.stderr)

    def test_a_file_with_an_error_is_status_2(self):
        bad = self.folder / "bad.json"
        for option, text, words in (("--known", '[\n{"target": "x"}]', ":2: 'reason' is missing"),
                                    ("--known", "[\n\n{", ":3: "),
                                    ("--known", '[{"target": "x", "reason": "y"}]', ":1: it names neither"),
                                    ("--known", '[{"target": "x", "rule": "NO-1", "reason": "y"}]', "unknown rule 'NO-1'"),
                                    ("--known", '[{"target": "x", "scenario": "no", "reason": "y"}]',
                                     ":1: no scenario is named 'no'"),
                                    ("--known", '[{"target": "x", "rules": "ORD-01", "reason": "y"}]', "unknown key 'rules'"),
                                    ("--baseline", "{}", "results")):
            bad.write_text(text)
            done = self.run_it("--target", "reference", "--scenario", "echo", option, bad)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(str(bad), done.stderr)
            self.assertIn(words, done.stderr)

    def test_the_pages_of_the_rules_are_those_of_the_table(self):
        self.assertEqual(self.run_it("--document", self.folder).returncode, 0)
        for name in ("rules.md", "break_it.md", "automaton.dot"):
            self.assertEqual((self.folder / name).read_text(), (ROOT / "docs" / name).read_text(),
                             f"docs/{name} is old: antiphon conform --document docs")
        # Graphviz's versions place things differently; the graph is the same.
        drawn = [sorted(text for text in ET.parse(folder / "automaton.svg").getroot().itertext() if text.strip())
                 for folder in (self.folder, ROOT / "docs")]
        self.assertEqual(*drawn)
        self.assertIn("unborn", drawn[0])

    def test_real_asyncios_bugs_are_found_and_named(self):
        none = self.known()
        found = {}
        for target in ("asyncio", "uvloop"):
            file = self.folder / f"{target}.json"
            self.run_it("--target", target, "--scenario", "[cp][la][ou]se_*", "--known", none, "--json", file)
            found[target] = {(each["scenario"], each["rule"]) for each in json.loads(file.read_text())["results"]}
        self.assertIn(("close_in_resume", "CLO-09"), found["asyncio"])  # cpython 156512
        self.assertIn(("pause_in_made", "READ-03"), found["asyncio"])  # cpython 76002
        self.assertIn(("pause_after_eof", "ORD-04"), found["asyncio"])  # eof_received twice
        self.assertIn(("pause_in_made", "READ-03"), found["uvloop"])
        self.assertIn(("pause_after_eof", "ORD-04"), found["uvloop"])
        self.assertNotIn(("close_in_resume", "CLO-09"), found["uvloop"])

    def test_an_adapter_begins_anew_behind_a_scenario_without_descriptors(self):
        data = self.folder / "data"
        for name in ("scenarios", "adapters"):
            shutil.copytree(ROOT / "conformance" / name, data / name)
        shutil.copy(ROOT / "conformance/differences.json", data)
        starts = self.folder / "starts"
        adapter = data / "adapters/asyncio_adapter.py"
        adapter.write_text(f"open({str(starts)!r}, 'a').write('.')\n" + adapter.read_text(encoding="utf-8"), encoding="utf-8")
        for rule, wanted in (("LIS-06", 1), ("LIS-*", 2)):
            with self.subTest(rule):
                starts.unlink(missing_ok=True)
                done = self.run_it("--data", data, "--target", "asyncio", "--rule", rule)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertEqual(len(starts.read_text(encoding="utf-8")), wanted)

    def test_ten_of_uvloops_differences_are_found(self):
        results = self.folder / "uvloop.json"
        done = self.run_it("--target", "uvloop", "--json", results)
        self.assertEqual(done.returncode, 0, done.stdout)
        found = set()
        for each in json.loads(results.read_text())["results"]:
            if each["verdict"] == "differs":  # and not by declaration only: it was seen to fail now
                self.assertTrue(each["rule"] and each["message"])
                found.update(re.findall(r"U-\d\d", each["reason"]))
        self.assertGreaterEqual(len(found), 10, found)

    def test_node_and_twisted_give_a_matrix_without_a_harness_error(self):
        results, table = self.folder / "results.json", self.folder / "table.md"
        done = self.run_it("--target", "node", "--target", "twisted", "--json", results, "--markdown", table)
        self.assertEqual(done.returncode, 0, done.stdout)
        counts = json.loads(results.read_text())["counts"]
        for target in ("node", "twisted"):
            self.assertNotIn("harness-error", counts[target])
            self.assertGreater(counts[target]["pass"], 100)
            self.assertRegex(table.read_text(), rf"\| {target} ")


if __name__ == "__main__":
    unittest.main()
