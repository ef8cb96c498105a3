"""Traces as lines to read."""

import unittest

from antiphon_report import traces


def told(trace, style="protocol", limit=60):
    return [" ".join(part for part in (line.connection, line.code, line.name, line.detail) if part)
            for line in traces.lines(trace, style, limit)]


class Lines(unittest.TestCase):
    def test_events_have_the_names_of_their_model(self):
        trace = [{"event": event, "c": 0, "n": n} for n, event in enumerate(("CM", "ER", "CL"))]
        self.assertEqual(told(trace), ["CM connection_made", "ER eof_received", "CL connection_lost"])
        self.assertEqual(told(trace, "callback"), ["CM connect_cb", "ER event_cb (eof)", "CL close_cb"])
        self.assertEqual(told(trace, "unheard-of"), ["CM", "ER", "CL"])

    def test_details_are_kept(self):
        self.assertEqual(told([{"event": "PW", "c": 0, "n": 0, "buffered": 65537}]), ["PW pause_writing 65,537 buffered"])
        self.assertEqual(told([{"event": "CL", "c": 0, "n": 0, "cause": "reset", "message": "gone"}]),
                         ["CL connection_lost reset · “gone”"])
        self.assertEqual(told([{"event": "RT", "c": 0, "n": 0, "action": "limits", "value": [1, 2]}]),
                         ["RT action limits · value [1, 2]"])

    def test_pieces_of_one_stream_are_one_line(self):
        trace = [{"event": "DR", "c": 0, "n": n, "bytes": 1000, "sum": 1} for n in range(5)]
        self.assertEqual(told(trace), ["DR data_received ×5 · 5,000 octets"])

    def test_pieces_of_two_connections_or_with_something_to_tell_stay_apart(self):
        self.assertEqual(len(told([{"event": "DR", "c": 0, "bytes": 1}, {"event": "DR", "c": 1, "bytes": 1}])), 2)
        self.assertEqual(len(told([{"event": "DR", "c": 0, "bytes": 1}, {"event": "DR", "c": 0, "bytes": 1, "protocol": 2}])), 2)

    def test_connections_are_numbered_only_where_there_are_several(self):
        self.assertEqual(told([{"event": "CM", "c": 0}, {"event": "CM", "c": 1}]), ["0 CM connection_made", "1 CM connection_made"])

    def test_a_long_trace_keeps_both_ends(self):
        trace = [{"event": "RT", "c": 0, "n": n, "value": n} for n in range(100)]
        lines = told(trace, limit=9)
        self.assertEqual(lines[:6], [f"RT value {n}" for n in range(6)])
        self.assertEqual(lines[6], "… 91 lines more in the JSON file …")
        self.assertEqual(lines[7:], [f"RT value {n}" for n in (97, 98, 99)])


class Peer(unittest.TestCase):
    def test_any_form_of_a_record_can_be_read(self):
        self.assertEqual(traces.peer_lines(["eof", ["send", 10], {"step": ["connect"]}, {"step": ["read_until_eof"], "end": "eof", "read": 3},
                                            {"x": [1], "y": None}, 5], 60),
                         ["eof", "send 10", "connect", "read_until_eof → end eof, read 3", "x [1], y null", "5"])
