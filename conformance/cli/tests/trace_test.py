"""`antiphon trace` draws a scenario, `antiphon report` makes the page. Usage: trace_test.py ANTIPHON REPOSITORY"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))


def run(*arguments):
    return subprocess.run([ANTIPHON, *map(str, arguments)], capture_output=True, text=True, timeout=200, check=False)


class Trace(unittest.TestCase):
    def test_the_peers_steps_stand_between_the_callbacks(self):
        done = run("trace", "--style", "asio", "--scenario", "data_then_eof")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("data_then_eof on asio_style: pass\n"))
        for words in ("connection_made", "data_received", "eof_received", "connection_lost", "------->", "<-------"):
            self.assertIn(words, done.stdout)
        self.assertLess(done.stdout.index("connect  "), done.stdout.index("data_received"))
        self.assertLess(done.stdout.index("data_received"), done.stdout.index("connection_lost"))

    def test_each_model_has_its_own_words_and_both_are_shown_unless_one_is_named(self):
        done = run("trace", "--scenario", "data_then_eof")
        self.assertEqual(done.returncode, 0, done.stderr)
        asio, cl_async = done.stdout.split("data_then_eof on cl_async_style")
        self.assertIn("data_received", asio)
        self.assertIn("read_cb", cl_async)
        self.assertNotIn("data_received", cl_async)

    def test_a_part_of_a_name_is_enough_if_no_other_has_it(self):
        done = run("trace", "--style", "asio", "--scenario", "half_close")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("half_closed_reset on asio_style"))

    def test_a_difference_is_marked_with_what_was_expected(self):
        done = run("trace", "--style", "cl-async", "--scenario", "error_in_data")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("error_in_data on cl_async_style: differs", done.stdout)
        self.assertRegex(done.stdout, r"<== here, instead of CL\(error\)")
        self.assertIn("declared: ", done.stdout)

    def test_a_broken_rule_is_marked_and_a_failure(self):
        done = run("trace", "--target", "reference:data_after_end", "--scenario", "data_then_eof")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("ORD-03 violated", done.stdout)
        self.assertIn("<== here", done.stdout)

    def test_a_wrong_name_is_answered_with_near_ones(self):
        done = run("trace", "--scenario", "data_then_eoff")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, "no scenario 'data_then_eoff'; near it: data_then_eof,")
        many = run("trace", "--scenario", "reset")
        self.assertEqual(many.returncode, 2)
        self.assertRegex(many.stderr, r"\d+ scenarios have 'reset' in their name: .*, \.\.\.")
        self.assertIn("reset_leaves_the_listener", many.stderr)
        self.assertEqual(run("trace", "--style", "moon", "--scenario", "echo").returncode, 2)
        self.assertEqual(run("trace", "--target", "moon", "--scenario", "echo").returncode, 2)


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.page = self.folder / "page.html"

    def found(self):
        file = self.folder / "conformance.json"
        if not file.exists():
            done = run("conform", "--target", "asio_style", "--target", "cl_async_style", "--scenario", "error_in_*", "--json", file)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return file

    def test_what_the_kit_writes_becomes_a_page(self):
        mutants = self.folder / "mutants.json"
        self.assertEqual(run("conform", "--mutants", "data_after_end", "--json", mutants).returncode, 0)
        done = run("report", "--conformance", self.found(), "--mutants", mutants, "--out", self.page, "--text")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = self.page.read_text(encoding="utf-8")
        for words in ("error_in_data", "data_after_end", "ERR-02", "eof_received", "<svg"):
            self.assertIn(words, page)
        self.assertIn("1 server", done.stdout)
        self.assertTrue(done.stdout.endswith(f"report: {self.page}\n"))

    def test_the_results_say_where_the_peer_acted_and_which_event_is_blamed(self):
        results = json.loads(self.found().read_text(encoding="utf-8"))["results"]
        blamed = next(one for one in results if (one["scenario"], one["target"]) == ("error_in_data", "cl_async_style"))
        self.assertEqual(blamed["trace"][blamed["marked"]]["event"], "ER")
        self.assertEqual(blamed["expected"], "CL(error)")
        self.assertIsNone(next(one for one in results if one["verdict"] == "pass")["marked"])
        for one in results:
            seen = [step["seen"] for step in one["peer"]]
            self.assertEqual(seen, sorted(seen))
            self.assertLessEqual(max(seen, default=0), len(one["trace"]))

    def test_markdown(self):
        done = run("report", "--conformance", self.found(), "--markdown")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("## Antiphon\n"))

    def test_an_unusable_file_leaves_no_page(self):
        whole = self.found().read_text(encoding="utf-8")
        for name, content, words in (("missing.json", None, "No such file"), ("empty.json", "", "empty"), ("half.json", whole[:999], "line"),
                                     ("other.json", whole.replace("conformance/1", "conformance/7"), "another version")):
            with self.subTest(name):
                file = self.folder / name
                if content is not None:
                    file.write_text(content, encoding="utf-8")
                done = run("report", "--conformance", file, "--out", self.page)
                self.assertEqual(done.returncode, 1)
                self.assertIn(name, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertFalse(self.page.exists())

    def test_wrong_flags(self):
        for arguments in (("report", "--out", "x"), ("report", "--conformance", "x"),
                          ("report", "--conformance", "x", "--text", "--markdown")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
