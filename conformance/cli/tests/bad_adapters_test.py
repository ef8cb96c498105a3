"""Adapters that crash, hang, talk rubbish, lie or flood: harness errors with their logs, and nothing is left behind.

Usage: bad_adapters_test.py ANTIPHON REPOSITORY
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
GOOD = """
import json, os, sys, time
def say(line):
    print(json.dumps(line), flush=True)
def hello(offers):
    say({"reply": "hello", "protocol": 1, "name": "bad", "version": "1", "style": "protocol", "offers": offers})
"""
ONCE = """
for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "hello": hello(["tcp"])
    elif request["op"] == "listen": %s
    else: say({"reply": {"act": "done", "stop": "stopped", "drain": "drained"}[request["op"]]})
"""
LISTENS = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
""" + ONCE
# A program and the words that its harness error must have.
CASES = {
    "crashes_at_once": ("sys.stderr.write('my last words'); sys.exit(3)", "my last words"),
    "crashes_at_hello": ("sys.stdin.readline(); sys.stderr.write('my last words'); sys.exit(3)", "my last words"),
    "crashes_later": ("sys.stdin.readline(); hello(['tcp']); sys.stdin.readline(); sys.stderr.write('oh no'); sys.exit(3)",
                      "the adapter ended with status 3; its log:\noh no"),
    "crashes_while_it_serves": (LISTENS % """(say({"reply": "listening", "id": request["id"], "port": port}),
        listener.accept(), sys.stderr.write("oh no"), sys.exit(3))""", "oh no"),
    "kills_itself": ("sys.stdin.readline(); hello(['tcp']); sys.stdin.readline(); os.kill(os.getpid(), 9)",
                     "the adapter ended by signal 9 (Killed)"),
    "talks_rubbish": ("sys.stdin.readline(); print('what?', flush=True); sys.stdin.read()", "what?"),
    "talks_binary_rubbish": ("""
sys.stdin.readline()
sys.stdout.buffer.write(bytes(range(255, 10, -1)) + b"\\n")
sys.stdout.flush()
sys.stdin.read()
""", "is no JSON"),
    "logs_binary_rubbish": ("sys.stderr.buffer.write(bytes(range(256)) + b'oh no'); sys.exit(3)", "oh no"),
    "talks_no_objects": ("sys.stdin.readline(); print('[1]', flush=True); sys.stdin.read()", "no object"),
    "tells_unknown_events": ("sys.stdin.readline(); hello(['tcp']); say({'event': 'ZZ', 'c': 0, 'n': 0}); sys.stdin.read()",
                             "unknown event 'ZZ'"),
    "tells_events_of_nobody": ("sys.stdin.readline(); hello(['tcp']); say({'event': 'CM'}); sys.stdin.read()",
                               "the number of its connection"),
    "speaks_another_version": ("sys.stdin.readline(); say({'reply': 'hello', 'protocol': 2}); sys.stdin.read()",
                               "does not speak version 1"),
    "says_hello_of_wrong_kinds": ("""
sys.stdin.readline()
say({'reply': 'hello', 'protocol': 1, 'name': 5, 'offers': 'tcp'})
sys.stdin.read()
""", "a field of a wrong kind"),
    "answers_unasked": ("sys.stdin.readline(); hello(['tcp']); hello(['tcp']); sys.stdin.read()",
                        '"reply":"hello"'),
    "answers_for_another": (LISTENS % """say({"reply": "listening", "id": "another", "port": port})""", "another"),
    "says_no_port": (LISTENS % """say({"reply": "listening", "id": request["id"]})""", "does not say where"),
    "closes_its_output": ("sys.stdin.readline(); hello(['tcp']); sys.stdin.readline(); os.close(1); time.sleep(1000)",
                          "closed its output"),
    "closes_its_input": ("sys.stdin.readline(); os.close(0); hello(['tcp']); time.sleep(1000)", "the adapter has closed its input"),
    "lies_about_offers": (ONCE % """say({"reply": "error", "kind": "not-offered", "message": "tcp"})""",
                          "though it says that it offers it"),
    "lies_about_lines": (LISTENS % """(say({"reply": "listening", "id": request["id"], "port": port}),
        say({"event": "CM", "c": 0, "n": 7}))""", "the adapter lies"),
    "lies_about_connections": (LISTENS % """(say({"reply": "listening", "id": request["id"], "port": port}),
        say({"event": "CM", "c": 100000, "n": 0}))""", "the adapter lies"),
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
    "floods_answers": ("""
sys.stdin.readline()
while True:
    say({"reply": "done"})
""", "the adapter answered"),
    "leaves_a_daemon": ("""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
sys.stdin.readline()
hello(["tcp"])
sys.exit(1)
""", "ended"),
}
# Each takes the whole patience of the kit, so they are few.
HANGS = {
    "hangs": ("time.sleep(1000)", "says nothing for 10 s"),
    "floods_its_log": ("sys.stdin.readline()\nwhile True: sys.stderr.write('x' * 10000)", "says nothing for 10 s"),
    "answers_too_late": ("sys.stdin.readline(); time.sleep(11); hello(['tcp']); sys.stdin.read()", "says nothing for 10 s"),
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
                junit = pathlib.Path(self.folder, "junit.xml")
                done = self.conform(adapter(self.folder, name, program), "--target", "reference", "--scenario", "echo",
                                    "--junit", junit, "--json", pathlib.Path(self.folder, "results.json"))
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertIn("harness-error", done.stdout)
                self.assertIn(words, done.stdout)
                self.assertRegex(done.stdout, r"reference +\d+/\d+  \d+ pass")
                self.assertEqual(left_behind(self.folder), [])
                ET.parse(junit)

    def test_a_program_that_says_nothing_is_given_up(self):
        for name, (program, words) in HANGS.items():
            with self.subTest(name):
                done = self.conform(adapter(self.folder, name, program), "--scenario", "echo")
                self.assertEqual(done.returncode, 3)
                self.assertIn(words, done.stdout)
                self.assertEqual(left_behind(self.folder), [])

    def test_one_scenario_that_breaks_the_adapter_leaves_the_others(self):
        source = (ROOT / "conformance/adapters/asyncio_adapter.py").read_text(encoding="utf-8")
        program = source.replace('        if op == "listen":\n', """        if op == "listen":
            if "raise" in json.dumps(request["script"]):
                sys.exit("oh no")
""")
        self.assertNotEqual(program, source)
        file = pathlib.Path(self.folder, "breaks.py")
        file.write_text(program, encoding="utf-8")
        for module in (ROOT / "conformance/adapters").glob("*.py"):
            if module.name != "asyncio_adapter.py":
                pathlib.Path(self.folder, module.name).write_text(module.read_text(encoding="utf-8"), encoding="utf-8")
        done = self.conform(f"exec:{sys.executable} {file}", "--scenario", "*rror_in_*")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertRegex(done.stdout, r"[1-9]\d* harness-error")
        self.assertNotIn("not tried", done.stdout)
        done = self.conform(f"exec:{sys.executable} {file}", "--scenario", "e*")
        self.assertRegex(done.stdout, r"[1-9]\d* pass .*[1-9]\d* harness-error")

    def test_an_interrupt_leaves_nothing_behind(self):
        hangs = adapter(self.folder, "hangs", """
import subprocess
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", "FOLDER"], start_new_session=True)
sys.stderr.write("begun")
open("FOLDER/begun", "w").close()
time.sleep(1000)
""".replace("FOLDER", self.folder))
        for number in (signal.SIGINT, signal.SIGTERM):
            begun = pathlib.Path(self.folder, "begun")
            work = pathlib.Path(self.folder, "work")
            work.mkdir(exist_ok=True)
            with subprocess.Popen([ANTIPHON, "conform", "--target", hangs, "--scenario", "echo"], stdout=subprocess.DEVNULL,
                                  env={**os.environ, "TMPDIR": str(work)}) as kit:
                while not begun.exists():
                    time.sleep(0.01)
                kit.send_signal(number)
                self.assertEqual(kit.wait(timeout=60), -number)
            begun.unlink()
            self.assertEqual(left_behind(self.folder), [])
            self.assertEqual(list(work.iterdir()), [])

    def test_other_targets_are_still_played(self):
        done = self.conform(adapter(self.folder, "crashes", CASES["crashes_at_hello"][0]), "--target", "reference", "--scenario",
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
