"""Files that cannot be used are named, with the place and the reason."""

import json

from antiphon_report import benchmark, conformance, mutants, walk
from antiphon_report.load import InputError
from tests.support import WithFolder, changed, fixture


class UnusableFiles(WithFolder):
    def complaint(self, read, content, name="input.json"):
        path = content if content is None else self.file(name, content)
        with self.assertRaises(InputError) as caught:
            read(path or str(self.folder / name))
        told = str(caught.exception)
        self.assertIn(name, told)
        self.assertNotIn("\n", told)
        return told

    def test_missing(self):
        self.assertIn("No such file", self.complaint(conformance.read, None))

    def test_a_folder_is_no_file(self):
        (self.folder / "input.json").mkdir()
        self.assertIn("Is a directory", self.complaint(benchmark.read, None))

    def test_empty(self):
        for content in ("", " \n\n"):
            self.assertIn("empty", self.complaint(conformance.read, content))

    def test_cut_short_anywhere(self):
        for read, name in ((conformance.read, "conformance"), (benchmark.read, "benchmark"), (mutants.read, "mutants"),
                           (walk.read, "walk_asio_style")):
            whole = json.dumps(fixture(name), indent=1)
            for part in (1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
                with self.subTest(name=name, part=part):
                    told = self.complaint(read, whole[:part])
                    self.assertRegex(told, r"line \d+, column \d+")

    def test_a_syntax_error_is_placed(self):
        told = self.complaint(conformance.read, '{\n  "schema": "antiphon-conformance/1",\n  "generated" 5\n}')
        self.assertIn("line 3, column 15", told)
        self.assertNotIn("cut short", told)

    def test_a_cut_file_is_called_cut(self):
        self.assertIn("cut short?", self.complaint(conformance.read, '{"schema": "antiphon-conformance/1",'))

    def test_not_utf8(self):
        self.assertIn("octet 2", self.complaint(conformance.read, b'{"\xff"}'))

    def test_nested_too_deeply(self):
        self.assertIn("nested too deeply", self.complaint(conformance.read, "[" * 200000))

    def test_another_kind_of_json(self):
        self.assertIn("expected an object, found a list", self.complaint(conformance.read, "[]"))
        self.assertIn('"schema" is missing', self.complaint(benchmark.read, "{}"))

    def test_another_kind_of_file(self):
        told = self.complaint(conformance.read, {"schema": "coverage/1"})
        self.assertIn('schema: "coverage/1" is another kind of file; expected "antiphon-conformance/1"', told)
        swapped = self.complaint(benchmark.read, {"schema": "antiphon-conformance/1"})
        self.assertIn("another kind", swapped)

    def test_another_version(self):
        for version in ("antiphon-conformance/2", "antiphon-conformance/1.5", "antiphon-conformance"):
            told = self.complaint(conformance.read, changed(fixture("conformance"), ("schema",), version))
            self.assertIn("another version; this report reads version 1", told)
        told = self.complaint(benchmark.read, changed(fixture("benchmark"), ("schema",), "antiphon-bench/2"))
        self.assertIn('schema: "antiphon-bench/2" is another version', told)


class WrongContent(WithFolder):
    def assert_conformance(self, path, new, expected):
        with self.assertRaises(InputError) as caught:
            self.conformance(changed(fixture("conformance"), path, new))
        self.assertIn(expected, str(caught.exception))

    def assert_benchmark(self, path, new, expected):
        with self.assertRaises(InputError) as caught:
            self.benchmark(changed(fixture("benchmark"), path, new))
        self.assertIn(expected, str(caught.exception))

    def test_every_required_member_is_named_when_it_is_missing(self):
        for key in ("schema", "generated", "targets", "rules", "scenarios", "results"):
            content = fixture("conformance")
            del content[key]
            with self.subTest(key), self.assertRaisesRegex(InputError, f'"{key}" is missing'):
                self.conformance(content)

    def test_the_place_is_told(self):
        self.assert_conformance(("results", 3, "verdict"), "maybe", 'results[3].verdict: "maybe" is none of fail,')
        self.assert_conformance(("results", 0, "trace", 1, "event"), 7, "results[0].trace[1].event: expected a text, found a number")
        self.assert_conformance(("rules", 2, "sentence"), None, "rules[2].sentence: expected a text, found null")
        self.assert_conformance(("targets", 1, "offers"), "tcp", "targets[1].offers: expected a list, found a text")
        self.assert_conformance(("results", 2), [], "results[2]: expected an object, found a list")
        self.assert_conformance(("results", 2, "duration_ms"), True, "expected a number, found true or false")

    def test_results_belong_to_targets_and_scenarios_of_the_file(self):
        self.assert_conformance(("results", 0, "target"), "twisted", 'results[0].target: "twisted" is not among the targets')
        self.assert_conformance(("results", 0, "scenario"), "x", '"x" is not among the scenarios')

    def test_nothing_stands_twice(self):
        self.assert_conformance(("results", 0, "target"), "asyncio", "a second result of \"asyncio\" for \"echo_once\"")
        self.assert_conformance(("targets", 1, "name"), "asio_style", 'targets[1].name: "asio_style" stands twice')
        self.assert_conformance(("scenarios", 1, "name"), "echo_once", "stands twice")
        self.assert_conformance(("rules", 1, "id"), "CK-01", "stands twice")

    def test_a_run_without_results_is_no_run(self):
        self.assert_conformance(("results",), [], "no results")

    def test_a_marked_event_is_in_its_trace(self):
        self.assert_conformance(("results", 4, "marked"), 2, "results[4].marked: 2 is no place in a trace of 2 events")

    def test_rows_of_a_benchmark_are_whole(self):
        self.assert_benchmark(("rows", 0, "value"), "12", "rows[0].value: expected a number, found a text")
        self.assert_benchmark(("rows", 0, "kind"), "guess", 'rows[0].kind: "guess" is none of time, count')
        self.assert_benchmark(("rows", 0, "interval"), [1.2, 1.1], "rows[0].interval: the lower bound 1.2 is above the upper one 1.1")
        self.assert_benchmark(("rows", 0, "interval"), [1.2], "rows[0].interval: expected two numbers")
        self.assert_benchmark(("rows", 0, "target", "op"), "about", 'rows[0].target.op: "about" is none of')
        self.assert_benchmark(("rows", 0, "met"), "yes", "rows[0].met: expected true or false, found a text")
        self.assert_benchmark(("rows", 1, "id"), fixture("benchmark")["rows"][0]["id"], "stands twice")
        self.assert_benchmark(("rows",), [], "nothing was measured")
        self.assert_benchmark(("mode",), "slow", 'mode: "slow" is none of quick, default, full')
        self.assert_benchmark(("curves", "latency", 0, "points", 1, "p99_us"), None, "points[1].p99_us: expected a number, found null")

    def test_a_target_of_a_ratio_needs_one(self):
        self.assert_benchmark(("rows", 0, "ratio"), None, "rows[0].target: is of the ratio, which is missing")

    def test_mutants_and_walks_are_whole(self):
        for name, read, path, new, expected in (
                ("mutants", self.mutants, ("mutants", 0, "killed"), 1, "mutants[0].killed: expected true or false, found a number"),
                ("mutants", self.mutants, ("mutants",), [], "no mutants"),
                ("mutants", self.mutants, ("schema",), "antiphon-mutants/2", "another version")):
            with self.subTest(expected), self.assertRaises(InputError) as caught:
                read(changed(fixture(name), path, new))
            self.assertIn(expected, str(caught.exception))
        for path, new, expected in ((("steps", 2, "line"), "x", "steps[2].line: expected a number"), (("steps",), [], "no steps"),
                                    (("style",), "twisted", 'style: "twisted" is none of'), (("schema",), "antiphon-walk/9", "another version")):
            with self.subTest(expected), self.assertRaises(InputError) as caught:
                self.walk("asio_style", changed(fixture("walk_asio_style"), path, new))
            self.assertIn(expected, str(caught.exception))
