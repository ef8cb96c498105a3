"""The model of what was measured."""

from antiphon_report.load import InputError
from tests.support import WithFolder, fixture, rows


class Rows(WithFolder):
    def test_timed_ratios_come_before_counted_ones(self):
        self.assertEqual(self.benchmark().ratio_metrics, ["cpu_per_request", "throughput"])

    def test_a_row_without_an_interval_is_no_ratio(self):
        content = fixture("benchmark")
        rows(content, work="echo/1conn", metric="cpu_per_request", subject="asio_style", against="bare_asio")[0]["interval"] = None
        self.assertEqual(len(self.benchmark(content).ratios("cpu_per_request")), len(self.benchmark().ratios("cpu_per_request")) - 1)

    def test_each_side_of_a_ratio_was_measured(self):
        counted = self.benchmark().per_server("count")["syscalls_per_request"]["echo/1conn"]
        self.assertEqual(counted, {"asio_style": 2.0, "bare_asio": 2.0, "cl_async_style": 2.25, "bare_libuv": 2.0})

    def test_what_is_not_met_comes_first(self):
        met = [row.met for row in self.benchmark().promised]
        self.assertEqual(met, sorted(met, key=lambda one: one is not False))
        self.assertIs(met[0], False)

    def test_limits_over_llhttp_alone_are_no_promises(self):
        found = self.benchmark()
        self.assertEqual([row.against for row in found.alone], ["bare_asio_llhttp"])
        self.assertFalse([row.id for row in found.promised if row.group == "llhttp_alone"])

    def test_a_breakdown_has_a_number_for_each_column(self):
        content = fixture("benchmark")
        row = rows(content, work="echo/1conn", metric="cpu_per_request", subject="cl_async_style", against="bare_libuv")[0]
        self.assertEqual(self.benchmark(content).over_own("echo/1conn", "cpu_per_request", "cl_async_style").breakdown.parts[1].values, (3.29, 2.93))
        row["breakdown"]["parts"][1]["values"].pop()
        with self.assertRaisesRegex(InputError, "expected a number for each of the 2 columns"):
            self.benchmark(content)

    def test_over_its_own_library_and_over_epoll(self):
        found = self.benchmark()
        self.assertEqual(found.over_own("echo/1conn", "cpu_per_request", "cl_async_style").against, "bare_libuv")
        self.assertEqual(found.over_floor("echo/1conn", "cpu_per_request", "cl_async_style").against, "bare_epoll")
        self.assertIsNone(found.over_own("echo/1conn", "no_such", "asio_style"))


class Curves(WithFolder):
    def test_points_are_in_order_whatever_the_file_says(self):
        content = fixture("benchmark")
        content["curves"]["latency"][0]["points"].reverse()
        content["curves"]["memory"][0]["points"].reverse()
        found = self.benchmark(content)
        self.assertEqual([point["rate"] for point in found.latency["asio_style"]], [10000, 40000])
        self.assertEqual([connections for connections, _ in found.memory["asio_style"]], [1, 10000])

    def test_without_curves_the_rest_is_there(self):
        content = fixture("benchmark")
        for key in ("curves", "micro", "noise_floor", "missing"):
            del content[key]
        found = self.benchmark(content)
        self.assertEqual((found.latency, found.memory, found.budget, found.micro, found.noise, found.missing), ({}, {}, {}, [], [], []))

    def test_medians_stand_for_their_repetitions(self):
        content = fixture("benchmark")
        one = content["micro"]["benchmarks"][0]
        content["micro"]["benchmarks"] = [one, {**one, "run_type": "aggregate", "aggregate_name": "median", "real_time": 600.0}]
        self.assertEqual([micro.time for micro in self.benchmark(content).micro], [600.0])
