"""Ratios and names of Google Benchmark's JSON."""

import unittest

from antiphon_report import benchmark as bench, names
from tests.support import WithFolder, fixture, runs


class Names(unittest.TestCase):
    def test_case_and_server_are_found_among_what_google_benchmark_adds(self):
        for name in ("echo/64conn/asio_style", "echo/64conn/asio_style/iterations:1/manual_time", "echo/asio_style/64conn/real_time",
                     "echo/64conn/asio_style/min_time:0.100/process_time/real_time/threads:2", "echo/64conn/asio_style/repeats:9"):
            self.assertEqual(bench.split_name(name), ("echo/64conn", "asio_style"), name)

    def test_a_server_of_others_stands_last(self):
        self.assertEqual(bench.split_name("http_keep_alive/64conn/nginx/real_time"), ("http_keep_alive/64conn", "nginx"))
        self.assertEqual(names.server("node_http"), "node http")

    def test_words_for_readers(self):
        self.assertEqual(names.case("http_keep_alive/64conn"), "HTTP keep-alive, 64 connections")
        self.assertEqual(names.case("echo/1conn"), "echo, 1 connection")
        self.assertEqual(names.case("tls_echo/64KiB"), "TLS echo, 64 KiB")
        self.assertEqual(names.case_title("echo/1conn"), "Echo, 1 connection")

    def test_three_figures_that_count(self):
        for value, told in ((0, "0"), (2, "2.00"), (2.0512, "2.05"), (18400.4, "18,400"), (999, "999"), (0.03125, "0.031"),
                            (0.000004, "<0.001"), (64.25, "64.2")):
            self.assertEqual(names.number(value), told)
        self.assertEqual(names.duration(1530), "1.53 µs")
        self.assertEqual(names.duration(2.5e6), "2.50 ms")
        self.assertEqual(names.duration(870), "870 ns")


class Ratios(WithFolder):
    def pair(self, above, below):
        """Two servers of one case with the given CPU figures, in order of repetition."""
        content = fixture("benchmark")
        content["benchmarks"] = [
            {"name": f"echo/1conn/{server}", "run_name": f"echo/1conn/{server}", "run_type": "iteration", "repetition_index": index,
             "iterations": 1, "real_time": 1.0, "cpu_time": 1.0, "time_unit": "ns", bench.CPU: value}
            for server, values in (("asio_style", above), ("bare_asio", below)) for index, value in enumerate(values)]
        return self.benchmark(content).ratio("echo/1conn", bench.CPU, "asio_style", "bare_asio")

    def test_repetitions_are_paired_before_they_are_summed_up(self):
        # The machine became ten times slower: unpaired, the medians would say 1.0 over 2.0.
        one = self.pair([2, 20, 2], [1, 10, 1])
        self.assertEqual((one.median, one.low, one.high), (2, 2, 2))

    def test_pairs_go_by_index_and_not_by_place(self):
        content = fixture("benchmark")
        before = self.benchmark(content).ratios(bench.CPU)
        content["benchmarks"].reverse()
        after = self.benchmark(content).ratios(bench.CPU)
        self.assertEqual({(one.case, one.server, one.base): one.values for one in before},
                         {(one.case, one.server, one.base): one.values for one in after})

    def test_what_a_spread_shows(self):
        self.assertEqual(self.pair([12, 11, 13], [10, 10, 10]).shows, "more")
        self.assertEqual(self.pair([9, 8, 9], [10, 10, 10]).shows, "less")
        self.assertEqual(self.pair([9, 12, 12], [10, 10, 10]).shows, "none")
        self.assertEqual(self.pair([12, 12], [10, 10]).shows, "unknown")

    def test_a_spread_that_reads_1_00_shows_nothing(self):
        self.assertEqual(self.pair([1.004, 1.2, 1.2], [1, 1, 1]).shows, "none")
        self.assertEqual(self.pair([0.996, 0.8, 0.8], [1, 1, 1]).shows, "none")

    def test_a_repetition_that_one_side_lacks_is_left_out(self):
        self.assertEqual(self.pair([2, 4, 6], [1, 2]).values, (2, 2))

    def test_a_zero_below_gives_no_ratio(self):
        self.assertIsNone(self.pair([1, 1, 1], [0, 0, 0]))

    def test_styles_are_held_against_their_own_library_and_against_epoll(self):
        found = self.benchmark().ratios(bench.CPU)
        self.assertEqual([(one.server, one.base) for one in found[:4]],
                         [("asio_style", "bare_asio"), ("asio_style", "bare_epoll"),
                          ("cl_async_style", "bare_libuv"), ("cl_async_style", "bare_epoll")])
        self.assertEqual(len(found), 8)


class Figures(WithFolder):
    def test_time_comes_from_items_per_second_and_else_from_the_iteration(self):
        content = fixture("benchmark")
        run = runs(content, "echo/1conn", "asio_style")[0]
        run["items_per_second"] = 250000.0
        self.assertEqual(self.benchmark(content).values("echo/1conn", "asio_style", bench.TIME)[0], 4000)
        del run["items_per_second"]
        run.update(real_time=3.0, time_unit="us")
        self.assertEqual(self.benchmark(content).values("echo/1conn", "asio_style", bench.TIME)[0], 3000)

    def test_counters_known_and_unknown(self):
        content = fixture("benchmark")
        self.assertEqual(self.benchmark(content).counters, ["syscalls_per_request", "allocations_per_request"])
        runs(content, "echo/1conn", "asio_style")[0].update(p99_us=81.5, instructions_per_request=9000)
        self.assertEqual(self.benchmark(content).counters,
                         ["syscalls_per_request", "allocations_per_request", "instructions_per_request", "p99_us"])

    def test_nan_counts_as_absent(self):
        content = fixture("benchmark")
        for run in runs(content, "echo/1conn", "asio_style"):
            run["allocations_per_request"] = float("nan")
        self.assertIsNone(self.benchmark(content).median("echo/1conn", "asio_style", "allocations_per_request"))

    def test_a_benchmark_that_failed_is_kept_as_such(self):
        content = fixture("benchmark")
        for run in runs(content, "echo/1conn", "bare_libuv"):
            run.update(error_occurred=True, error_message="no answer")
        found = self.benchmark(content)
        self.assertEqual(found.errors[0], ("echo/1conn", "bare_libuv", "no answer"))
        self.assertIsNone(found.ratio("echo/1conn", bench.CPU, "cl_async_style", "bare_libuv"))

    def test_cases_stand_in_the_order_of_their_registration(self):
        content = fixture("benchmark")
        content["benchmarks"].reverse()
        self.assertEqual(self.benchmark(content).cases, ["echo/1conn", "http_keep_alive/64conn"])

    def test_the_chance_of_a_misleading_range(self):
        self.assertEqual(self.benchmark().chance_to_miss, 4)

    def test_servers_stand_in_a_fixed_order(self):
        content = fixture("benchmark")
        content["benchmarks"][0]["run_name"] = "http_keep_alive/64conn/nginx"
        self.assertEqual(self.benchmark(content).servers("http_keep_alive/64conn")[-2:], ["bare_epoll", "nginx"])
        self.assertEqual(self.benchmark().servers("echo/1conn"),
                         ["asio_style", "cl_async_style", "bare_asio", "bare_libuv", "bare_epoll"])
