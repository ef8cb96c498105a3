"""docs/asio_style.md is complete, and what it names exists.

usage: docs_test.py REPOSITORY
"""

import asyncio
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
NAME = re.compile(r"`([^`]+)`")


def public(cls):
    return [name for name in dir(cls) if not name.startswith("_")]


def rows():
    """(asyncio's names, our cell, remark) of each line of the tables that map names."""
    text = (ROOT / "docs/asio_style.md").read_text(encoding="utf-8").split("## Where it behaves differently")[0]
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and not line.startswith(("|---", "| asyncio")):
            yield cells[0], cells[1].strip("| "), cells[2].strip("| ") if len(cells) > 2 else ""


class Docs(unittest.TestCase):
    @unittest.skipUnless(sys.version_info[:2] == (3, 11), "the page is about Python 3.11")
    def test_every_public_name_of_asyncio_is_there(self):
        named = {name for cell, _, _ in rows() for name in NAME.findall(cell)}
        wanted = {f"loop.{name}" for name in public(asyncio.SelectorEventLoop)}
        wanted |= {f"Server.{name}" for name in public(asyncio.Server)}
        wanted |= {f"Transport.{name}" for name in public(asyncio.Transport)}
        wanted |= {f"Protocol.{name}" for name in public(asyncio.Protocol)}
        wanted |= {f"BufferedProtocol.{name}" for name in ("get_buffer", "buffer_updated")}
        wanted |= {f"Future.{name}" for name in public(asyncio.Future)}
        wanted |= {f"Task.{name}" for name in set(public(asyncio.Task)) - set(public(asyncio.Future))}
        wanted |= {f"Handle.{name}" for name in public(asyncio.Handle)} | {"TimerHandle.when"}
        # Classes whose members are above need no line of their own.
        classes = {"Server", "Transport", "Protocol", "BufferedProtocol", "Future", "Task", "Handle", "TimerHandle",
                   "SelectorEventLoop"}
        wanted |= {name for name in asyncio.__all__ if not name.startswith("_")} - classes
        self.assertGreater(len(wanted), 150)
        self.assertEqual(sorted(wanted - named), [])

    def test_what_is_named_here_exists_and_what_is_not_offered_has_a_reason(self):
        headers = "\n".join(path.read_text(encoding="utf-8")
                            for path in sorted((ROOT / "asio_style/include").rglob("*.hpp")))
        words = set(re.findall(r"\w+", headers))
        seen = 0
        for theirs, ours, remark in rows():
            with self.subTest(theirs):
                if ours == "not offered":
                    self.assertTrue(remark)
                    continue
                names = NAME.findall(ours)
                self.assertTrue(names)
                for name in names + NAME.findall(remark):
                    if " " not in name:
                        seen += 1
                        self.assertEqual([part for part in name.split("::") if part not in words], [])
        self.assertGreater(seen, 100)

    def test_each_rule_and_each_test_that_the_pages_name_exists(self):
        rules = (ROOT / "conformance/spec_rules/AS.json").read_text(encoding="utf-8")
        tests = {path: path.read_text(encoding="utf-8") for path in (ROOT / "asio_style/tests").glob("*.cpp")}
        names = {path.name for path in tests}
        everything = "\n".join(tests.values())
        for page in ("docs/asio_style.md", "docs/asio_style_differences.md"):
            text = (ROOT / page).read_text(encoding="utf-8")
            for rule in set(re.findall(r"AS-\d{3}", text)):
                self.assertIn(rule, rules)
            for name in re.findall(r"`(\w+_test\.cpp)`", text):
                self.assertIn(name, names)
            for name in re.findall(r"`(\w+?)(?:\.\.\.)?`", text):
                if re.search(r"AS_\d{3}", name) or name.startswith("a_reset_in"):
                    self.assertIn(name, everything)


if __name__ == "__main__":
    unittest.main()
