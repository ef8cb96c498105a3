"""The walk of one request: what is entered before what, in both styles. Usage: walk_test.py ANTIPHON REPOSITORY"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
STAGES = {
    "asio": ("listener.cpp", "::connection_made(", "::data_received(", "::hello(", "::write(", "::connection_lost("),
    "cl-async": ("tcp_server.cpp", "::stream::accepted(", "::conversation::connected(", "::conversation::read_data(", "::hello(",
                 "::write_socket_data(", "::close_socket(", "::conversation::ended("),
}


def walk(style, *more):
    return subprocess.run([ANTIPHON, "walk", "--style", style, *more], capture_output=True, text=True, timeout=60, check=False)


class Walk(unittest.TestCase):
    def test_the_stages_come_in_their_order(self):
        for style, stages in STAGES.items():
            with self.subTest(style):
                done = walk(style)
                self.assertEqual(done.returncode, 0, done.stderr)
                told = json.loads(done.stdout)
                self.assertEqual(told["schema"], "antiphon-walk/1")
                self.assertEqual(told["style"], style.replace("-", "_") + "_style")
                at = 0
                for stage in stages:
                    at = next((i for i in range(at, len(told["steps"]))
                               if stage in told["steps"][i]["function"] + " " + told["steps"][i]["file"]), None)
                    self.assertIsNotNone(at, f"{stage} is not entered, or too early")

    def test_every_step_is_a_place_in_the_repository(self):
        for style in STAGES:
            other = {"asio": "cl_async_style", "cl-async": "asio_style"}[style]
            steps = json.loads(walk(style).stdout)["steps"]
            depths = [step["depth"] for step in steps]
            self.assertEqual(min(depths), 0)
            for before, after in zip(depths, depths[1:]):
                self.assertLessEqual(after, before + 40)
            for step in steps:
                lines = (ROOT / step["file"]).read_text(encoding="utf-8").splitlines()
                self.assertTrue(1 <= step["line"] <= len(lines), step)
                self.assertFalse(step["file"].startswith(other), step)

    def test_a_file_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "walk.json"
            done = walk("asio", "--json", str(file))
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
            self.assertTrue(json.loads(file.read_text(encoding="utf-8"))["steps"])


if __name__ == "__main__":
    unittest.main()
