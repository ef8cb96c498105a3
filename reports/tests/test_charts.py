"""Charts that are part of the page."""

import re
from xml.etree import ElementTree

from antiphon_report import benchmark as bench, charts
from tests.support import WithFolder, fixture, runs


class Charts(WithFolder):
    def test_the_same_figures_give_the_same_octets(self):
        self.assertEqual(charts.ratio_charts(self.benchmark(), bench.CPU), charts.ratio_charts(self.benchmark(), bench.CPU))

    def test_medians_are_written_as_text(self):
        found = self.benchmark()
        for drawn in charts.ratio_charts(found, bench.CPU):
            words = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
            for one in found.ratios(bench.CPU):
                self.assertIn(f"{one.median:.2f}×", words)
            self.assertIn("HTTP keep-alive, 64 connections", words)

    def test_labelled_for_those_who_do_not_see_it(self):
        found = self.benchmark()
        for drawn in charts.ratio_charts(found, bench.CPU):
            root = ElementTree.fromstring(drawn)
            self.assertEqual(root.get("role"), "img")
            title, description = (root.find(f"*[@id='{identity}']").text for identity in root.get("aria-labelledby").split())
            self.assertIn("Server cpu time per request".lower(), title.lower())
            for one in found.ratios(bench.CPU):
                self.assertIn(f"{one.median:.2f}, from {one.low:.2f} to {one.high:.2f}", description)

    def test_colours_follow_the_page(self):
        for drawn in charts.ratio_charts(self.benchmark(), bench.TIME):
            self.assertIn("var(--voice-a)", drawn)
            self.assertEqual(re.findall(r"#[0-9a-fA-F]{6}\b", drawn), [])
            self.assertIn("var(--sans)", drawn)

    def test_nothing_but_the_drawing(self):
        for drawn in charts.ratio_charts(self.benchmark(), bench.CPU):
            for unwanted in ("http://", "https://", "<metadata", "<!DOCTYPE", "<?xml", "xmlns", "Matplotlib"):
                self.assertNotIn(unwanted, drawn)

    def test_ids_are_used_once_and_all_references_hit(self):
        found = self.benchmark()
        drawn = "".join(chart for metric in found.metrics for chart in charts.ratio_charts(found, metric))
        identities = re.findall(r'\bid="([^"]*)"', drawn)
        self.assertEqual(len(identities), len(set(identities)))
        references = re.findall(r'href="#([^"]*)"', drawn) + re.findall(r"url\(#([^)]*)\)", drawn)
        self.assertTrue(references)
        self.assertLessEqual(set(references), set(identities))

    def test_hollow_where_nothing_is_shown(self):
        content = fixture("benchmark")
        for run in content["benchmarks"]:
            run[bench.CPU] = 1000.0
        for index, run in enumerate(runs(content, "echo/1conn", "asio_style")):
            run[bench.CPU] = 1500.0 + index
        content["benchmarks"] = [run for run in content["benchmarks"] if run["run_name"].startswith("echo")]
        drawn = charts.ratio_charts(self.benchmark(content), bench.CPU)[0]
        marks = re.findall(r'<use [^>]*style="fill: ([^;]*); stroke: (var\(--voice-.\))', drawn)
        self.assertEqual({fill == stroke for fill, stroke in marks if stroke == "var(--voice-a)"}, {True})
        self.assertEqual({fill for fill, stroke in marks if stroke == "var(--voice-b)"}, {"var(--paper)"})

    def test_far_apart_ratios_are_drawn_too(self):
        content = fixture("benchmark")
        for run in runs(content, "echo/1conn", "cl_async_style"):
            run[bench.CPU] *= 40
        for drawn in charts.ratio_charts(self.benchmark(content), bench.CPU):
            self.assertIn(">50×<", drawn)

    def test_a_case_cannot_become_markup(self):
        content = fixture("benchmark")
        for run in content["benchmarks"]:
            run["run_name"] = run["run_name"].replace("echo/1conn", "<b>&$x$ echo")
        for drawn in charts.ratio_charts(self.benchmark(content), bench.CPU):
            self.assertNotIn("<b>", drawn)
            self.assertRegex(drawn, r"<text[^>]*>&lt;b&gt;&amp;\$x\$ echo</text>")
