"""The page: every figure from the files, nothing from anywhere else, and safe whatever the files hold."""

import base64
import contextlib
import copy
import hashlib
import json
import re
from unittest import mock

from markupsafe import Markup

from antiphon_report import answer, names, render, sources
from antiphon_report.load import InputError
from tests.support import Page, WithFolder, changed, fixture, leaves, rows

HOSTILE = '"><script>alert(1)</script><b onclick=x>\'&amp;{{7*7}}'


class WithPage(WithFolder):
    def page(self, **inputs):
        return render.page(self.inputs(**inputs))

    def text(self, **inputs):
        """What a reader reads: the page with its diagrams drawn out, without its raw data."""
        page = self.page(**inputs)
        return Page(page).text + " " + " ".join(diagrams(page)["texts"])

    def without_charts(self, **inputs):
        """The same without drawing, for tests that make hundreds; without the digests and the raw data, which change with any octet."""
        with contextlib.ExitStack() as stack:
            for chart in ("ratio_charts", "latency_charts", "memory_charts"):
                stack.enter_context(mock.patch(f"antiphon_report.charts.{chart}", return_value=[[Markup("wide"), Markup("narrow")]] if chart == "ratio_charts" else [Markup("wide"), Markup("narrow")]))
            stack.enter_context(mock.patch("antiphon_report.automaton.drawing", return_value=Markup("drawn")))
            page = self.page(**inputs)
        page = re.sub(r'<script type="application/json" id="raw-benchmark">.*?</script>', "", page, flags=re.DOTALL)
        return re.sub(r"\b[0-9a-f]{64}\b", "digest", page)


def diagrams(page):
    return json.loads(re.search(r'id="diagrams">(.*?)</script>', page, re.DOTALL)[1])


def other(value):
    """Another value of the same kind, further away than rounding hides."""
    return not value if isinstance(value, bool) else value * 1.37 + 1000 if isinstance(value, (int, float)) else f"{value or ''}Zz"


class Figures(WithPage):
    def test_every_value_and_ratio_is_there(self):
        found, text = self.benchmark(), self.text()
        for row in found.rows:
            self.assertIn(names.quantity(row.value, row.unit), text, row.id)
            if row.ratio is not None and row.interval:
                self.assertIn(f"{row.ratio:.2f}× {row.interval[0]:.2f} to {row.interval[1]:.2f}", text)
            if row.target:
                self.assertIn(row.title, text)
        for peer, reason in found.missing:
            self.assertIn(f"{names.server(peer)}: {reason}", text)

    def test_every_scalar_of_the_conformance_file_shows(self):
        content = fixture("conformance")
        before = self.without_charts(conformance=content)
        tried = 0
        for path, value in leaves(content):
            # Not told: which kind of file it is, the numbering inside a trace, checksums, which listener, and what is a drawing (see
            # test_the_automaton_is_the_files). Where an event stood when the peer acted moves a row only if it moves far. What exercised a rule shows only as the rule's verdict.
            if path[-1] in ("schema", "n", "c", "sum", "listener", "seen", "marked", "dot") or "rules_exercised" in path or "mutants" in path[:-1]:
                continue
            if value is None or (path[-1] == "expected" and value != "PW"):
                continue
            new = "warn" if path[-1] == "verdict" else value + 1000 if isinstance(value, (int, float)) and not isinstance(value, bool) else other(value)
            with self.subTest(path=path):
                try:
                    self.assertFalse(self.without_charts(conformance=changed(content, path, new)) == before)
                except InputError:
                    # Names that hold the file together are refused when they no longer do.
                    self.assertIn(path[-1], ("name", "target", "scenario"))
                tried += 1
        self.assertGreater(tried, 160)

    def test_every_scalar_of_the_benchmark_file_shows(self):
        content = fixture("benchmark")
        before = self.without_charts(benchmark=content)
        tried = 0
        for path, value in leaves(content):
            # Samples are in the raw data; an id is a row's address; Google Benchmark's own bookkeeping is not told; what kind a row
            # is decides where it stands.
            if "samples" in path or path[-1] in ("schema", "kind", "run_type", "iterations", "cpu_time", "name", "better", "shown", "op", "of", "group") \
                    or path[:2] == ("micro", "context") or value is None:
                continue
            if path[0] == "rows" and not _shows(content["rows"][path[1]], path[-1]):
                continue
            if path[-1] == "mode":
                new = "full"
            elif "interval" in path[:-1]:
                new = value - 0.2 if path[-1] == 0 else value + 0.2
            else:
                new = other(value)
            with self.subTest(path=path):
                self.assertFalse(self.without_charts(benchmark=changed(content, path, new)) == before)
                tried += 1
        self.assertGreater(tried, 250)

    def test_every_scalar_of_mutants_and_walks_shows(self):
        for name, give in (("mutants", lambda value: {"mutants": value}), ("walk_asio_style", lambda value: {"walks": {"asio_style": value}})):
            content = fixture(name)
            before = self.without_charts(**give(content))
            for path, value in leaves(content):
                if path[-1] in ("schema", "rules", "style", "depth", "killed_by") or (path[0] == "steps" and path[1] == 3):
                    continue
                if path[-1] == "message" and content["mutants"][path[1]]["killed"]:
                    continue
                new = value + 1000 if isinstance(value, int) and not isinstance(value, bool) else other(value)
                if path[-1] == "function":
                    new = value.replace("(", "Zz(", 1) if "anonymous" not in value else value.replace("hello", "helloZz")
                with self.subTest(name=name, path=path):
                    self.assertFalse(self.without_charts(**give(changed(content, path, new))) == before)

    def test_what_exercised_a_rule_decides_its_verdict(self):
        content = fixture("conformance")
        before = self.without_charts(conformance=content)
        content["results"][3]["rules_exercised"].remove("CK-07")
        self.assertFalse(self.without_charts(conformance=content) == before)

    def test_a_figure_that_changes_changes_the_answer(self):
        content = fixture("benchmark")
        row = rows(content, work="keep_alive/64conn", metric="cpu_per_request", subject="asio_style", against="bare_asio")[0]
        row.update(ratio=1.91, interval=[1.88, 1.94], shown="difference")
        text = Page(self.page(benchmark=content)).text
        self.assertIn("the CPU time per request of asio_style is 1.91× that of bare Asio (1.88 to 1.94)", text)

    def test_charts_change_with_the_figures(self):
        content = fixture("benchmark")
        before = self.page()
        rows(content, metric="cpu_per_request", subject="asio_style")[0]["ratio"] = 1.04
        charts = [re.findall(r"<svg.*?</svg>", page, re.DOTALL) for page in (before, self.page(benchmark=content))]
        self.assertEqual(len(charts[0]), 11)  # the automaton; two metrics, one with servers that people use, latency, memory: wide and narrow
        self.assertEqual([one == another for one, another in zip(*charts)].count(False), 2)

    def test_the_automaton_is_the_files(self):
        content = fixture("conformance")
        content["automaton"]["dot"] = content["automaton"]["dot"].replace("lost", "gone")
        self.assertIn("gone", re.search(r"<svg.*?</svg>", self.page(conformance=content), re.DOTALL)[0])

    def test_the_digests_of_the_files_are_there(self):
        text = Page(self.page()).text
        for name in ("conformance.json", "benchmark.json", "mutants.json", "walk_asio_style.json", "walk_cl_async_style.json"):
            self.assertIn(hashlib.sha256((self.folder / name).read_bytes()).hexdigest(), text)

    def test_the_raw_figures_are_in_the_page_whole(self):
        raw = re.search(r'id="raw-benchmark">(.*?)</script>', self.page(), re.DOTALL)[1]
        self.assertEqual(json.loads(raw), fixture("benchmark"))

    def test_the_same_files_give_the_same_page(self):
        self.assertEqual(self.page(sources=self.sources()), self.page(sources=self.sources()))

    def test_code_of_both_styles_and_its_origin(self):
        text = Page(self.page(sources=self.sources())).text
        self.assertIn("void data_received(std::span<const std::byte> bytes) override { transport_->write(bytes); }", text)
        self.assertIn("void read_data(socket& peer, auto bytes) { write_socket_data(peer, bytes); }", text)
        self.assertIn("self.transport.write(data)", text)
        self.assertIn("The transport is kept, for it is how we talk back.", text)


def _shows(row, key):
    """Where a member of a row is told: a title and a note with a target, a ratio with its interval. An id is an address; all counts of
    one metric have one unit."""
    promised, ranged = bool(row["target"]), bool(row["interval"])
    return {"title": promised, "verdict": row.get("group") == "peers", "note": promised or ranged, "id": False, "unit": row["kind"] == "time",
            "ratio": ranged or (promised and row["target"]["of"] == "ratio")}.get(key, True)


class Absent(WithPage):
    def test_what_was_not_given_is_said_with_how_to_make_it(self):
        page = render.page(render.Inputs(self.conformance()))
        text = Page(page).text
        for words in ("Nothing was measured for this page", "antiphon report --benchmark FILE", "antiphon walk --style asio --json FILE",
                      "antiphon conform --mutants --json FILE", "No example exists in both styles"):
            self.assertIn(words, text)
        self.assertNotIn("raw-benchmark", page)
        self.assertEqual(Page(page).problems, [])

    def test_without_graphviz_the_table_stands_for_the_drawing(self):
        with mock.patch("antiphon_report.automaton.shutil.which", return_value=None):
            text = Page(self.page()).text
        self.assertIn("Graphviz (Debian package graphviz) was not there", text)
        self.assertIn("Steps of the automaton", text)

    def test_an_earlier_conformance_file_without_the_automaton_can_be_read(self):
        content = fixture("conformance")
        del content["automaton"]
        self.assertIn("holds no automaton", Page(self.page(conformance=content)).text)


class Answer(WithFolder):
    def sentences(self, conformance=None, benchmark=None, mutants=None, programs=()):
        return [answer.plain(one) for one in
                answer.sentences(self.conformance(conformance), self.benchmark(benchmark), self.mutants(mutants), programs)]

    def test_five_sentences(self):
        self.assertEqual(len(self.sentences()), 5)

    def test_what_failed_is_said_first(self):
        told = self.sentences()
        self.assertEqual(told[0], "Both models keep the same rules: 4 scenarios under 4 rules were played to 3 targets (asio_style, cl_async_style and asyncio): "
                                  "8 of 10 results pass and 1 fail; they come first below.")
        self.assertEqual(told[1], "1 result differs, each with its documented reason (1 of cl_async_style); "
                                  "1 result needs what the target does not offer.")

    def test_mutants_that_survive_are_said(self):
        self.assertEqual(self.sentences()[2], "The rules were tried on 3 servers that misbehave on purpose: 2 were caught by the rule "
                                              "they break and 1 were not.")
        content = fixture("mutants")
        content["mutants"].pop()
        self.assertTrue(self.sentences(mutants=content)[2].endswith("each was caught by the rule it breaks."))

    def test_what_was_not_played_is_not_counted_and_the_page_says_why(self):
        self.assertEqual(len(self.conformance().scenarios), 5)
        self.assertEqual(len(self.conformance().rules), 6)
        text = Page(render.page(self.inputs())).text
        self.assertIn("TLS 1 rule, 0 mutants not played in this run: its scenarios are for targets over tls", text)

    def test_a_model_that_fails_is_not_said_to_keep_the_rules(self):
        content = changed(fixture("conformance"), ("results", 0, "verdict"), "fail")
        self.assertTrue(self.sentences(content)[0].startswith("4 scenarios"))

    def test_all_passed(self):
        content = fixture("conformance")
        for result in content["results"]:
            result["verdict"] = "pass"
        self.assertTrue(self.sentences(content)[0].endswith("all 11 results pass."))

    def test_none_fails_though_something_differs(self):
        content = changed(fixture("conformance"), ("results", 5, "verdict"), "pass")
        self.assertTrue(self.sentences(content)[0].endswith("9 of 10 results pass and none fails."))

    def test_cost_is_told_of_the_most_connections_and_only_as_far_as_it_is_shown(self):
        self.assertEqual(self.sentences()[3],
                         "For keep-alive, 64 connections, the CPU time per request of asio_style is not shown to differ from that of bare "
                         "Asio (1.02×, 0.99 to 1.05) and is 1.30× that of bare epoll (1.26 to 1.34); that of cl_async_style is 1.15× that "
                         "of bare libuv (1.13 to 1.17) and is 1.43× that of bare epoll (1.39 to 1.47); of 15 targets set before the "
                         "measurement, 10 are met and 5 are not.")

    def test_a_work_that_is_only_compared_with_itself_is_not_the_headline(self):
        self.assertEqual(answer.headline(self.benchmark()), ("cpu_per_request", "keep_alive/64conn"))

    def test_the_shapes_are_weighed_by_the_programs_of_both(self):
        programs, _ = sources.programs(self.sources())
        self.assertEqual(self.sentences(programs=programs)[4],
                         "So choose by shape: the same 1 program takes 7 lines of code with an object for each connection and 1 with "
                         "functions at the listener; what each is good at stands below, with its evidence.")

    def test_without_programs_the_counts_take_their_place(self):
        self.assertEqual(self.sentences()[4], "Counted, not timed: system calls per request are asio_style 2.00, "
                                              "cl_async_style 2.25, bare Asio 2.00, bare libuv 2.00.")

    def test_targets_are_told_although_no_ratio_is(self):
        content = fixture("benchmark")
        content["rows"] = [row for row in content["rows"] if row["kind"] == "count"]
        self.assertEqual(self.sentences(benchmark=content)[3], "Of 8 targets set before the measurement, 6 are met and 2 are not.")

    def test_a_figure_that_is_missing_leaves_no_hole(self):
        content = fixture("benchmark")
        content["rows"] = [row for row in content["rows"] if row["kind"] == "count"]
        self.assertEqual([one for one in self.sentences(benchmark=content) if "×" in one], [])


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
        scripts = [text for kind, text in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL) if "application/json" not in kind]
        self.assertEqual(len(scripts), 1)
        digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
        policy = next(value for value in Page(page).attributes("content") if "default-src" in value)
        self.assertIn("default-src 'none'", policy)
        self.assertIn(f"script-src 'sha256-{digest}';", policy)

    def test_well_formed(self):
        self.assertEqual(Page(self.page(sources=self.sources())).problems, [])

    def test_ids_once_and_no_link_into_the_void(self):
        page = self.page(sources=self.sources())
        read = Page(page)
        identities = read.attributes("id")
        self.assertEqual(sorted(set(identities)), sorted(identities))
        wanted = {link[1:] for link in read.attributes("href") if not link.startswith("#trace/")}
        for name in ("aria-labelledby", "for", "aria-describedby"):
            wanted.update(word for value in read.attributes(name) for word in value.split())
        self.assertLessEqual(wanted, set(identities))

    def test_every_result_is_linked_to_a_diagram_that_is_there(self):
        page = self.page()
        links = {tuple(link.split("/")[1:]) for link in Page(page).attributes("href") if link.startswith("#trace/")}
        self.assertEqual(links, {(result["scenario"], result["target"]) for result in fixture("conformance")["results"]})
        self.assertLessEqual({scenario for scenario, _ in links}, set(diagrams(page)["diagrams"]))

    def test_a_rules_verdict_links_to_the_scenario_that_gave_it(self):
        found = self.conformance()
        self.assertEqual(found.rule_result("CK-07", "cl_async_style"), ("differs", "pause_above_high"))
        self.assertEqual(found.rule_result("CK-02", "asio_style"), ("pass", "echo_once"))

    def test_verdicts_are_words_and_not_only_colours(self):
        text = Page(self.page()).text
        for word in ("pass", "fail", "differs", "not offered", "not played", "not met"):
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

    def test_every_colour_of_text_stands_out_on_every_ground_in_both_schemes(self):
        style = (render.TEMPLATES / "style.css").read_text(encoding="utf-8")
        schemes = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]]
        self.assertEqual(schemes[0].keys(), schemes[1].keys())
        for scheme in schemes:
            for name in scheme.keys() - {"paper", "sheet", "line", "odd"}:
                for ground in ("paper", "sheet", *(("odd",) if not name.startswith("code-") else ())):
                    dark, light = sorted(self.brightness(scheme[one]) for one in (name, ground))
                    with self.subTest(name=name, ground=ground, on=scheme[ground]):
                        self.assertGreaterEqual((light + 0.05) / (dark + 0.05), 4.5)


class Hostile(WithPage):
    def spoiled(self, name, leave):
        content = fixture(name)
        for path, value in leaves(content):
            if isinstance(value, str) and path[-1] not in leave:
                content = changed(content, path, value + HOSTILE)
        return content

    def test_no_text_of_a_file_becomes_markup(self):
        page = self.page(conformance=self.spoiled("conformance", ("schema", "verdict")),
                         benchmark=self.spoiled("benchmark", ("schema", "mode", "kind", "better", "op", "of", "against", "subject", "run_type", "metric")),
                         mutants=self.spoiled("mutants", ("schema",)),
                         walks={"asio_style": self.spoiled("walk_asio_style", ("schema", "style"))})
        read = Page(page)
        self.assertEqual(read.problems, [])
        self.assertEqual(len(re.findall("<script", page)), 3)
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
        self.assertIn("#trace/a%2Fb/asio_style", read.attributes("href"))


class Size(WithPage):
    def grown(self, scenarios, events):
        content = copy.deepcopy(fixture("conformance"))
        trace = [{"event": "RT", "c": 0, "n": n, "action": "buffer_size", "value": n * 7919} for n in range(events)]
        content["results"] = []
        content["scenarios"] = [{"name": f"scenario_{n}", "about": "one of many", "rules": [], "needs": []} for n in range(scenarios)]
        for scenario in content["scenarios"]:
            for target in content["targets"]:
                content["results"].append({"target": target["name"], "scenario": scenario["name"], "verdict": "pass", "trace": trace})
        return content

    def test_a_large_run_fits(self):
        page = self.without_charts(conformance=self.grown(500, 100))
        self.assertLess(len(page.encode()), render.LARGEST)
        self.assertEqual(len(diagrams(page)["diagrams"]), 500)

    def test_samples_that_do_not_fit_stay_in_their_file(self):
        content = fixture("benchmark")
        content["rows"][0]["samples"]["subject"] = [1.5] * 900_000
        page = self.page(benchmark=content)
        self.assertLess(len(page.encode()), render.LARGEST)
        self.assertFalse("id=\"raw-benchmark\"" in page)
        self.assertIn("which is too large for this page", page)

    def test_what_cannot_fit_is_refused(self):
        with mock.patch("antiphon_report.render.LARGEST", 1000), self.assertRaisesRegex(InputError, "too much for one page"):
            self.without_charts()
