"""Adapters that crash, hang, talk rubbish, lie or flood: harness errors with their logs, and nothing is left behind.

Usage: bad_adapters_test.py ANTIPHON
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ANTIPHON = sys.argv[1]
del sys.argv[1:3]  # and the repository, which is not needed
GOOD = """
import json, sys
def say(line):
    print(json.dumps(line), flush=True)
def hello(offers):
    say({"reply": "hello", "protocol": 1, "name": "bad", "version": "1", "style": "protocol", "offers": offers})
"""
CASES = {
    "crashes": ("sys.stdin.readline(); sys.stderr.write('my last words'); sys.exit(3)", "my last words"),
    "crashes_later": ("sys.stdin.readline(); hello(['tcp']); sys.stdin.readline(); sys.stderr.write('oh no'); sys.exit(3)",
                      "oh no"),
    "talks_rubbish": ("sys.stdin.readline(); print('what?', flush=True); sys.stdin.read()", "what?"),
    "lies_about_offers": ("""
for line in sys.stdin:
    if json.loads(line)["op"] == "hello": hello(["tcp"])
    else: say({"reply": "error", "kind": "not-offered", "message": "tcp"})
""", "though it says that it offers it"),
    "lies_about_lines": ("""
import socket
listener = socket.create_server(("127.0.0.1", 0))
for line in sys.stdin:
    op = json.loads(line)["op"]
    if op == "hello": hello(["tcp"])
    elif op == "listen":
        say({"reply": "listening", "port": listener.getsockname()[1]})
        say({"event": "CM", "c": 0, "n": 7})
    else: say({"reply": {"act": "done", "stop": "stopped", "drain": "drained"}[op]})
""", "the adapter lies"),
    "floods": ("""
sys.stdin.readline()
hello(["tcp"])
while True:
    sys.stdout.write('{"event":"note","text":"x"}\\n' * 1000)
""", "floods"),
    "floods_one_line": ("""
sys.stdin.readline()
while True:
    sys.stdout.write("x" * 100000)
""", "floods"),
}


def adapter(folder, name, program):
    file = pathlib.Path(folder) / f"{name}.py"
    file.write_text(GOOD + program, encoding="utf-8")
    return f"exec:{sys.executable} {file}"


def left_behind(folder):
    """Processes whose command line names the folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                command = (entry / "cmdline").read_bytes()
                if folder.encode() in command and b"antiphon" not in command.split(b"\0")[0]:
                    found.append(command)
        except OSError:
            pass  # it ended meanwhile
    return found


class BadAdapters(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def conform(self, target, *more):
        return subprocess.run([ANTIPHON, "conform", "--target", target, *more], capture_output=True, text=True, timeout=100,
                              check=False)

    def test_each_is_a_harness_error_that_tells_why_and_the_others_go_on(self):
        for name, (program, words) in CASES.items():
            with self.subTest(name):
                done = self.conform(adapter(self.folder, name, program), "--scenario", "ec*", "--rule", "OCT*")
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertIn("harness-error", done.stdout)
                self.assertIn(words, done.stdout)
                self.assertEqual(left_behind(self.folder), [])

    def test_a_program_that_says_nothing_is_given_up(self):
        done = self.conform(adapter(self.folder, "hangs", "import time; time.sleep(1000)"), "--scenario", "echo")
        self.assertEqual(done.returncode, 3)
        self.assertIn("says nothing for 10 s", done.stdout)
        self.assertEqual(left_behind(self.folder), [])

    def test_other_targets_are_still_played(self):
        done = self.conform(adapter(self.folder, "crashes", CASES["crashes"][0]), "--target", "reference", "--scenario",
                            "echo")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stdout, r"reference +1/1  1 pass")

    def test_what_it_started_ends_with_it(self):
        program = f"""
import subprocess
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", "{self.folder}"])
sys.stdin.readline(); sys.exit(1)
"""
        self.assertEqual(self.conform(adapter(self.folder, "parent", program), "--scenario", "echo").returncode, 3)
        self.assertEqual(left_behind(self.folder), [])


if __name__ == "__main__":
    unittest.main()
