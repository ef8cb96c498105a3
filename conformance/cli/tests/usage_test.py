"""What `antiphon` says of itself and of wrong command lines. Usage: usage_test.py ANTIPHON"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

ANTIPHON = sys.argv.pop(1)


def run(*arguments):
    return subprocess.run([ANTIPHON, *arguments], capture_output=True, text=True, timeout=60, check=False)


class Usage(unittest.TestCase):
    def test_version_and_help_go_to_standard_output(self):
        version = run("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"^antiphon \d+\.\d+\.\d+\n$")
        help_text = run("--help")
        self.assertEqual(help_text.returncode, 0)
        for verb in ("serve", "conform"):
            self.assertIn(verb, help_text.stdout)

    def test_a_wrong_command_line_is_one_line_and_status_2(self):
        for arguments, word in (([], "subcommand"), (["dance"], "dance"), (["conform", "--target", "moon"], "moon"),
                                (["conform", "--nothing"], "--nothing"), (["serve"], "--style"),
                                (["conform", "--scenario", "no_such"], "no_such")):
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(word, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_conform_lists_rules_and_scenarios(self):
        listed = run("conform", "--list")
        self.assertEqual(listed.returncode, 0)
        self.assertIn("ORD-01", listed.stdout)
        self.assertIn("data_then_eof", listed.stdout)

    def test_conform_writes_its_results(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "results.json")
            done = run("conform", "--target", "asio_style", "--target", "cl_async_style", "--scenario", "echo", "--json", file)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(file, encoding="utf-8") as opened:
                results = json.load(opened)
        self.assertEqual(results["schema"], "antiphon-conformance/1")
        self.assertEqual([each["verdict"] for each in results["results"]], ["pass", "pass"])
        self.assertTrue(results["results"][0]["trace"])

    def test_an_adapter_that_is_not_there_or_talks_rubbish_is_a_harness_error(self):
        for command in ("exec:no-such-program-at-all", "exec:echo rubbish", "exec:false"):
            with self.subTest(command):
                done = run("conform", "--target", command, "--scenario", "echo")
                self.assertEqual(done.returncode, 3)
                self.assertIn("harness-error", done.stdout)

    def test_a_scenario_with_an_error_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "scenarios"))
            with open(os.path.join(folder, "scenarios", "bad.json"), "w", encoding="utf-8") as out:
                out.write("{\"name\": ")
            done = run("conform", "--data", folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bad.json", done.stderr)


if __name__ == "__main__":
    unittest.main()
