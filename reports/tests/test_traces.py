"""Traces as lines to read."""

import unittest

from antiphon_report import traces


def told(trace, style="protocol"):
    return [" ".join(part for part in (line.connection, line.code, line.name, line.detail) if part)
            for line, _, _ in traces.told(trace, style)]


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

    def test_an_end_without_a_cause_says_nothing_more(self):
        self.assertEqual(told([{"event": "CL", "c": 0, "n": 0, "cause": "none", "message": "None"}]), ["CL connection_lost"])

    def test_pieces_of_one_stream_are_one_line(self):
        trace = [{"event": "DR", "c": 0, "n": n, "bytes": 1000, "sum": 1} for n in range(5)]
        self.assertEqual(told(trace), ["DR data_received ×5 · 5,000 octets"])
        self.assertEqual(traces.told(trace, "")[0][2], [0, 1, 2, 3, 4])

    def test_pieces_of_two_connections_or_with_something_to_tell_stay_apart(self):
        self.assertEqual(len(told([{"event": "DR", "c": 0, "bytes": 1}, {"event": "DR", "c": 1, "bytes": 1}])), 2)
        self.assertEqual(len(told([{"event": "DR", "c": 0, "bytes": 1}, {"event": "DR", "c": 0, "bytes": 1, "protocol": 2}])), 2)

    def test_connections_are_numbered_only_where_there_are_several(self):
        self.assertEqual(told([{"event": "CM", "c": 0}, {"event": "EX"}]), ["CM connection_made", "EX exception handler"])
        self.assertEqual(told([{"event": "CM", "c": 0}, {"event": "CM", "c": 1}]), ["0 CM connection_made", "1 CM connection_made"])
