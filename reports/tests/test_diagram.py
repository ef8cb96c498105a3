"""Sequence diagrams: the traces of all targets side by side."""

import json

from antiphon_report import diagram
from tests.support import WithFolder, changed, fixture


class Diagrams(WithFolder):
    def drawn(self, scenario, content=None):
        found = diagram.of(self.conformance(content), scenario)
        return found, [row.step or (row.code, [line and line.detail for line in row.cells], row.odd) for row in found.rows]

    def traces(self, **traces):
        """The fixture with other traces of echo_once, each a list of codes."""
        content = fixture("conformance")
        for result in content["results"]:
            if result["scenario"] == "echo_once":
                codes = traces[result["target"]].split()
                result["trace"] = [{"event": code, "c": 0, "n": n} for n, code in enumerate(codes)]
                result["peer"] = []
        return content

    def test_the_peers_steps_stand_between_the_events(self):
        _, rows = self.drawn("echo_once")
        self.assertEqual([row if isinstance(row, str) else row[0] for row in rows],
                         ["connect", "CM", "send 10", "DR", "read_until_eof: end eof, read 10", "ER", "CM", "CL", "CL"])

    def test_events_that_correspond_share_a_row_and_the_others_are_marked(self):
        _, rows = self.drawn("echo_once", self.traces(asio_style="CM DR ER CL", cl_async_style="CM DR CL", asyncio="CM DR PW ER CL"))
        self.assertEqual([(code, odd) for code, _, odd in rows],
                         [("CM", False), ("DR", False), ("PW", True), ("ER", True), ("CL", False)])

    def test_equal_traces_have_no_mark(self):
        content = self.traces(asio_style="CM DR CL", cl_async_style="CM DR CL", asyncio="CM DR CL")
        self.assertEqual([odd for _, _, odd in self.drawn("echo_once", content)[1]], [False] * 3)

    def test_another_cause_is_a_difference_and_other_words_are_none(self):
        content = self.traces(asio_style="CM CL", cl_async_style="CM CL", asyncio="CM CL")
        for index in range(3):
            content["results"][index]["trace"][1].update(cause="reset", message=f"words of {index}")
        self.assertFalse(self.drawn("echo_once", content)[1][1][2])
        content["results"][2]["trace"][1]["cause"] = "error"
        self.assertTrue(self.drawn("echo_once", content)[1][1][2])

    def test_the_event_that_the_kit_blames_is_marked_with_what_it_expected(self):
        found, _ = self.drawn("pause_above_high")
        self.assertEqual([row.marked for row in found.rows if row.marked], [("cl_async_style",)])
        self.assertIn(("cl_async_style", "expected there: PW"), found.notes)
        self.assertIn(("cl_async_style", "Writes are gathered until the end of the tick, so the pause comes one tick later."), found.notes)

    def test_who_does_not_offer_it_has_no_column(self):
        self.assertEqual(self.drawn("second_protocol")[0].targets, ("asio_style", "asyncio"))

    def test_pieces_of_one_stream_are_one_row(self):
        _, rows = self.drawn("echo_once")
        self.assertIn(("DR", ["×2 · 10 octets", "10 octets", None], True), rows)

    def test_a_long_diagram_keeps_its_ends_and_says_so(self):
        content = self.traces(asio_style="PW RW " * 100, cl_async_style="PW RW " * 100, asyncio="PW RW " * 100)
        _, rows = self.drawn("echo_once", content)
        self.assertLess(len(rows), 80)
        self.assertIn("rows more in the JSON file", str(rows[40]))


class Encoded(WithFolder):
    def decoded(self, content=None):
        return json.loads(diagram.encode(self.conformance(content)))

    def test_every_scenario_is_there_and_each_text_once(self):
        value = self.decoded()
        self.assertEqual(list(value["diagrams"]), ["echo_once", "pause_above_high", "second_protocol", "reset_by_peer", "handshake"])
        self.assertEqual(len(value["texts"]), len(set(value["texts"])))

    def test_texts_and_marks_can_be_read_back(self):
        value = self.decoded()
        targets, rows, notes = value["diagrams"]["pause_above_high"]
        self.assertEqual(targets, [0, 1, 2])
        blamed = [row for row in rows if row[1] >= 3 and row[3]]
        self.assertEqual([(value["texts"][row[0]], row[3]) for row in blamed], [("CL", 0b010)])
        self.assertIn([1, value["texts"].index("expected there: PW")], notes)

    def test_nothing_in_it_ends_its_element(self):
        content = changed(fixture("conformance"), ("results", 4, "reason"), "</script><script>alert(1)</script>\u2028")
        text = diagram.encode(self.conformance(content))
        self.assertNotIn("</script", text)
        self.assertNotIn("\u2028", text)
        self.assertIn("</script><script>alert(1)</script>\u2028", json.loads(text)["texts"])
