"""Adapters that are odd but keep the protocol's text: they are understood as any other. And some that do not say enough.

Usage: odd_adapters_test.py ANTIPHON REPOSITORY
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
# The kit's own adapter for asyncio, with another way to say a line. {} is that way; `line` is what to say.
PROGRAM = """
import json, os, sys, threading, time
sys.path.insert(0, "FOLDER")
import adapter
lock = threading.Lock()
def out(octets):
    while octets:
        octets = octets[os.write(1, octets):]
def plain(line):
    out(json.dumps(line).encode() + b"\\n")
WAY
def locked(line):
    with lock:
        say(line)
adapter.say = locked
import asyncio_adapter
sys.argv = ["adapter"]
asyncio_adapter.main()
FLUSH
"""
WAYS = {
    "fields_in_another_order": ("def say(line): plain(dict(reversed(line.items())))", ""),
    "more_fields_than_are_known": ("def say(line): plain({'x-time': 1.5, 'x': {'event': ['CM', None]}, **line, 'zz': True})", ""),
    "blank_lines_and_spaces": ("def say(line): out(b'\\n  \\t\\n  ' + json.dumps(line, separators=(' ,  ', ' : ')).encode() + b'  \\n\\n')",
                               ""),
    "lines_as_windows_ends_them": ("def say(line): out(json.dumps(line).encode() + b'\\r\\n\\r\\n')", ""),
    "characters_escaped": ("""
def say(line):
    out(json.dumps(line).replace("CM", "\\\\u0043M").replace("event", "\\\\u0065vent").encode() + b"\\n")
""", ""),
    "long_lines": ("def say(line): plain({'pad': 'x' * 500_000, **line})", ""),
    "octet_by_octet": ("""
def say(line):
    for octet in json.dumps(line).encode() + b"\\n":
        out(bytes([octet]))
""", ""),
    "lines_cut_in_two": ("""
waiting = b""
def say(line):
    global waiting
    octets = waiting + json.dumps(line).encode() + b"\\n"
    half = len(octets) - 5 if len(octets) % 2 else len(octets)
    out(octets[:half])
    time.sleep(0.002)
    out(octets[half:])
""", ""),
    "many_lines_in_one_write": ("""
waiting = []
def say(line):
    waiting.append(line)
def flush():
    while True:
        time.sleep(0.01)
        with lock:
            out("".join(json.dumps(each) + "\\n" for each in waiting).encode())
            waiting.clear()
threading.Thread(target=flush, daemon=True).start()
""", ""),
    "slow_to_begin": ("time.sleep(3)\nsay = plain", ""),
    "talks_much_on_its_log": ("""
def say(line):
    sys.stderr.write("x" * 5000)
    plain(line)
""", ""),
    "no_more_fields_than_are_needed": ("""
need = {"CM": (), "DR": ("bytes", "sum"), "ER": (), "CL": ("cause",), "EX": (), "RT": ("action", "value", "raised"), "PW": (),
        "RW": (), "note": ("text",)}
def say(line):
    if "event" in line:
        line = {key: line[key] for key in ("event", "c", "n", *need[line["event"]]) if key in line}
    elif line["reply"] == "hello":
        line = {key: line[key] for key in ("reply", "protocol", "offers")}
    elif "kind" not in line:
        line = {key: line[key] for key in ("reply", "port", "open") if key in line}
    plain(line)
""", ""),
    "an_error_that_names_its_connection": ("""
def say(line):
    plain({**line, "c": 0} if line.get("event") == "EX" else line)
""", ""),
    "offers_that_nobody_knows_yet": ("""
def say(line):
    plain({**line, "offers": line["offers"] + ["zero_copy", "io_uring"]} if "offers" in line else line)
""", ""),
}
# What a line lacks, or has of a wrong kind, and the words of the harness error.
WRONG = {
    "no_number": ("{key: line[key] for key in line if key != 'n'}", 'CM without "n"'),
    "no_sum": ("{key: line[key] for key in line if key != 'sum'}", 'DR without "sum"'),
    "no_cause": ("{key: line[key] for key in line if key != 'cause'}", 'CL without "cause"'),
    "another_cause": ("{**line, 'cause': 'moon'} if 'cause' in line else line", "none that the protocol knows: \"moon\""),
    "a_cause_that_is_no_text": ("{**line, 'cause': None} if 'cause' in line else line", '"cause" is no text'),
    "a_sum_that_is_no_number": ("{**line, 'sum': 'x'} if 'sum' in line else line", '"sum" is no number'),
    "nobody_listens_there": ("{**line, 'port': 1} if 'port' in line else line", "says that it listens, but nobody does"),
}


class OddAdapters(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def conform(self, name, way, flush="", scenario="e[cr]*"):
        file = self.folder / f"{name}.py"
        text = PROGRAM.replace("FOLDER", str(ROOT / "conformance/adapters")).replace("WAY", way).replace("FLUSH", flush)
        file.write_text(text, encoding="utf-8")
        return subprocess.run([ANTIPHON, "conform", "--target", f"exec:{sys.executable} {file}", "--scenario", scenario],
                              capture_output=True, text=True, timeout=200, check=False)

    def test_what_the_protocol_allows_is_understood(self):
        for name, (way, flush) in WAYS.items():
            with self.subTest(name):
                done = self.conform(name, way, flush)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, r" (\d+)/\1  \1 pass ")

    def test_a_line_that_says_too_little_or_a_lie_is_a_harness_error(self):
        for name, (changed, words) in WRONG.items():
            with self.subTest(name):
                done = self.conform(name, f"def say(line): plain({changed})", scenario="echo")
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertIn("1 harness-error", done.stdout)
                self.assertIn(words, done.stdout)

    def test_an_action_that_no_offer_names_may_be_lacking_and_no_other(self):
        lacks = """
def say(line):
    plain(line)
asked = adapter.unknown_action
def unknown(script, actions=frozenset(adapter.ACTIONS)):
    return asked(script, actions - {LACKING})
adapter.unknown_action = unknown
"""
        done = self.conform("lacks_soon", lacks.replace("LACKING", "'soon', 'later'"), scenario="*soon*")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(\d+)/\1  (\d+ pass  )?\d+ not-offered")
        done = self.conform("lacks_echo", lacks.replace("LACKING", "'echo'"), scenario="echo")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("though it says that it offers it", done.stdout)


if __name__ == "__main__":
    unittest.main()
