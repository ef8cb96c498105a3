"""The page: every figure from the files, nothing from anywhere else, and safe whatever the files hold."""

import base64
import copy
import hashlib
import re
from unittest import mock

from markupsafe import Markup

from antiphon_report import answer, benchmark as bench, names, render
from antiphon_report.load import InputError
from tests.support import Page, WithFolder, changed, fixture, leaves, runs

HOSTILE = '"><script>alert(1)</script><b onclick=x>\'&amp;{{7*7}}'


class WithPage(WithFolder):
    def page(self, conformance=None, benchmark=None, sources=None):
        return render.page(self.conformance(conformance), self.benchmark(benchmark), sources)

    def without_charts(self, **inputs):
        """The same without drawing, for tests that make hundreds; and without the digests, which change with any octet."""
        with mock.patch("antiphon_report.charts.ratio_charts", return_value=[Markup("wide"), Markup("narrow")]):
            return re.sub(r"\b[0-9a-f]{64}\b", "digest", self.page(**inputs))


class Figures(WithPage):
    def test_every_median_and_ratio_is_there(self):
        found, text = self.benchmark(), Page(self.page()).text
        for case in found.cases:
            for server in found.servers(case):
                self.assertIn(names.duration(found.median(case, server, bench.TIME)), text)
                self.assertIn(names.duration(found.median(case, server, bench.CPU)), text)
                for counter in found.counters:
                    self.assertIn(names.number(found.median(case, server, counter)), text)
        for metric in found.metrics:
            for one in found.ratios(metric):
                self.assertIn(f"{one.median:.2f}× {one.low:.2f} to {one.high:.2f}", text)

    def test_every_scalar_of_the_conformance_file_shows(self):
        content = fixture("conformance")
        before = self.without_charts(conformance=content)
        tried = 0
        for path, value in leaves(content):
            # Not told: which kind of file it is, the numbering inside a trace, checksums. What exercised a rule shows only as
            # the rule's verdict (tests of its own).
            if path[-1] in ("schema", "n", "c", "sum") or "rules_exercised" in path:
                continue
            new = (not value if isinstance(value, bool) else value + 1000 if isinstance(value, (int, float))
                   else "warn" if path[-1] == "verdict" else f"{value or ''}Zz")
            with self.subTest(path=path):
                try:
                    self.assertNotEqual(self.without_charts(conformance=changed(content, path, new)), before)
                except InputError:
                    # Names that hold the file together are refused when they no longer do.
                    self.assertIn(path[-1], ("name", "target", "scenario"))
                tried += 1
        self.assertGreater(tried, 150)

    def test_what_exercised_a_rule_decides_its_verdict(self):
        content = fixture("conformance")
        before = self.without_charts(conformance=content)
        content["results"][3]["rules_exercised"].remove("CK-07")
        self.assertNotEqual(self.without_charts(conformance=content), before)

    def test_every_figure_of_the_benchmark_file_shows(self):
        content = fixture("benchmark")
        before = self.without_charts(benchmark=content)
        for case in ("echo/1conn", "http_keep_alive/64conn"):
            for server in names.SERVERS:
                for key in ("items_per_second", bench.CPU, "syscalls_per_request", "allocations_per_request"):
                    other = copy.deepcopy(content)
                    for run in runs(other, case, server):
                        run[key] = run[key] * 1.37 + 1
                    with self.subTest(case=case, server=server, key=key):
                        after = self.without_charts(benchmark=other)
                        self.assertNotEqual(after, before)
                        if key.endswith("_per_request") and key != bench.CPU:
                            told = names.number(self.benchmark(other).median(case, server, key))
                            self.assertIn(told, Page(after).text)

    def test_every_line_of_the_benchmark_context_shows(self):
        content = fixture("benchmark")
        before = self.without_charts(benchmark=content)
        for path, value in leaves(content["context"]):
            if path[0] in ("schema", "caches", "host_name", "executable"):
                continue
            new = not value if isinstance(value, bool) else value + 1000 if isinstance(value, (int, float)) else value + "Zz"
            with self.subTest(path=path):
                self.assertNotEqual(self.without_charts(benchmark=changed(content, ("context", *path), new)), before)

    def test_the_machines_own_name_does_not_show(self):
        content = changed(fixture("benchmark"), ("context", "host_name"), "secret-laptop")
        self.assertNotIn("secret-laptop", self.without_charts(benchmark=content))

    def test_charts_change_with_the_figures(self):
        content = fixture("benchmark")
        before = self.page()
        for run in runs(content, "echo/1conn", "asio_style"):
            run[bench.CPU] *= 2
        charts = [re.findall(r"<svg.*?</svg>", page, re.DOTALL) for page in (before, self.page(benchmark=content))]
        self.assertEqual(len(charts[0]), 4)
        self.assertNotEqual(charts[0][0], charts[1][0])
        self.assertEqual(charts[0][2], charts[1][2])

    def test_the_digests_of_the_files_are_there(self):
        text = Page(self.page()).text
        for name in ("conformance.json", "benchmark.json"):
            self.assertIn(hashlib.sha256((self.folder / name).read_bytes()).hexdigest(), text)

    def test_the_same_files_give_the_same_page(self):
        self.assertEqual(self.page(sources=self.sources()), self.page(sources=self.sources()))

    def test_code_of_both_styles(self):
        text = Page(self.page(sources=self.sources())).text
        self.assertIn("void data_received(std::span<const std::byte> bytes) override { transport_->write(bytes); }", text)
        self.assertIn('tcp_server("127.0.0.1", 0, [](socket& peer, auto bytes)', text)


class Answer(WithFolder):
    def sentences(self, conformance=None, benchmark=None):
        return [answer.plain(one) for one in answer.sentences(self.conformance(conformance), self.benchmark(benchmark))]

    def test_what_failed_is_said_first(self):
        told = self.sentences()
        self.assertEqual(told[0], "4 scenarios under 5 rules were played to 3 targets (asio_style, cl_async_style and asyncio): "
                                  "8 of 10 results pass and 1 fail; they come first below.")
        self.assertEqual(told[1], "1 result differs, each with its documented reason (1 of cl_async_style); "
                                  "1 result needs what the target does not offer.")

    def test_all_passed(self):
        content = fixture("conformance")
        for result in content["results"]:
            result["verdict"] = "pass"
        told = self.sentences(content)
        self.assertTrue(told[0].endswith("all 11 results pass."))
        self.assertIn("server CPU time", told[1])

    def test_none_fails_though_something_differs(self):
        content = changed(fixture("conformance"), ("results", 5, "verdict"), "pass")
        self.assertTrue(self.sentences(content)[0].endswith("9 of 10 results pass and none fails."))

    def test_cost_is_told_of_http_and_only_as_far_as_it_is_shown(self):
        content = fixture("benchmark")
        for server, figures in (("asio_style", (1200, 1210, 1220)), ("bare_asio", (1000, 1000, 1000)), ("bare_epoll", (600, 605, 610)),
                                ("cl_async_style", (980, 1000, 1030)), ("bare_libuv", (1000, 1000, 1000))):
            for run, figure in zip(runs(content, "http_keep_alive/64conn", server), figures):
                run[bench.CPU] = float(figure)
        told = self.sentences(benchmark=content)
        self.assertEqual(told[2], "For HTTP keep-alive, 64 connections, the server CPU time per request of asio_style is "
                                  "1.21× that of bare Asio (1.20 to 1.22) and is 2.00× that of bare epoll (2.00 to 2.00).")
        self.assertEqual(told[3], "That of cl_async_style is not shown to differ from that of bare libuv (1.00×, 0.98 to 1.03) "
                                  "and is 1.65× that of bare epoll (1.63 to 1.69).")

    def test_the_case_with_most_connections_is_told(self):
        content = fixture("benchmark")
        for run in content["benchmarks"]:
            run["run_name"] = run["run_name"].replace("echo/1conn", "http_keep_alive/128conn")
        self.assertIn("HTTP keep-alive, 128 connections", self.sentences(benchmark=content)[2])

    def test_too_few_repetitions_are_called_so(self):
        content = fixture("benchmark")
        content["benchmarks"] = [run for run in content["benchmarks"] if run.get("repetition_index", 0) < 2]
        self.assertIn("too few repetitions to tell more", self.sentences(benchmark=content)[2])

    def test_without_cpu_time_the_time_is_told(self):
        content = fixture("benchmark")
        for run in content["benchmarks"]:
            run.pop(bench.CPU, None)
        self.assertIn("the time per request of asio_style", self.sentences(benchmark=content)[2])

    def test_a_figure_that_is_missing_leaves_no_hole(self):
        content = fixture("benchmark")
        content["benchmarks"] = [run for run in content["benchmarks"] if "/bare_" not in run["run_name"]]
        told = self.sentences(benchmark=content)
        self.assertEqual([one for one in told if "×" in one], [])
        text = Page(render.page(self.conformance(), self.benchmark(content), None)).text
        self.assertIn("No ratio could be made", text)


class SelfContained(WithPage):
    def test_nothing_is_loaded(self):
        page = self.page(sources=self.sources())
        self.assertEqual(re.findall(r"(?i)https?://.{0,80}", page), [])
        self.assertEqual(re.findall(r"(?i)@import|<link|<iframe|<img|<object|<embed|<base|fetch\(|XMLHttpRequest|import\(", page), [])
        read = Page(page)
        self.assertEqual(read.attributes("src"), [])
        self.assertEqual([link for link in read.attributes("href") if not link.startswith("#")], [])
        self.assertEqual([one for one in re.findall(r"url\(([^)]*)\)", page) if not one.startswith("#")], [])

    def test_the_policy_allows_the_pages_own_script_and_nothing_more(self):
        page = self.page()
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
        self.assertEqual(len(scripts), 1)
        digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
        policy = next(value for value in Page(page).attributes("content") if "default-src" in value)
        self.assertIn("default-src 'none'", policy)
        self.assertIn(f"script-src 'sha256-{digest}';", policy)

    def test_well_formed(self):
        self.assertEqual(Page(self.page(sources=self.sources())).problems, [])

    def test_ids_once_and_no_link_into_the_void(self):
        read = Page(self.page(sources=self.sources()))
        identities = read.attributes("id")
        self.assertEqual(sorted(set(identities)), sorted(identities))
        wanted = {link[1:] for link in read.attributes("href")}
        for name in ("aria-labelledby", "for", "aria-describedby"):
            wanted.update(word for value in read.attributes(name) for word in value.split())
        self.assertLessEqual(wanted, set(identities))

    def test_every_result_is_linked_to_its_trace(self):
        read = Page(self.page())
        traces = [identity for identity in read.attributes("id") if identity.startswith("trace-")]
        self.assertEqual(len(traces), len(fixture("conformance")["results"]))
        self.assertLessEqual({f"#{trace}" for trace in traces}, set(read.attributes("href")))

    def test_verdicts_are_words_and_not_only_colours(self):
        text = Page(self.page()).text
        for word in ("pass", "fail", "differs", "not offered", "no result", "not tried"):
            self.assertIn(word, text)

    def test_headings_do_not_skip_a_level(self):
        levels = [int(tag[1]) for tag, _ in Page(self.page(sources=self.sources())).elements if re.fullmatch("h[1-6]", tag)]
        self.assertEqual(levels[0], 1)
        self.assertEqual([(a, b) for a, b in zip(levels, levels[1:]) if b > a + 1], [])


class Readable(WithPage):
    """Contrast by the formula of WCAG 2: 4.5 is its limit for text of normal size."""

    def brightness(self, colour):
        parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))

    def test_every_colour_of_text_stands_out_on_both_grounds_in_both_schemes(self):
        style = (render.TEMPLATES / "style.css").read_text(encoding="utf-8")
        schemes = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]]
        self.assertEqual(schemes[0].keys(), schemes[1].keys())
        for scheme in schemes:
            for name in scheme.keys() - {"paper", "sheet", "line"}:
                for ground in ("paper", "sheet"):
                    dark, light = sorted(self.brightness(scheme[one]) for one in (name, ground))
                    with self.subTest(name=name, ground=ground, on=scheme[ground]):
                        self.assertGreaterEqual((light + 0.05) / (dark + 0.05), 4.5)


class Hostile(WithPage):
    def test_no_text_of_a_file_becomes_markup(self):
        content = fixture("conformance")
        for path, value in leaves(content):
            if isinstance(value, str) and path[-1] not in ("schema", "verdict"):
                content = changed(content, path, value + HOSTILE)
        measured = fixture("benchmark")
        measured["context"]["compiler"] = HOSTILE
        for run in measured["benchmarks"]:
            run["run_name"] = run["run_name"].replace("echo", "<script>alert(2)<b>")
        measured["benchmarks"].append({"run_name": "x/1conn/asio_style", "run_type": "iteration", "error_occurred": True,
                                       "error_message": HOSTILE})
        page = self.page(conformance=content, benchmark=measured)
        read = Page(page)
        self.assertEqual(read.problems, [])
        self.assertEqual(len(re.findall("<script", page)), 1)
        self.assertEqual(read.attributes("onclick"), [])
        self.assertNotIn("49", re.findall(r"amp;(.{2})", page))
        self.assertIn(HOSTILE, read.text)

    def test_names_that_differ_only_in_signs_keep_links_of_their_own(self):
        content = fixture("conformance")
        for scenario, name in zip(content["scenarios"], ("a/b", "a b", "a-b", "A:B")):
            for result in content["results"]:
                if result["scenario"] == scenario["name"]:
                    result["scenario"] = name
            scenario["name"] = name
        read = Page(self.without_charts(conformance=content))
        identities = read.attributes("id")
        self.assertEqual(sorted(set(identities)), sorted(identities))
        self.assertLessEqual({link[1:] for link in read.attributes("href")}, set(identities))


class Size(WithPage):
    def grown(self, scenarios, events):
        content = fixture("conformance")
        trace = [{"event": "RT", "c": 0, "n": n, "action": "buffer_size", "value": n * 7919} for n in range(events)]
        content["results"] = []
        content["scenarios"] = [{"name": f"scenario_{n}", "about": "one of many", "rules": [], "needs": []} for n in range(scenarios)]
        for scenario in content["scenarios"]:
            for target in content["targets"]:
                content["results"].append({"target": target["name"], "scenario": scenario["name"], "verdict": "pass", "trace": trace})
        return content

    def test_a_large_run_still_fits(self):
        text = self.page(conformance=self.grown(400, 60))
        self.assertLess(len(text.encode()), 3 * 1024 * 1024)
        self.assertIn("more in the JSON file", text)
        self.assertIn("scenario_399", text)

    def test_what_fits_is_not_shortened(self):
        self.assertNotIn("more in the JSON file", self.without_charts(conformance=self.grown(20, 60)))

    def test_what_cannot_fit_is_refused(self):
        with mock.patch("antiphon_report.render.LARGEST", 1000), self.assertRaisesRegex(InputError, "too much for one page"):
            self.without_charts()
