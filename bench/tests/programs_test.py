"""The programs beside the rig: compare.py, budget.py and performance_page.py."""

import io
import json
import os
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout

from rows import a_row, an_instructions_row  # first: it leads to the others

import budget
import compare
import performance_page
from antiphon_rig import document, plan, workers
from antiphon_rig.servers import BARE_OF, STYLES


class Page(unittest.TestCase):
    """docs/performance.md has the groups and the works that a run counts; its figures are not looked at."""

    def rows(self):
        return [an_instructions_row(work, style, other) for work, _ in performance_page.counted_works() for style in STYLES
                for other in (BARE_OF[style], *([BARE_OF[style] + "_llhttp"] if work.startswith("keep_alive/") else []))]

    def first_cells(self, lines):
        return [line.split("|")[1].strip() for line in lines if line.startswith("|")]

    def test_it_has_the_groups_and_works_that_a_run_counts(self):
        with open(performance_page.PAGE, encoding="utf-8") as file:
            _, inside, _ = performance_page.between(file.read())
        self.assertEqual(self.first_cells(inside.splitlines()), self.first_cells(performance_page.block(self.rows())))

    def test_its_figures_are_the_runs(self):
        lines = performance_page.block(self.rows())
        self.assertIn("| llhttp | 200 | 100 | 200 | 100 |", lines)
        self.assertIn("| keep-alive GET | 200 | 2.00 × | 2.00 × | 200 | 2.00 × | 2.00 × |", lines)

    def test_what_a_run_did_not_count_is_named(self):
        with self.assertRaisesRegex(performance_page.Unusable, "did not count the instructions of keep_alive/1conn of asio_style"):
            performance_page.block(self.rows()[4:])

    def test_all_but_the_markers_inside_stays(self):
        text = f"before\n{performance_page.BEGIN}\nold\n{performance_page.END}\nbehind\n"
        before, inside, behind = performance_page.between(text)
        self.assertEqual((before + inside + behind, inside), (text, "old\n"))
        with self.assertRaises(performance_page.Unusable):
            performance_page.between("no markers")


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

    def test_more_instructions_are_told_by_what_they_are_for(self):
        old, new = [an_instructions_row("w", "asio_style", "bare_asio", 200.0)], [an_instructions_row("w", "asio_style", "bare_asio", 230.0)]
        self.assertIn("w/asio_style/instructions_per_request: 200 -> 230 (+15.0%): llhttp +30", self.compare(old, new)[1])

    def test_a_file_of_before_there_were_parts_can_be_compared(self):
        old, new = [an_instructions_row("w", "asio_style", "bare_asio", 200.0)], [an_instructions_row("w", "asio_style", "bare_asio", 230.0)]
        for name in ("breakdown", "group", "verdict"):
            del old[0][name]
        self.assertEqual(self.compare(old, new)[0], 1)

    def test_a_shared_lock_is_worse_and_a_loops_own_is_not(self):
        def rows(metric, value):
            return [document.row(plan.Row(workers.WORK, metric, "asio_style", None, None, "t"), [value])]
        self.assertEqual(self.compare(rows(plan.SHARED_LOCKS, 0.0), rows(plan.SHARED_LOCKS, 0.5))[0], 1)
        self.assertEqual(self.compare(rows(plan.LOCKS, 0.1), rows(plan.LOCKS, 0.3))[0], 0)

    def test_a_row_over_llhttp_alone_is_compared_as_any_other(self):
        old, new = [a_row([1.0] * 9, [1.0] * 9, other="bare_asio_llhttp")], [a_row([1.5] * 9, [1.0] * 9, other="bare_asio_llhttp")]
        self.assertIn("cpu_per_request/bare_asio_llhttp: 1.00 x", self.compare(old, new)[1])

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
