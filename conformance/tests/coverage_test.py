"""The coverage table itself: what it counts as a test of a rule, and what it does not let pass."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[1] / "coverage"


def rule(number, level="MUST", traces=()):
    return {"id": number, "level": level, "sentence": f"sentence of {number}", "traces": list(traces)}


class Coverage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("conformance/spec_rules/CL.json", [])

    def write(self, path, content):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def rules(self, *rules):
        self.write("conformance/spec_rules/AS.json", list(rules))

    def check(self):
        done = subprocess.run([sys.executable, TOOL, "--root", self.root, "--check", "AS"], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_a_rule_that_nothing_names_is_missing(self):
        self.rules(rule("AS-901"))
        status, text = self.check()
        self.assertEqual(status, 1)
        self.assertIn("AS-901", text)

    def test_a_name_in_a_test_counts_and_one_in_the_product_does_not(self):
        self.rules(rule("AS-901"), rule("AS-902"))
        self.write("asio_style/tests/a_test.cpp", "TEST(a, b) {}  // AS_901")
        self.write("asio_style/src/a.cpp", "// AS-902")
        status, text = self.check()
        self.assertEqual(status, 1)
        self.assertNotIn("AS-901", text)
        self.assertIn("AS-902", text)

    def test_ranges_are_spelt_out(self):
        self.rules(*(rule(f"AS-9{n:02}") for n in range(1, 8)))
        self.write("asio_style/tests/a_test.cpp", "// AS-901 to AS-903\n// AS-904 … 905\n// AS-906 ... AS-907")
        self.assertEqual(self.check()[0], 0)

    def test_a_longer_number_is_another_rule(self):
        self.rules(rule("AS-901"))
        self.write("asio_style/tests/a_test.cpp", "// AS-9012 and BIAS-901")
        self.assertEqual(self.check()[0], 1)

    def test_a_replayed_trace_counts_for_the_rules_that_cite_it(self):
        self.rules(rule("AS-901", traces=["one"]))
        self.write("conformance/replay/asyncio/traces/one.asyncio.json", {})
        self.assertEqual(self.check()[0], 0)

    def test_a_difference_counts_only_for_the_rule_that_it_names(self):
        self.rules(rule("AS-901", traces=["one"]), rule("AS-902", traces=["one"]))
        self.write("conformance/replay/asyncio/traces/one.asyncio.json", {})
        self.write("conformance/replay/asyncio/differences.json", [{"scenario": "one", "reason": "AS-902 says so"}])
        status, text = self.check()
        self.assertEqual(status, 1)
        self.assertIn("AS-901", text)
        self.assertNotIn("AS-902", text)

    def test_a_table_of_differences_may_be_an_object(self):
        self.rules(rule("AS-901", traces=["one"]))
        self.write("conformance/replay/asyncio/traces/one.asyncio.json", {})
        self.write("conformance/replay/asyncio/differences.json", {"one": {"rules": ["AS-902"]}})
        self.assertEqual(self.check()[0], 1)
        self.write("conformance/replay/asyncio/differences.json", {"one": {"rules": ["AS-901"]}})
        self.assertEqual(self.check()[0], 0)

    def test_a_kit_scenario_counts_for_the_sources_of_its_rule(self):
        self.rules(rule("AS-901"))
        self.write("conformance/src/rules.cpp", 'Rule{"ORD-01", must, "order", "Once, AS-999.",\n "AS-901 CL-001"},')
        self.write("conformance/differences.json", [])
        self.write("conformance/scenarios/one.json", {"rules": ["ORD-01"]})
        self.assertEqual(self.check(), (0, "AS: 1 rules, 0 problems\n"))

    def test_a_reason_counts(self):
        self.rules(rule("AS-901"))
        self.write("conformance/not_applicable.json", {"AS-901": "C++ has no None"})
        self.assertEqual(self.check()[0], 0)

    def test_a_may_needs_a_test_or_says_whether_it_is_offered(self):
        self.rules(rule("AS-901", "MAY"), rule("AS-902", "MAY"))
        self.write("conformance/not_applicable.json", {"AS-901": "not offered: nobody asked", "AS-902": "a reason"})
        status, text = self.check()
        self.assertEqual(status, 1)
        self.assertNotIn("AS-901", text)
        self.assertIn("AS-902", text)

    def test_an_unknown_rule_is_named(self):
        self.rules(rule("AS-901"))
        self.write("asio_style/tests/a_test.cpp", "// AS-901 AS-955")
        self.write("conformance/not_applicable.json", {"AS-956": "gone"})
        status, text = self.check()
        self.assertEqual(status, 1)
        self.assertIn("AS-955", text)
        self.assertIn("AS-956", text)


if __name__ == "__main__":
    unittest.main()
