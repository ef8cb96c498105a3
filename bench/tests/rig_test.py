"""The rig's pure parts: statistics, order, what is read out of the tools' reports, rows and the table."""

import collections
import unittest

from rows import a_row  # first: it leads to the others

from antiphon_rig import callgrind, counts, crowd, curves, document, estimate, groups, loads, notes, plan, samples, schedule, servers, stats, table, workers
from antiphon_rig.process import Failed
from antiphon_rig.runner import all_rows
from antiphon_rig.servers import BARE_OF, LLHTTP_ALONE, STYLES


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
        return all_rows(mode)

    def test_ids_are_unique_in_every_mode(self):
        for mode in plan.MODES:
            ids = [row.id for row in self.rows(mode)]
            self.assertEqual(len(ids), len(set(ids)), mode)

    def test_a_full_run_has_nine_pairs_of_everything(self):
        for work in plan.WORKS:
            self.assertGreaterEqual(work.pairs["full"], 9, work.name)

    def test_every_timed_work_has_a_target_for_both_styles(self):
        for work in plan.WORKS:
            judged = [row.subject for row in plan.timed_rows(work, "full") if row.group == "targets"]
            self.assertEqual(sorted(judged), sorted(STYLES), work.name)

    def test_over_llhttp_alone_the_limit_is_the_same_and_counts_as_no_target(self):
        rows = {row.id: row for row in self.rows("full")}
        alone = [row for row in rows.values() if row.against in LLHTTP_ALONE]
        self.assertLessEqual({("keep_alive/1conn", "instructions_per_request"), ("keep_alive/64conn", "instructions_per_request"),
                              ("keep_alive/64conn", "cpu_per_request"), ("pipelined_32/16conn", "requests_per_cpu_second")},
                             {(row.work, row.metric.name) for row in alone})
        for row in alone:
            judged = next(one for one in rows.values() if (one.work, one.metric, one.subject, one.group) ==
                          (row.work, row.metric, row.subject, "targets"))
            self.assertEqual((row.target, row.group), (judged.target, "llhttp_alone"))

    def test_a_style_is_judged_over_the_bare_server_with_the_styles_own_parser(self):
        for row in self.rows("full"):
            if row.group == "targets" and row.target.of == "ratio" and row.against:
                self.assertIn(row.against, (BARE_OF[row.subject], "bare_epoll"), row.id)

    def test_what_grows_with_connections_is_also_taken_of_the_bare_libraries(self):
        self.assertEqual({row.subject for row in crowd.rows()}, {*STYLES, *BARE_OF.values()})

    def test_a_quick_run_leaves_out_what_takes_long(self):
        self.assertFalse([row.id for row in self.rows("quick") if row.against in LLHTTP_ALONE or row.work in (crowd.WORK, workers.WORK)])

    def test_a_full_run_is_expected_to_end_within_25_minutes_and_a_quick_one_within_five(self):
        self.assertLess(estimate.seconds("full"), 25 * 60)
        self.assertLess(estimate.seconds("quick"), 5 * 60)
        self.assertLess(estimate.seconds("full", "keep_alive/1conn"), estimate.seconds("full") / 5)
        self.assertEqual(estimate.words(1330), "about 22 minutes")

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
        self.assertEqual(callgrind.parse(out).costs, {("outer", ""): 107, ("inner", ""): 50})

    def test_callgrind_tells_how_often_a_function_was_called(self):
        out = "fn=outer\n10 100\ncfn=inner\ncalls=2 20\n10 5000\ncfn=inner\ncalls=1 20\n10 5000\n"
        self.assertEqual(callgrind.parse(out).calls, {"inner": 3})

    def test_a_library_without_symbols_is_named_as_a_whole(self):
        out = "ob=/usr/lib/libuv.so.1.0.0\nfn=0x0000000000022a60\n10 100\nfn=0x0000000000020970\n10 20\n"
        self.assertEqual(callgrind.parse(out).costs, {("[libuv.so.1.0.0]", "libuv.so.1.0.0"): 120})
        self.assertEqual(callgrind.readable("[libuv.so.1.0.0]"), "[libuv.so.1.0.0]")

    def test_a_readable_name_has_no_arguments_and_no_clones(self):
        self.assertEqual(callgrind.readable("antiphon::http::Headers::add(std::string_view) [clone .part.0]"), "http::Headers::add")

    def test_a_slope_of_functions_leaves_out_what_only_the_start_calls(self):
        def run(**costs):
            return callgrind.Profile(collections.Counter({(name, "a"): cost for name, cost in costs.items()}), collections.Counter())
        self.assertEqual(callgrind.slope((10, run(main=500, serve=100)), (20, run(main=500, serve=250))), {("serve", "a"): 15})

    def test_a_budget_names_the_dearest_and_joins_the_rest(self):
        found = callgrind.budget({("a", "x"): 60.0, ("b", "x"): 20.0, ("b", "y"): 10.0, ("c", "x"): 10.0}, most=2)
        self.assertEqual([(one["name"], one["instructions"]) for one in found], [("a", 60), ("b", 30), ("(all others)", 10)])
        self.assertAlmostEqual(sum(one["share"] for one in found), 1)


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
        self.assertIn("0 of 1 targets met.", text)
        self.assertIn("Missing: h2o: h2o is not installed", text)


class Groups(unittest.TestCase):
    def test_each_function_is_told_by_what_it_is_for(self):
        view = "std::basic_string_view<char, std::char_traits<char> >"
        for function, library, wanted in (
                ("llhttp__internal__run", "server", groups.LLHTTP),
                (f"antiphon::http::check_field({view}, {view})", "server", groups.CHECKS),
                ("antiphon::http::RequestParser::Impl::make_settings()::{lambda(llhttp__internal_s*)#5}::_FUN(llhttp__internal_s*)", "server", groups.CHECKS),
                ("antiphon::bench::StylesParser::feed(int)", "server", groups.CHECKS),
                (f"antiphon::http::Headers::add({view}, {view})", "server", groups.REQUEST),
                ("antiphon::http::Router::find(antiphon::http::Request&) const", "server", groups.ROUTER),
                ("antiphon::http::ResponseWriter::head(unsigned int)", "server", groups.ANSWER),
                ("antiphon::bench::Answers::complete(bool, bool)", "server", groups.ANSWER),
                ("antiphon::(anonymous namespace)::hello(antiphon::http::Request const&, antiphon::http::Exchange&)", "server", groups.HANDLER),
                ("std::_Function_handler<void (antiphon::http::Request const&, antiphon::http::Exchange&), void (*)()>::_M_invoke()", "server", groups.HANDLER),
                ("non-virtual thunk to antiphon::asio_style::HttpProtocol::respond(antiphon::http::ResponseView const&)", "server", groups.HTTP),
                ("antiphon::asio_style::detail::HttpConnections::give_back(int) [clone .part.0]", "server", groups.HTTP),
                ("antiphon::cl_async_style::conversation::header_callback(antiphon::http::MessageHead const&)", "server", groups.HTTP),
                ("std::_Function_handler<void (antiphon::cl_async_style::socket&), antiphon::cl_async_style::wookie_server::start()::{lambda()#1}>::_M_invoke()",
                 "server", groups.HTTP),
                ("antiphon::asio_style::detail::StreamTransport::write(std::span<std::byte const, 1ul>)", "server", groups.TRANSPORT),
                ("antiphon::cl_async_style::stream::flush()", "server", groups.TRANSPORT),
                ("antiphon::bench::(anonymous namespace)::Connection<antiphon::bench::StylesParser>::send()", "server", groups.TRANSPORT),
                ("void* bare_boost::asio::detail::thread_info_base::allocate<int>(int)", "server", groups.ASIO),
                ("boost::asio::detail::reactive_wait_op<antiphon::asio_style::detail::LoopCore::arm_selector()::{lambda()#1}>::do_complete()", "server", groups.ASIO),
                ("bare_boost::system::operator==(bare_boost::system::error_code const&, int)", "server", groups.ASIO),
                ("[libuv.so.1.0.0]", "libuv.so.1.0.0", groups.LIBUV), ("uv_run", "libuv.so.1.0.0", groups.LIBUV),
                ("__memchr_avx2", "libc.so.6", groups.LIBC), ("std::_Sp_counted_base<(__gnu_cxx::_Lock_policy)2>::_M_release()", "server", groups.LIBC),
                ("something::else()", "server", groups.OTHERS)):
            self.assertEqual(groups.group(function, library), wanted, function)

    def test_the_parts_of_a_column_sum_up_to_its_figure(self):
        costs = {"ours": {("llhttp_init", "x"): 10.0, ("antiphon::http::Router::find()", "x"): 5.0, ("odd", "x"): 1.5}, "bare": {("llhttp_init", "x"): 9.0}}
        found = groups.breakdown(costs)
        self.assertEqual(found["columns"], ["ours", "bare"])
        self.assertEqual([part["values"] for part in found["parts"]], [[10.0, 9.0], [5.0, 0.0], [1.5, 0.0]])
        self.assertEqual(sum(part["values"][0] for part in found["parts"]), 16.5)


def a_sample(cpu_us, user):
    return samples.Sample(cpu_us, cpu_us, user)


class Calls(unittest.TestCase):
    def test_system_calls_and_allocations_are_told_by_function(self):
        ours = {"syscalls": 2.07, "allocations": 1.0, "octets_copied": 9.0, "recv": 1.0, "epoll_wait": 0.07, "send": 1.0, "close": 0.0, "malloc": 1.0}
        bare = {**ours, "epoll_wait": 0.02, "malloc": 0.0}
        found = counts.breakdown(plan.SYSCALLS, {"asio_style": ours, "bare_asio": bare})
        self.assertEqual([(part["name"], part["values"]) for part in found["parts"]], [("recv", [1.0, 1.0]), ("epoll_wait", [0.07, 0.02]), ("send", [1.0, 1.0])])
        self.assertEqual([part["name"] for part in counts.breakdown(plan.ALLOCATIONS, {"a": ours, "b": bare})["parts"]], ["malloc"])
        self.assertIsNone(counts.breakdown(plan.COPIED, {"a": ours, "b": bare}))


class Notes(unittest.TestCase):
    """What is said of a row that is not met is made of what was measured, and changes with it."""

    def explained(self, *rows):
        notes.add_counts(list(rows))
        notes.explain(list(rows))
        return rows[0]["note"]

    def test_instructions_are_explained_by_the_groups_that_cost_more(self):
        parts = groups.breakdown({"asio_style": {("llhttp_init", "x"): 100.0, ("antiphon::http::Router::find()", "x"): 70.0},
                                  "bare_asio": {("llhttp_init", "x"): 90.0}})
        row = document.row(plan.Row("w", plan.INSTRUCTIONS, "asio_style", "bare_asio", plan.Target("<=", 1.25), "t"), [170.0], [90.0], breakdown=parts)
        self.assertEqual(self.explained(row), "+80: router +70, llhttp +10, all others +0; the parser alone 100 and 90")

    def test_of_one_server_under_two_circumstances_the_functions_that_differ_are_named(self):
        parts = groups.breakdown({"two workers": {("__memchr_avx2", "libc.so.6"): 60.0}, "one worker": {("__memchr_avx2", "libc.so.6"): 50.0}})
        row = document.row(plan.Row(workers.WORK, plan.INSTRUCTIONS, "asio_style", None, plan.Target("<=", 1.02), "t"), [60.0], [50.0], breakdown=parts)
        self.assertEqual(self.explained(row), "+10: libc and libstdc++ +10, all others +0; by function: __memchr_avx2 +10")

    def test_a_row_that_is_met_needs_no_note(self):
        parts = groups.breakdown({"asio_style": {("llhttp_init", "x"): 100.0}, "bare_asio": {("llhttp_init", "x"): 90.0}})
        row = document.row(plan.Row("w", plan.INSTRUCTIONS, "asio_style", "bare_asio", plan.Target("<=", 1.25), "t"), [100.0], [90.0], breakdown=parts)
        self.assertEqual(self.explained(row), "")

    def test_cpu_time_is_explained_by_user_and_system_time_and_by_the_counts_of_the_same_run(self):
        both = {"asio_style": [a_sample(6.0, 0.5)] * 3, "bare_asio": [a_sample(4.0, 0.25)] * 3}
        row = document.row(plan.Row("keep_alive/64conn", plan.CPU, "asio_style", "bare_asio", plan.Target("<=", 1.05), "t"), [6.0] * 3, [4.0] * 3,
                           breakdown=notes.cpu_breakdown(both, "request"))
        counted = document.row(plan.Row("keep_alive/64conn", plan.SYSCALLS, "asio_style", "bare_asio", None, "t"), [2.07], [2.02])
        self.assertEqual(self.explained(row, counted), "user CPU time per request 3 us over 1 us; system CPU time per request 3 us over 3 us; "
                                                       "system calls (keep_alive/64conn) 2.07 over 2.02")

    def test_what_a_server_differs_by_from_itself_is_said_of_its_work_only(self):
        both = {"asio_style": [a_sample(6.0, 0.5)] * 3, "bare_asio": [a_sample(4.0, 0.25)] * 3}
        row = document.row(plan.Row("w", plan.CPU, "asio_style", "bare_asio", plan.Target("<=", 1.05), "t"), [6.0] * 3, [4.0] * 3,
                           breakdown=notes.cpu_breakdown(both, "request"))
        notes.explain([row], [document.noise("w", plan.CPU, [1.0] * 3, [1.1] * 3, 0), document.noise("v", plan.CPU, [1.0] * 3, [9.0] * 3, 0)])
        self.assertTrue(row["note"].endswith("; the same server twice 1.10 × [1.10, 1.10]"), row["note"])

    def test_growth_with_connections_is_explained_by_the_bare_librarys_own(self):
        def grown(server, many, target):
            both = {"10,000 connections": [a_sample(many, 0.5)] * 3, "64 connections": [a_sample(2.0, 0.5)] * 3}
            return document.row(plan.Row(crowd.WORK, plan.CPU, server, None, target, "t"), [many] * 3, [2.0] * 3, breakdown=notes.cpu_breakdown(both, "request"))
        text = self.explained(grown("asio_style", 6.0, plan.Target("<=", 1.3)), grown("bare_asio", 5.0, None))
        self.assertIn("bare_asio by itself grows 2.50 × [2.50, 2.50]", text)
        self.assertIn("system CPU time per request 3 us over 1 us", text)

    def test_every_kind_of_row_that_can_miss_a_target_has_parts(self):
        points = [{"connections": 1000, "rss_bytes": 10}, {"connections": 10000, "rss_bytes": 20}]
        self.assertEqual(curves.memory_breakdown({"a": points, "b": points})["parts"][1]["values"], [20, 20])
        rounds = [{"p50_us": 1, "p90_us": 2, "p99_us": 3, "max_us": 9}, {"p50_us": 1, "p90_us": 2, "p99_us": 5, "max_us": 9}]
        self.assertEqual(curves.latency_breakdown({"a": rounds, "b": rounds[:1]})["parts"][2]["values"], [4, 3])

    def test_the_end_says_which_targets_are_not_met_and_why(self):
        row = a_row([1.2] * 9, [1.0] * 9)
        row["note"] = "because"
        lines = notes.summary([row, a_row([1.0] * 9, [1.0] * 9)])
        self.assertEqual(lines[0], "1 of 2 targets met.")
        self.assertEqual(lines[2], "  asio_style, a title: 1.20 × [1.20, 1.20] bare_asio, wanted <= 1.05. because")
        self.assertEqual(notes.summary([a_row([1.0] * 9, [1.0] * 9)]), ["1 of 1 targets met. All of them."])

    def test_without_a_target_none_is_said_to_be_met(self):
        self.assertEqual(notes.summary([a_row([1.0] * 9, [1.0] * 9, target=None)]), ["No target was set for what was measured."])

    def test_rows_over_llhttp_alone_are_counted_apart(self):
        lines = notes.summary([a_row([1.0] * 9, [1.0] * 9), a_row([2.0] * 9, [1.0] * 9, other="bare_asio_llhttp")])
        self.assertEqual(lines[0], "1 of 1 targets met. All of them.")
        self.assertIn("0 of 1 met", lines[-1])


class Peers(unittest.TestCase):
    def test_ahead_is_only_what_the_interval_shows(self):
        target = plan.Target("<", 1.0)
        for subject, verdict in (([0.5] * 9, "ahead"), ([0.9, 1.05, 0.9, 1.05, 0.95, 0.9, 1.1, 1.0, 0.97], "no difference shown"), ([1.5] * 9, "behind")):
            row = a_row(subject, [1.0] * 9, target=target, other="nginx")
            self.assertEqual((row["verdict"], row["met"], row["group"]), (verdict, verdict == "ahead", "peers"))
            self.assertTrue(table.cell(row).endswith(verdict))

    def test_where_more_is_better_ahead_is_above(self):
        self.assertEqual(stats.verdict([1.2, 1.3], "higher"), "ahead")
        self.assertEqual(stats.verdict([1.2, 1.3], "lower"), "behind")

    def test_they_are_told_by_name(self):
        rows = [a_row([0.5] * 9, [1.0] * 9, target=plan.Target("<", 1.0), other="nginx"), a_row([1.5] * 9, [1.0] * 9, target=plan.Target("<", 1.0), other="h2o")]
        self.assertIn("asio_style is ahead of nginx; no difference shown: none; behind: h2o (CPU time per request).", notes.summary(rows))

    def test_an_answer_must_have_what_all_have_and_may_have_more(self):
        head = b"HTTP/1.1 200 OK\r\nServer: x\r\nDate: today\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13"
        self.assertEqual(servers.unlike(head, servers.BODY), "")
        self.assertEqual(servers.unlike(head, b"hello"), "without the body")
        self.assertEqual(servers.unlike(head.replace(b"Date", b"Dote"), servers.BODY), "without a date")
        self.assertEqual(servers.unlike(head + b"\r\nConnection: close", servers.BODY), "without a kept connection")


class Workers(unittest.TestCase):
    def test_a_futex_call_that_waits_is_one_call(self):
        trace = ("12 futex(0x7f, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>\n13  futex(0x7f, FUTEX_WAKE_PRIVATE, 1) = 1\n"
                 "12 <... futex resumed>) = 0\n12 +++ exited with 0 +++\n")
        self.assertEqual(workers.count_futexes(trace), 2)

    def test_both_workers_did_their_share_or_it_shows(self):
        self.assertEqual(workers.least_busy({"main": 5}, {"main": 6, "a": 300, "b": 100}), 0.25)
        self.assertEqual(workers.least_busy({}, {"main": 6}), 0.0)

    def test_one_lock_call_in_a_hundred_requests_is_told(self):
        found = workers.slopes([(20_000, 100, 10), (60_000, 600, 10)])
        self.assertEqual(found, (0.01, 0.0))

    def test_no_call_of_a_shared_lock_is_allowed(self):
        judged = {row.metric.name: row.target for row in workers.rows() if row.target}
        self.assertEqual({judged[name].value for name in ("shared_locks_per_request", "futexes_per_request")}, {0})


class Split(unittest.TestCase):
    def test_a_sample_knows_its_user_share_and_what_one_unit_costs(self):
        used = {"requests": 100, "octets": 3 << 20, "cpu_ns": 600_000, "user": 0.1, "system": 0.3}
        self.assertEqual(samples.sample(plan.CPU, used), samples.Sample(6.0, 6.0, 0.25))
        self.assertEqual(samples.sample(plan.OCTETS, used).cpu_us, 200.0)
        self.assertEqual(samples.sample(plan.RATE, {**used, "user": 0, "system": 0}).user, 0.0)


class Table(unittest.TestCase):
    def lines(self, *rows):
        return table.lines({"rows": list(rows), "noise_floor": [], "missing": []}, STYLES)

    def test_the_parts_of_instructions_stand_under_their_row(self):
        parts = groups.breakdown({"asio_style": {("antiphon::http::Router::find()", "x"): 70.0}, "bare_asio": {}})
        row = document.row(plan.Row("w", plan.INSTRUCTIONS, "asio_style", "bare_asio", plan.Target("<=", 1.25), "t"), [100.0], [90.0], breakdown=parts)
        text = self.lines(row)
        place = next(number for number, line in enumerate(text) if line.startswith("t, over bare"))
        self.assertRegex(text[place + 1], r"^    router +70 \(0\)$")

    def test_a_bare_librarys_own_growth_stands_in_its_styles_column(self):
        row = document.row(plan.Row(crowd.WORK, plan.CPU, "bare_libuv", None, None, "growth"), [4.0] * 3, [2.0] * 3)
        line = next(line for line in self.lines(row) if line.startswith("growth"))
        self.assertEqual(line.split(), ["growth:", "the", "bare", "library", "by", "itself", "2.00", "×", "[2.00,", "2.00]"])

    def test_strictness_and_peers_have_tables_of_their_own(self):
        text = "\n".join(self.lines(a_row([1.0] * 9, [1.0] * 9), a_row([2.0] * 9, [1.0] * 9, other="bare_asio_llhttp"),
                                    a_row([0.5] * 9, [1.0] * 9, target=plan.Target("<", 1.0), other="nginx")))
        self.assertLess(text.index("a title, over bare "), text.index("The same limits over llhttp alone"))
        self.assertIn("a title, over bare, llhttp alone", text)
        self.assertRegex(text, r"a title, over nginx +< 1 +0.50 × \[0.50, 0.50\]  ahead")


if __name__ == "__main__":
    unittest.main()
