"""The page in a real browser, wide and narrow, light and dark: nothing spills, nothing is asked of the network, everything works."""

import html
import json
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from antiphon_report import render
from tests.support import WithFolder

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HARNESS = Path(__file__).resolve().parent / "browser_harness.html"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--allow-file-access-from-files",
         "--enable-logging=stderr", "--virtual-time-budget=20000")
SCENARIOS = ["echo_once", "pause_above_high", "second_protocol", "reset_by_peer", "handshake"]


@unittest.skipUnless(BROWSER, "no Chromium is installed: the page was not opened in a browser")
class Browser(WithFolder):
    def look(self, *flags):
        """Opens the page of the fixtures; what the harness saw, and the browser's console."""
        page = render.page(self.inputs(sources=self.sources()))
        self.file("report.html", page)
        harness = self.file("harness.html", HARNESS.read_text(encoding="utf-8"))
        ended = subprocess.run([BROWSER, *FLAGS, f"--user-data-dir={self.folder / 'profile'}", *flags, "--window-size=1400,1000",
                                "--dump-dom", f"file://{harness}"], capture_output=True, text=True, timeout=400, check=False)
        found = re.search(r'<pre id="seen">(.*?)</pre>', ended.stdout, re.DOTALL)
        self.assertTrue(found and found[1], f"the browser ended with {ended.returncode}: {ended.stderr[-3000:]}")
        seen = json.loads(html.unescape(found[1]))
        self.assertNotIn("error", seen)
        return seen, [line for line in ended.stderr.splitlines() if ":CONSOLE" in line]

    def test_light(self):
        seen, console = self.look()
        self.assertEqual(console, [])
        for name, width in (("wide", 1280), ("narrow", 390)):
            with self.subTest(name):
                one = seen[name]
                self.assertEqual(one["width"], width)
                self.assertEqual(one["requests"], [])
                for moment in ("atFirst", "allOpen"):
                    self.assertEqual(one[moment], {"by": 0, "elements": []}, moment)
                self.check_search(one)
                self.check_traces(one)
                self.check_paper(one)
                self.assertEqual(one["charts"], [name] * 5)
                self.assertGreaterEqual(one["smallestChartText"], 10)
                self.assertEqual(one["paper"], "rgb(251, 250, 246)")

    def test_dark(self):
        seen, console = self.look("--blink-settings=preferredColorScheme=0")
        self.assertEqual(console, [])
        for one in seen.values():
            paper, ink = ([int(part) for part in re.findall(r"\d+", one[key])] for key in ("paper", "ink"))
            self.assertLess(max(paper), 60)
            self.assertGreater(min(ink), 200)

    def check_search(self, one):
        self.assertEqual(one["all"], [])                    # the lists are folded until somebody looks or searches
        self.assertEqual(one["searched"], ["reset_by_peer"])
        self.assertEqual(one["announced"], "1 of 11 rules and scenarios")
        self.assertEqual(one["searchedReason"], ["pause_above_high"])
        self.assertEqual(one["failing"], ["pause_above_high"])
        self.assertEqual(one["failingRules"], ["CK-07 MUST"])
        self.assertEqual(one["notOffered"], ["second_protocol"])
        self.assertEqual(one["foldedAgain"], [])

    def check_traces(self, one):
        self.assertFalse(one["traceBefore"])
        self.assertTrue(one["traceAfter"])
        self.assertEqual(one["focused"], "trace/pause_above_high/asyncio")
        self.assertEqual(one["listedAfterLink"], SCENARIOS)
        self.assertTrue(one["traceAgain"])
        self.assertEqual(one["heads"], ["the peer", "asio_style pass", "cl_async_style differs", "asyncio fail"])
        self.assertEqual(one["marked"], ["✕ CL close_cb"])
        self.assertGreater(one["odd"], 0)
        self.assertIn("expected there: PW", one["notes"])
        self.assertEqual(one["ruleLink"], "trace/pause_above_high/cl_async_style")
        self.assertTrue(one["codeStep"])
        self.assertEqual(one["downloaded"], "benchmark.json")

    def check_paper(self, one):
        self.assertGreater(one["folded"], 3)
        self.assertLessEqual(one["foldedOnPaper"], 1)       # the list of all scenarios stays as it was
        self.assertEqual(one["foldedAfterPaper"], one["folded"])
