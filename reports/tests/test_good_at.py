"""What each model is said to be good at follows from the run."""

from antiphon_report import good_at, render, sources
from tests.support import Page, WithFolder, fixture, rows


class Claims(WithFolder):
    def found(self, conformance=None, benchmark=None, programs=()):
        return good_at.Found(self.conformance(conformance), self.benchmark(benchmark), programs,
                             tuple(self.walk(style) for style in ("asio_style", "cl_async_style")))

    def test_a_rule_bears_out_only_where_it_passes(self):
        found = self.found()
        self.assertEqual(good_at.Rule("CK-07").holds(found, "asio_style"), ("rule CK-07", ("rule", "CK-07")))
        self.assertIsNone(good_at.Rule("CK-07").holds(found, "cl_async_style"))
        self.assertIsNotNone(good_at.Rule("CK-07", ("differs",)).holds(found, "cl_async_style"))
        self.assertIsNone(good_at.Rule("CK-07", ("pass",), ("asio_style", "asyncio")).holds(found, "asio_style"))
        self.assertIsNone(good_at.Rule("NO-99").holds(found, "asio_style"))

    def test_code_bears_out_only_where_both_show_it(self):
        programs, _ = sources.programs(self.sources())
        found = self.found(programs=programs)
        self.assertEqual(good_at.Code("echo", "data").holds(found, ""), ("echo, [data]", ("code", "echo.cpp", "data")))
        self.assertIsNone(good_at.Code("echo", "timer").holds(found, ""))

    def test_near_its_library_means_the_whole_interval(self):
        claim = good_at.Near("cpu_per_request", 1.15)
        self.assertEqual(claim.holds(self.found(), "asio_style")[0], "CPU time per request at most 1.02× of bare Asio")
        self.assertIsNone(claim.holds(self.found(), "cl_async_style"))
        content = fixture("benchmark")
        rows(content, work="echo/1conn", metric="cpu_per_request", subject="asio_style", against="bare_asio")[0]["interval"] = [1.0, 1.16]
        self.assertIsNone(claim.holds(self.found(benchmark=content), "asio_style"))

    def test_fewer_is_fewer_somewhere_and_more_nowhere(self):
        fewer = good_at.Fewer("instructions_per_request", "cl_async_style")
        self.assertEqual(fewer.holds(self.found(), "asio_style")[0], "instructions per request: 18,450 against 19,120")
        self.assertIsNone(good_at.Fewer("instructions_per_request", "asio_style").holds(self.found(), "cl_async_style"))
        content = fixture("benchmark")
        rows(content, work="echo/1conn", metric="instructions_per_request", subject="asio_style")[0]["value"] = 20000
        self.assertIsNone(fewer.holds(self.found(benchmark=content), "asio_style"))
        self.assertIsNone(good_at.Fewer("allocations_per_request", "cl_async_style").holds(self.found(), "asio_style"))

    def test_the_shorter_walk_is_said_of_one(self):
        self.assertIsNone(good_at.Shorter().holds(self.found(), "asio_style"))
        self.assertEqual(good_at.Shorter().holds(self.found(), "cl_async_style")[0], "4 functions against 8")

    def test_without_measurement_nothing_is_said_of_cost(self):
        found = good_at.Found(self.conformance(), None, (), ())
        for point in (good_at.Near("cpu_per_request", 9), good_at.Fewer("instructions_per_request", "cl_async_style"), good_at.Shorter()):
            self.assertIsNone(point.holds(found, "asio_style"))

    def test_the_page_says_what_is_borne_out_and_counts_the_rest(self):
        text = Page(render.page(self.inputs())).text
        self.assertIn("The shape is nearly free: over Boost.Asio alone it costs little.", text)
        self.assertNotIn("over libuv alone it costs little", text)
        self.assertIn("more sentences would be said of it", text)

    def test_every_claim_has_evidence_of_a_kind_that_exists(self):
        for claim in good_at.CLAIMS:
            self.assertTrue(claim.evidence, claim.text)
