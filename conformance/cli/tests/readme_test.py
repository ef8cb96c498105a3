"""The README is true: its code stands in the examples, its files exist, its commands are those that ./run has.

Usage: readme_test.py REPOSITORY
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Readme(unittest.TestCase):
    def test_every_line_of_code_stands_in_an_example(self):
        examples = {line for file in ROOT.glob("*_style/examples/*.cpp") for line in file.read_text().splitlines()}
        blocks = re.findall(r"```cpp\n(.*?)```", README, re.S)
        self.assertEqual(len(blocks), 2)
        for block in blocks:
            for line in block.splitlines():
                self.assertIn(line, examples | {""})

    def test_every_file_that_it_names_is_there(self):
        names = set(re.findall(r"\]\(([\w./]+)\)", README)) | set(re.findall(r"`([\w.]+/[\w./]+)`", README))
        self.assertTrue(names)
        for name in names:
            if name.startswith("build/"):  # of another preset than the one under test, perhaps
                self.assertEqual(name, "build/release/bin/antiphon")
            else:
                self.assertTrue((ROOT / name).exists(), name)

    def test_run_knows_every_verb_that_it_names(self):
        help_text = subprocess.run([ROOT / "run", "help"], capture_output=True, text=True, check=True).stdout
        verbs = set(re.findall(r"\./run (\w+)", README))
        self.assertLessEqual({"compare", "test", "serve", "help"}, verbs)
        for verb in verbs:
            self.assertIn(f"  {verb} ", help_text)

    def test_run_refuses_what_it_does_not_know(self):
        for arguments in (["dance"], ["test", "fast"], ["build", "fast"], ["compare", "--slow"]):
            done = subprocess.run([ROOT / "run", *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(arguments[-1], done.stderr)


if __name__ == "__main__":
    unittest.main()
