"""Charts that are part of the page."""

import re
from xml.etree import ElementTree

from antiphon_report import charts
from tests.support import WithFolder, fixture, rows

CPU = "cpu_per_request"


class Charts(WithFolder):
    def all(self, content=None):
        found = self.benchmark(content)
        bare, used = charts.ratio_charts(found, CPU)
        return {"ratio": bare, "used": used, "latency": charts.latency_charts(found), "memory": charts.memory_charts(found)}

    def test_the_same_figures_give_the_same_octets(self):
        self.assertEqual(self.all(), self.all())

    def test_ratios_are_written_as_text(self):
        bare, used = charts.ratio_charts(self.benchmark(), CPU)
        for pair, expected in ((bare, ("1.02×", "1.30×", "Keep-alive, 64 connections", "over its own bare library", "over bare epoll")),
                               (used, ("0.81×", "0.90×", "Keep-alive, 64 connections", "over nginx"))):
            for drawn in pair:
                words = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
                for word in expected:
                    self.assertIn(word, words)

    def test_curves_name_every_server(self):
        found = self.all()
        for kind, servers in (("latency", ("asio_style", "cl_async_style", "bare epoll", "nginx")), ("memory", ("asio_style", "bare Asio"))):
            for drawn in found[kind]:
                words = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
                for server in servers:
                    self.assertIn(server, words)

    def test_labelled_for_those_who_do_not_see_it(self):
        found = self.benchmark()
        for kind, pair in self.all().items():
            for drawn in pair:
                root = ElementTree.fromstring(drawn)
                self.assertEqual(root.get("role"), "img")
                title, description = (root.find(f"*[@id='{identity}']").text for identity in root.get("aria-labelledby").split())
                self.assertTrue(title)
                if kind == "ratio":
                    for row in found.ratios(CPU):
                        if row.against.startswith("bare_"):
                            self.assertIn(f"{row.ratio:.2f}, from {row.interval[0]:.2f} to {row.interval[1]:.2f}", description)

    def test_figures_that_change_change_their_chart(self):
        content = fixture("benchmark")
        before = self.all()
        rows(content, metric=CPU, subject="asio_style")[0]["ratio"] = 1.04
        content["curves"]["latency"][0]["points"][0]["p99_us"] *= 2
        content["curves"]["memory"][0]["points"][0]["rss_bytes"] *= 2
        after = self.all(content)
        for kind in ("ratio", "latency", "memory"):
            self.assertNotEqual(before[kind], after[kind], kind)

    def test_colours_are_the_pages_and_ids_its_own(self):
        identities = []
        for pair in self.all().values():
            for drawn in pair:
                self.assertEqual(re.findall(r"#0[0-9a-f]0[0-9a-f]0[0-9a-f]", drawn), [])
                identities += re.findall(r' id="([^"]*)"', drawn)
        self.assertEqual(len(identities), len(set(identities)))

    def test_what_is_not_told_of_a_chart_leaves_it_alone(self):
        content = fixture("benchmark")
        rows(content, metric=CPU, subject="asio_style")[0]["ratio"] = 1.04
        self.assertEqual(self.all()["used"], self.all(content)["used"])

    def test_a_range_of_more_than_three_is_drawn_in_steps_of_ratio(self):
        content = fixture("benchmark")
        row = rows(content, metric=CPU, subject="asio_style")[0]
        row.update(ratio=8.0, interval=[7.0, 9.0])
        for drawn in self.all(content)["ratio"]:
            self.assertIn("8.00×", drawn)

    def test_without_curves_there_is_no_chart(self):
        content = fixture("benchmark")
        del content["curves"]
        found = self.benchmark(content)
        self.assertEqual((charts.latency_charts(found), charts.memory_charts(found)), ([], []))
