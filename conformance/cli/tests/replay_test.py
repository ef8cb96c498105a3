"""antiphon replay: a replay whose process ends early leaves nothing behind. Usage: replay_test.py ANTIPHON"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

ANTIPHON = sys.argv[1]


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


class Replay(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def folders_inside(self):
        with contextlib.suppress(FileNotFoundError):  # gone while it was looked at
            return [inside for each in self.folder.iterdir() for inside in each.iterdir()]
        return []

    def at_work(self, act):
        """What `act` says of the program and of the process of a replay that has a folder of its own, and how it ends then."""
        with subprocess.Popen([ANTIPHON, "replay", "--style", "cl-async"], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "TMPDIR": str(self.folder)}) as program:
            while not self.folders_inside() or not (child := children(program.pid)):
                self.assertIsNone(program.poll(), "no replay had a folder")
            act(program.pid, child[0])
            said = program.communicate(timeout=300)[0]
        self.assertEqual(list(self.folder.iterdir()), [])
        return program.returncode, said

    def test_one_that_is_killed_is_told_and_the_others_are_played(self):
        def kill(_, child):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

        said = ""
        while "its process ended with status 9" not in said:  # else it was at its end already
            code, said = self.at_work(kill)
        self.assertEqual(code, 3)
        self.assertRegex(said, r"\d+ replayed, .*1 HARNESS ERROR")

    def test_an_interrupt_ends_all(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            code, said = self.at_work(lambda program, child, number=number: os.kill(program, number))
            self.assertEqual(code, -number)
            self.assertNotIn("replayed", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
