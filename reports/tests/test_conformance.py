"""The model of what the kit found."""

from antiphon_report import conformance
from antiphon_report.load import InputError
from tests.support import WithFolder, changed, fixture


class Matrix(WithFolder):
    def test_counts_by_target_and_in_all(self):
        found = self.conformance()
        self.assertEqual(found.counts("asio_style"), {"pass": 4})
        self.assertEqual(found.counts("cl_async_style"), {"pass": 2, "differs": 1, "not-offered": 1})
        self.assertEqual(found.counts("asyncio"), {"pass": 2, "fail": 1})
        self.assertEqual(found.counts(), {"pass": 8, "differs": 1, "not-offered": 1, "fail": 1})

    def test_a_pair_without_a_result_is_not_a_pass(self):
        self.assertEqual(self.conformance().verdict("reset_by_peer", "asyncio"), "none")


class SeveralRuns(WithFolder):
    def over_tls(self, scenario="handshake"):
        content = fixture("conformance")
        content["targets"] = [{"name": "asio_style-tls", "version": "0.1.0", "style": "protocol", "offers": ["tls"]}]
        content["results"] = [{"target": "asio_style-tls", "scenario": scenario, "verdict": "pass", "rules_exercised": ["CK-12"],
                               "trace": [{"event": "CM", "c": 0, "n": 0}], "peer": []}]
        return self.file("tls.json", content)

    def test_another_transport_stands_in_the_column_of_its_target(self):
        first = self.file("conformance.json", fixture("conformance"))
        self.assertEqual(conformance.read(first).rule_verdict("CK-12", "asio_style"), "none")
        found = conformance.read_all([first, self.over_tls()])
        self.assertEqual(list(found.targets), ["asio_style", "cl_async_style", "asyncio"])
        self.assertEqual(found.rule_result("CK-12", "asio_style"), ("pass", "handshake"))
        self.assertIn("handshake", found.played)
        self.assertEqual(found.counts("asio_style")["pass"], 5)

    def test_what_the_target_has_played_itself_makes_a_column_of_its_own(self):
        found = conformance.read_all([self.file("conformance.json", fixture("conformance")), self.over_tls("echo_once")])
        self.assertEqual(list(found.targets), ["asio_style", "cl_async_style", "asyncio", "asio_style-tls"])
        self.assertEqual(found.verdict("echo_once", "asio_style-tls"), "pass")

    def test_the_same_result_twice_is_refused(self):
        with self.assertRaisesRegex(InputError, 'tls.json: a second result of "asio_style-tls"'):
            conformance.read_all([self.file("conformance.json", fixture("conformance")), self.over_tls("echo_once"), self.over_tls("echo_once")])


class RuleVerdicts(WithFolder):
    def test_the_blamed_rule_has_the_verdict_and_the_others_keep_theirs(self):
        found = self.conformance()
        self.assertEqual(found.rule_verdict("CK-07", "asyncio"), "fail")
        self.assertEqual(found.rule_verdict("CK-02", "asyncio"), "pass")
        self.assertEqual(found.rule_verdict("CK-07", "cl_async_style"), "differs")
        self.assertEqual(found.rule_verdict("CK-07", "asio_style"), "pass")

    def test_one_failure_outweighs_passes(self):
        content = changed(fixture("conformance"), ("results", 9, "verdict"), "fail")
        content["results"][9]["rule"] = "CK-02"
        self.assertEqual(self.conformance(content).rule_verdict("CK-02", "asio_style"), "fail")

    def test_not_offered_only_where_nothing_else_tried_the_rule(self):
        content = fixture("conformance")
        self.assertEqual(self.conformance(content).rule_verdict("CK-09", "cl_async_style"), "not-offered")
        content["results"][1]["rules_exercised"].append("CK-09")
        self.assertEqual(self.conformance(content).rule_verdict("CK-09", "cl_async_style"), "pass")

    def test_an_untried_rule_has_no_verdict(self):
        self.assertEqual(self.conformance().rule_verdict("CK-11", "asio_style"), "none")


class Findings(WithFolder):
    def test_worst_first_and_passes_not_at_all(self):
        self.assertEqual([one.verdict for one in self.conformance().findings()], ["fail", "differs"])

    def test_the_same_reason_is_told_once(self):
        content = fixture("conformance")
        content["results"][10].update(verdict="differs", rule="CK-02", reason=content["results"][4]["reason"])
        differs = self.conformance(content).findings()[1]
        self.assertEqual(differs.rules, ["CK-07", "CK-02"])
        self.assertEqual(differs.places, {"cl_async_style": ["pause_above_high", "reset_by_peer"]})

    def test_without_reasons_different_rules_stay_apart(self):
        content = fixture("conformance")
        for index, rule in ((0, "CK-01"), (3, "CK-02")):
            content["results"][index].update(verdict="warn", rule=rule, reason="", message="")
        warned = [one for one in self.conformance(content).findings() if one.verdict == "warn"]
        self.assertEqual([one.rules for one in warned], [["CK-01"], ["CK-02"]])
