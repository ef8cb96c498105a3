"""The rig's pure parts: statistics, order, what is read out of the tools' reports, rows and the table."""

import io
import json
import os
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [BENCH, os.path.join(BENCH, "rig")]

import budget  # noqa: E402
import compare  # noqa: E402
from antiphon_rig import callgrind, counts, curves, document, loads, plan, schedule, stats, table  # noqa: E402
from antiphon_rig.process import Failed  # noqa: E402
from antiphon_rig.servers import PEERS, STYLES  # noqa: E402


class Statistics(unittest.TestCase):
    def test_a_ratio_is_the_median_of_pairs_not_of_two_heaps(self):
        # Both servers got four times slower in the second half: each pair knows, two heaps would not.
        ratio, interval = stats.ratio([1, 1, 4, 4], [2, 2, 8, 8], seed=1)
        self.assertEqual(ratio, 0.5)
        self.assertEqual(interval, [0.5, 0.5])

    def test_the_interval_holds_the_ratio_and_repeats_with_the_seed(self):
        subject, against = [10, 12, 9, 11, 13, 10, 12, 9, 11], [10] * 9
        ratio, interval = stats.ratio(subject, against, seed=7)
        self.assertLessEqual(interval[0], ratio)
        self.assertGreaterEqual(interval[1], ratio)
        self.assertEqual((ratio, interval), stats.ratio(subject, against, seed=7))

    def test_samples_without_partners_are_refused(self):
        with self.assertRaises(ValueError):
            stats.ratio([1, 2], [1], seed=0)

    def test_where_the_interval_holds_1_no_difference_is_shown(self):
        self.assertEqual(stats.shown([0.98, 1.01]), "no difference shown")
        self.assertEqual(stats.shown([1.01, 1.2]), "difference")

    def test_limits_are_met_at_the_limit_and_strictly_below_a_strict_one(self):
        self.assertTrue(stats.holds({"op": "<=", "value": 1.05}, 1.05))
        self.assertTrue(stats.holds({"op": ">=", "value": 0.95}, 0.95))
        self.assertFalse(stats.holds({"op": "<", "value": 1.0}, 1.0))
        self.assertIsNone(stats.holds(None, 1.0))

    def test_a_percentile_is_a_value_that_occurred(self):
        self.assertEqual(stats.percentile(list(range(1, 101)), 0.99), 99)
        self.assertEqual(stats.percentile([5], 0.99), 5)

    def test_a_slope_leaves_out_start_and_end(self):
        self.assertEqual(stats.slope((100, 5_000_000 + 100 * 30), (500, 5_000_000 + 500 * 30)), 30)
        self.assertEqual(curves.slope([{"connections": 1000, "rss_bytes": 10_000}, {"connections": 2000, "rss_bytes": 510_000}]), 500)


class Order(unittest.TestCase):
    def test_every_other_round_goes_backwards(self):
        self.assertEqual(schedule.rounds("AB", 4), [["A", "B"], ["B", "A"], ["A", "B"], ["B", "A"]])

    def test_a_filter_is_a_glob_on_the_id_or_its_beginning(self):
        name = "keep_alive/64conn/asio_style/cpu_per_request"
        self.assertTrue(schedule.wanted(name, None))
        self.assertTrue(schedule.wanted(name, "keep_alive"))
        self.assertTrue(schedule.wanted(name, "*/asio_style/*"))
        self.assertFalse(schedule.wanted(name, "echo*"))


class Plan(unittest.TestCase):
    def rows(self, mode):
        timed = [row for work in plan.WORKS if work.pairs[mode] for row in plan.timed_rows(work, mode)]
        counted = [row for work in counts.COUNT_WORKS if mode in work.modes for row in counts.rows(work)]
        return timed + counted + counts.workers_rows() + curves.memory_rows() + curves.latency_rows()

    def test_ids_are_unique_in_every_mode(self):
        for mode in plan.MODES:
            ids = [row.id for row in self.rows(mode)]
            self.assertEqual(len(ids), len(set(ids)), mode)

    def test_a_full_run_has_nine_pairs_of_everything(self):
        for work in plan.WORKS:
            self.assertGreaterEqual(work.pairs["full"], 9, work.name)

    def test_every_timed_work_has_a_target_for_both_styles(self):
        for work in plan.WORKS:
            judged = {row.subject for row in plan.timed_rows(work, "full") if row.target and row.against not in PEERS}
            self.assertEqual(judged, set(STYLES), work.name)

    def test_the_settings_of_a_mode_are_plain_values(self):
        for work in plan.WORKS:
            for value in plan.settings(work, "quick").values():
                self.assertNotIsInstance(value, dict)


WRK = """Running 1s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  120000 requests in 1.00s, 14.88MB read
Requests/sec: 119999.00
"""


class Reports(unittest.TestCase):
    def test_wrk_tells_how_many_answers_came(self):
        self.assertEqual(loads.parse_wrk(WRK), 120000)

    def test_a_socket_error_or_a_wrong_status_is_no_sample(self):
        with self.assertRaisesRegex(Failed, "read 3"):
            loads.parse_wrk(WRK + "  Socket errors: connect 0, read 3, write 0, timeout 0\n")
        with self.assertRaisesRegex(Failed, "7"):
            loads.parse_wrk(WRK + "  Non-2xx or 3xx responses: 7\n")

    def test_h2load_tells_each_requests_duration(self):
        self.assertEqual(loads.parse_h2load_log("1000 200 250\n1001 200 120\n"), [120, 250])
        with self.assertRaisesRegex(Failed, "500"):
            loads.parse_h2load_log("1000 500 250\n")

    def test_callgrind_costs_are_a_functions_own(self):
        out = "fn=outer\n10 100\ncalls=2 20\n10 5000\n11 7\nfn=inner\n+1 50\n"
        self.assertEqual(callgrind.parse(out), {"outer": 107, "inner": 50})

    def test_a_library_without_symbols_is_named_as_a_whole(self):
        out = "ob=/usr/lib/libuv.so.1.0.0\nfn=0x0000000000022a60\n10 100\nfn=0x0000000000020970\n10 20\n"
        self.assertEqual(callgrind.parse(out), {"[libuv.so.1.0.0]": 120})
        self.assertEqual(callgrind.readable("[libuv.so.1.0.0]"), "[libuv.so.1.0.0]")

    def test_a_readable_name_has_no_arguments_and_no_clones(self):
        self.assertEqual(callgrind.readable("antiphon::http::Headers::add(std::string_view) [clone .part.0]"), "http::Headers::add")

    def test_a_slope_of_functions_leaves_out_what_only_the_start_calls(self):
        self.assertEqual(callgrind.slope((10, {"main": 500, "serve": 100}), (20, {"main": 500, "serve": 250})), {"serve": 15})

    def test_a_budget_names_the_dearest_and_joins_the_rest(self):
        found = callgrind.budget({"a": 60.0, "b": 30.0, "c": 10.0}, most=2)
        self.assertEqual([(one["name"], one["instructions"]) for one in found], [("a", 60), ("b", 30), ("(all others)", 10)])
        self.assertAlmostEqual(sum(one["share"] for one in found), 1)


def a_row(subject, against, metric=plan.CPU, target=plan.Target("<=", 1.05), other="bare_asio"):
    return document.row(plan.Row("keep_alive/64conn", metric, "asio_style", other, target, "a title"), subject, against)


class Document(unittest.TestCase):
    def test_a_row_judges_the_ratio_of_its_pairs(self):
        self.assertTrue(a_row([1.0] * 9, [1.0] * 9)["met"])
        self.assertFalse(a_row([1.2] * 9, [1.0] * 9)["met"])
        self.assertEqual(a_row([1.2] * 9, [1.0] * 9)["id"], "keep_alive/64conn/asio_style/cpu_per_request")

    def test_a_count_has_no_interval(self):
        row = a_row([2.0], [2.0], plan.SYSCALLS, plan.Target("<=", 2.1, "value"))
        self.assertIsNone(row["interval"])
        self.assertTrue(row["met"])

    def test_the_table_says_what_is_not_met_and_what_is_missing(self):
        found = {"rows": [a_row([1.2] * 9, [1.0] * 9)], "noise_floor": [], "missing": [{"peer": "h2o", "reason": "h2o is not installed"}]}
        text = "\n".join(table.lines(found, STYLES))
        self.assertIn("1.20 × [1.20, 1.20]  NOT MET", text)
        self.assertIn("0 of 1 targets are met", text)
        self.assertIn("Missing: h2o: h2o is not installed", text)


class Comparison(unittest.TestCase):
    def compare(self, old, new):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, rows in (("old", old), ("new", new)):
                files.append(os.path.join(folder, name))
                with open(files[-1], "w", encoding="utf-8") as file:
                    json.dump(rows if isinstance(rows, str) else {"schema": "antiphon-bench/1", "rows": rows}, file)
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                status = compare.main(files)
            return status, out.getvalue(), err.getvalue()

    def test_one_system_call_more_is_told_first_and_is_a_failure(self):
        old = [a_row([2.0], [2.0], plan.SYSCALLS), a_row([1.0] * 9, [1.0] * 9)]
        new = [a_row([3.0], [2.0], plan.SYSCALLS), a_row([1.5] * 9, [1.0] * 9)]
        status, out, _ = self.compare(old, new)
        self.assertEqual(status, 1)
        self.assertLess(out.index("syscalls_per_request: 2 -> 3"), out.index("cpu_per_request"))

    def test_one_percent_more_instructions_is_no_difference(self):
        old, new = [a_row([1000], [900], plan.INSTRUCTIONS)], [a_row([1010], [900], plan.INSTRUCTIONS)]
        self.assertEqual(self.compare(old, new)[:2], (0, "no difference in 1 rows\n"))
        self.assertEqual(self.compare(old, [a_row([1030], [900], plan.INSTRUCTIONS)])[0], 1)

    def test_times_whose_intervals_touch_are_not_told(self):
        wide = [0.9, 1.1, 0.9, 1.1, 1.0, 0.95, 1.05, 1.0, 1.0]
        self.assertIn("no difference", self.compare([a_row(wide, [1.0] * 9)], [a_row([x + 0.01 for x in wide], [1.0] * 9)])[1])

    def test_a_file_of_another_kind_is_named(self):
        status, _, err = self.compare("a word", [])
        self.assertEqual(status, 2)
        self.assertIn("old: schema None, not 'antiphon-bench/1'", err)


class Budget(unittest.TestCase):
    def test_instructions_may_differ_by_two_percent_and_nothing_else_may(self):
        allowed = {"w/asio_style/instructions_per_request": 1000, "w/asio_style/syscalls_per_request": 2}
        self.assertEqual(budget.judge(allowed, {"w/asio_style/instructions_per_request": 1019, "w/asio_style/syscalls_per_request": 2}), [])
        self.assertEqual(len(budget.judge(allowed, {"w/asio_style/instructions_per_request": 979, "w/asio_style/syscalls_per_request": 2.1})), 2)

    def test_one_allocation_in_25_requests_is_told(self):
        name = "w/asio_style/allocations_per_request"
        self.assertEqual(budget.judge({name: 0}, {name: 0}), [])
        self.assertEqual(len(budget.judge({name: 0}, {name: 0.04})), 1)

    def test_a_timers_hundredths_of_a_system_call_are_no_difference(self):
        name = "w/asio_style/syscalls_per_request"
        self.assertEqual(budget.judge({name: 2}, {name: 2.04}), [])

    def test_a_count_that_is_gone_or_new_is_told(self):
        self.assertEqual(len(budget.judge({"gone": 1}, {"new": 1})), 2)


if __name__ == "__main__":
    unittest.main()
