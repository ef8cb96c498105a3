"""Files that cannot be used are named, with the place and the reason."""

import json

from antiphon_report import benchmark, conformance
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
        for read, name in ((conformance.read, "conformance"), (benchmark.read, "benchmark")):
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
        self.assertIn('"context" is missing', self.complaint(benchmark.read, "{}"))

    def test_another_kind_of_file(self):
        told = self.complaint(conformance.read, {"schema": "coverage/1"})
        self.assertIn('schema: "coverage/1" is another kind of file; expected "antiphon-conformance/1"', told)
        swapped = self.complaint(benchmark.read, {"context": {"schema": "antiphon-conformance/1"}})
        self.assertIn("another kind", swapped)

    def test_another_version(self):
        for version in ("antiphon-conformance/2", "antiphon-conformance/1.5", "antiphon-conformance"):
            told = self.complaint(conformance.read, changed(fixture("conformance"), ("schema",), version))
            self.assertIn("another version; this report reads version 1", told)
        told = self.complaint(benchmark.read, changed(fixture("benchmark"), ("context", "schema"), "antiphon-bench/2"))
        self.assertIn('context.schema: "antiphon-bench/2" is another version', told)


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

    def test_benchmark_names_must_tell_case_and_server(self):
        for name in ("echo", "asio_style", "echo/asio_style/bare_asio"):
            self.assert_benchmark(("benchmarks", 0, "run_name"), name, f'benchmarks[0]: "{name}" names no case and server')

    def test_benchmark_figures_must_be_figures(self):
        content = fixture("benchmark")
        del content["benchmarks"][0]["items_per_second"]
        self.assertIn("time per request", self.benchmark(content).runs["echo/1conn"]["asio_style"][0])
        content["benchmarks"][0]["time_unit"] = "fortnights"
        with self.assertRaisesRegex(InputError, r"benchmarks\[0\].time_unit: \"fortnights\" is none of ns"):
            self.benchmark(content)
        self.assert_benchmark(("benchmarks", 0, "items_per_second"), "many", "expected a number, found a text")
        self.assert_benchmark(("benchmarks", 0, "repetition_index"), "0", "expected a number, found a text")

    def test_a_repetition_stands_once(self):
        self.assert_benchmark(("benchmarks", 1, "repetition_index"), 0, "benchmarks[1]: repetition 0 of")

    def test_only_aggregates_are_no_run(self):
        content = fixture("benchmark")
        content["benchmarks"] = [run for run in content["benchmarks"] if run["run_type"] == "aggregate"]
        self.assertTrue(content["benchmarks"])
        with self.assertRaisesRegex(InputError, "only aggregates"):
            self.benchmark(content)

    def test_a_run_in_which_everything_failed_says_why(self):
        content = fixture("benchmark")
        for run in content["benchmarks"]:
            run.update(error_occurred=True, error_message="address in use")
        with self.assertRaisesRegex(InputError, "every one failed, the first with: address in use"):
            self.benchmark(content)
