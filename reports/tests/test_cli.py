"""The program as a user meets it: flags, exit statuses, what is written and what is not."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import WithFolder, fixture

PROGRAM = Path(__file__).resolve().parent.parent / "make_report.py"


class Program(WithFolder):
    def setUp(self):
        super().setUp()
        self.found = self.file("conformance.json", fixture("conformance"))
        self.measured = self.file("benchmark.json", fixture("benchmark"))
        self.others = {name: self.file(f"{name}.json", fixture(name)) for name in ("mutants", "walk_asio_style", "walk_cl_async_style")}
        self.out = self.folder / "out" / "index.html"

    def run_it(self, *flags, conformance=None, benchmark=None):
        return subprocess.run(
            [sys.executable, "-B", str(PROGRAM), "--conformance", conformance or self.found, "--benchmark", benchmark or self.measured,
             "--out", str(self.out), *flags], capture_output=True, text=True, timeout=120, check=False)

    def assert_refused(self, ended, *words):
        self.assertEqual((ended.returncode, ended.stdout), (1, ""), ended.stderr)
        self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        for word in ("make_report: ", *words):
            self.assertIn(word, ended.stderr)

    def test_writes_one_file_and_says_nothing(self):
        ended = self.run_it("--sources", self.sources())
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "", ""))
        self.assertEqual(os.listdir(self.out.parent), ["index.html"])
        page = self.out.read_text(encoding="utf-8")
        self.assertTrue(page.startswith("<!doctype html>"))
        self.assertTrue(page.endswith("</html>\n"))

    def test_text_is_the_same_in_columns(self):
        ended = self.run_it("--text")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("8 of 10 results", " ".join(ended.stdout.split()))
        self.assertRegex(ended.stdout, r"asio_style 0\.1\.0 +4 +0 +0 +0\n")
        self.assertRegex(ended.stdout, r"asyncio 3\.11\.2 +2 +0 +0 +1\n")
        self.assertRegex(ended.stdout, r"keep-alive, 64 connections +asio_style +bare Asio +1\.02  0\.99 to 1\.05  no difference shown\n")
        self.assertRegex(ended.stdout, r"cl_async_style +bare libuv +<= 1\.1 +1\.13 +NOT MET\n")
        self.assertIn("mutants: none given; antiphon conform --mutants", ended.stdout)
        self.assertTrue(ended.stdout.endswith(f"report: {self.out}\n"))

    def test_markdown_for_a_pull_request(self):
        ended = self.run_it("--markdown")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("| asio_style 0.1.0 | 4 | 0 | 0 | 0 |\n", ended.stdout)
        self.assertIn("- **fail** asyncio in pause_above_high: CK-07 violated", ended.stdout)
        self.assertIn("**8** of **10 results** pass", ended.stdout)
        for line in ended.stdout.splitlines():
            if line.startswith("|"):
                self.assertTrue(line.endswith("|"), line)

    def test_a_summary_needs_no_page(self):
        bare = subprocess.run([sys.executable, "-B", str(PROGRAM), "--conformance", self.found, "--text"], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(bare.returncode, 0, bare.stderr)
        self.assertIn("benchmarks: none given; ./run compare measures", bare.stdout)
        self.assertNotIn("report:", bare.stdout)
        self.assertFalse(self.out.exists())
        lost = subprocess.run([sys.executable, "-B", str(PROGRAM), "--conformance", self.found, "--text", "--sources", "/nowhere"],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assert_refused(lost, "/nowhere: no such folder")

    def test_all_files_of_a_run(self):
        ended = self.run_it("--mutants", self.others["mutants"], "--walk", self.others["walk_cl_async_style"], "--walk",
                            self.others["walk_asio_style"])
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "", ""))
        page = self.out.read_text(encoding="utf-8")
        self.assertLess(page.index('id="walk-asio_style"'), page.index('id="walk-cl_async_style"'))

    def test_a_second_conformance_file_is_taken_in_or_refused(self):
        self.assert_refused(self.run_it("--conformance", self.found), "a second result of")
        self.assert_refused(self.run_it("--conformance", self.file("cut.json", "{")), "cut.json")
        self.assertFalse(self.out.exists())

    def test_two_walks_of_one_style(self):
        self.assert_refused(self.run_it("--walk", self.others["walk_asio_style"], "--walk", self.others["walk_asio_style"]),
                            "a second walk of asio_style")

    def test_unusable_files_leave_no_page(self):
        whole = Path(self.measured).read_text(encoding="utf-8")
        for name, content, words in (("empty.json", "", "empty"), ("cut.json", whole[:500], "line 1, column"),
                                     ("old.json", whole.replace("antiphon-bench/1", "antiphon-bench/0"), "another version")):
            with self.subTest(name):
                self.assert_refused(self.run_it("--text", benchmark=self.file(name, content)), name, words)
                self.assertFalse(self.out.exists())
        for flag in ("--mutants", "--walk"):
            for name, content, words in (("empty.json", "", "empty"), ("cut.json", whole[:500], "column"),
                                         ("other.json", whole, "another kind of file")):
                with self.subTest(flag=flag, name=name):
                    self.assert_refused(self.run_it(flag, self.file(name, content)), name, words)
                    self.assertFalse(self.out.exists())
        self.assert_refused(self.run_it(conformance="/nowhere/conformance.json"), "/nowhere/conformance.json: cannot be read: No such file")
        self.assertFalse(self.out.exists())

    def test_a_page_that_is_there_survives_a_bad_run(self):
        self.assertEqual(self.run_it().returncode, 0)
        before = self.out.read_bytes()
        self.assert_refused(self.run_it(conformance=self.file("bad.json", "{")), "bad.json")
        self.assertEqual(self.out.read_bytes(), before)
        self.assertEqual(os.listdir(self.out.parent), ["index.html"])

    def test_a_place_that_cannot_be_written(self):
        (self.folder / "out").write_text("a file, no folder", encoding="utf-8")
        self.assert_refused(self.run_it(), "index.html: cannot be written")

    def test_a_folder_in_the_place_of_the_page(self):
        self.out.mkdir(parents=True)
        self.assert_refused(self.run_it(), "index.html: cannot be written: Is a directory")
        self.assertEqual(os.listdir(self.out.parent), ["index.html"])

    def test_no_such_sources(self):
        self.assert_refused(self.run_it("--sources", "/nowhere"), "/nowhere: no such folder")

    def test_wrong_flags_are_usage(self):
        for flags in (("--colour",), ("--tex",), ("surplus",), ("--markdown", "--text")):
            ended = self.run_it(*flags)
            self.assertEqual(ended.returncode, 2)
            self.assertIn(flags[0], ended.stderr)
        bare = subprocess.run([sys.executable, "-B", str(PROGRAM)], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(bare.returncode, 2)
        self.assertIn("--conformance", bare.stderr)

    def test_help(self):
        ended = self.run_it("--help")
        self.assertEqual(ended.returncode, 0)
        for flag in ("--conformance", "--benchmark", "--mutants", "--walk", "--sources", "--out", "--text", "--markdown"):
            self.assertIn(flag, ended.stdout)
