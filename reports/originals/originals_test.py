"""The course reads as one: each program in both styles and, as a sketch, in Python and in Lisp, with the same tags.

usage: originals_test.py Course|Lisp REPOSITORY [SBCL]

A tag is a comment line as `// [made] A connection begins.`; what it means for those who read the sources, as the report
does, is in README.md beside this file.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

_, PART, ROOT, *SBCL = sys.argv
ROOT = pathlib.Path(ROOT)
HERE = ROOT / "reports/originals"
TAG = re.compile(r"^(\s*)(//|#|;;) \[([a-z_]+)\] (.+)$", re.M)
NAMES = sorted(path.stem for path in (ROOT / "asio_style/examples").glob("*.cpp"))


def columns(name):
    return [ROOT / f"asio_style/examples/{name}.cpp", ROOT / f"cl_async_style/examples/{name}.cpp",
            HERE / f"{name}.py", HERE / f"{name}.lisp"]


class Course(unittest.TestCase):
    def test_there_are_eleven_in_four_columns(self):
        self.assertEqual([name[:2] for name in NAMES], [f"{number:02}" for number in range(1, 12)])
        for folder, ending in ((ROOT / "cl_async_style/examples", "cpp"), (HERE, "py"), (HERE, "lisp")):
            self.assertEqual(sorted(path.stem for path in folder.glob(f"[0-9]*.{ending}")), NAMES)

    def test_a_program_has_the_same_tags_in_all_columns_each_once(self):
        for name in NAMES:
            found = [[match[3] for match in TAG.finditer(path.read_text(encoding="utf-8"))] for path in columns(name)]
            self.assertGreaterEqual(len(found[0]), 4, name)
            for path, tags in zip(columns(name), found):
                with self.subTest(path.name):
                    self.assertEqual(sorted(tags), sorted(found[0]))
                    self.assertEqual(len(tags), len(set(tags)))

    def test_a_tag_tells_of_its_own_column(self):
        """A sentence of a tag that stands in all four columns alike explains no difference: at least one differs."""
        for name in NAMES:
            texts = [TAG.findall(path.read_text(encoding="utf-8")) for path in columns(name)]
            by_column = [{tag: text for _, _, tag, text in column} for column in texts]
            differing = [tag for tag in by_column[0] if len({column[tag] for column in by_column}) > 1]
            self.assertGreaterEqual(len(differing), 2, name)

    def test_a_program_can_be_read_in_one_go(self):
        for name in NAMES:
            for path in columns(name):
                with self.subTest(path.name):
                    lines = len(path.read_text(encoding="utf-8").splitlines())
                    self.assertLessEqual(lines, 120)
                    self.assertGreaterEqual(lines, 40 if path.suffix == ".cpp" else 20)


class Lisp(unittest.TestCase):
    def test_every_name_of_cl_asyncs_is_one_that_it_exports(self):
        known = " ".join((ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
                         for page in ("cl_async_style", "wookie_style"))
        used = set()
        for path in HERE.glob("[0-9]*.lisp"):
            used |= set(re.findall(r"\bas:([a-z-]+)", path.read_text(encoding="utf-8")))
        self.assertGreater(len(used), 15)
        self.assertEqual([name for name in sorted(used) if f"`{name}`" not in known], [])

    @unittest.skipUnless(SBCL, "SBCL is not installed")
    def test_the_lisp_sources_compile_without_a_warning(self):
        with tempfile.TemporaryDirectory() as folder:
            def compiled(*files):
                return subprocess.run([*SBCL, "--script", HERE / "stubs.lisp", folder, *files], capture_output=True,
                                      text=True, check=False)
            done = compiled(*sorted(HERE.glob("[0-9]*.lisp")))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            wrong = pathlib.Path(folder, "wrong.lisp")
            for text in ("(defun f (x) (as:no-such-thing x))", "(defun f (x) (list x)", "(defun f () (g y))"):
                wrong.write_text(text, encoding="utf-8")
                self.assertNotEqual(compiled(wrong).returncode, 0, text)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", PART])
