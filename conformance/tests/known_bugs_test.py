"""Every bug of known_bugs.md is found by something that exists. Usage: known_bugs_test.py ANTIPHON REPOSITORY"""

import pathlib
import re
import subprocess
import sys
import unittest

ANTIPHON = sys.argv.pop(1)
ROOT = pathlib.Path(sys.argv.pop(1))
PAGE = (ROOT / "conformance/known_bugs.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")][1:]


def names_of(cell):
    return re.findall(r"`(\w+)`", cell)


class KnownBugs(unittest.TestCase):
    def test_each_is_found_by_a_scenario_a_case_or_a_test_that_exists(self):
        listed = subprocess.run([ANTIPHON, "conform", "--list"], capture_output=True, text=True, check=True).stdout
        known = set(re.findall(r"^(\w+) +[A-Z]+-\d\d ", listed, re.M))
        for file in (ROOT / "conformance/http/cases").glob("*.txt"):
            known.update(re.findall(r"^\[(\w+)\]", file.read_text(encoding="utf-8"), re.M))
        for folder in ("asio_style/http/tests", "cl_async_style/http/tests", "common/tests"):
            for file in (ROOT / folder).glob("*_test.cpp"):
                known.update(re.findall(r"^(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\w+,\s*(\w+)", file.read_text(encoding="utf-8"),
                                        re.M))
        self.assertGreaterEqual(len(ROWS), 14)
        for bug, seen, found_by, _ in ROWS:
            with self.subTest(seen):
                self.assertTrue(names_of(found_by), bug)
                for name in names_of(found_by):
                    self.assertIn(name, known)

    def test_each_mutant_exists_and_is_named_where_there_can_be_one(self):
        faults = (ROOT / "conformance/reference/faults.cpp").read_text(encoding="utf-8")
        mutants = set(re.findall(r'Mutant\{Fault::\w+,\s*"(\w+)"', faults))
        for _, seen, _, mutant in ROWS:
            for name in names_of(mutant):
                self.assertIn(name, mutants)
            # The reference is no HTTP server.
            self.assertEqual(bool(mutant), not seen.startswith("Beast"), seen)

    def test_none_of_the_list_that_the_kit_was_made_from_is_missing(self):
        numbers = "156512 76002 136234 118950 639 631 359 3233 1050 182 157 1026 1288 1868".split()
        for number in numbers:
            self.assertRegex(PAGE, rf"\b{number}\b")


if __name__ == "__main__":
    unittest.main()
