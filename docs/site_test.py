"""The site is built without a warning, has every page and every link leads somewhere.

usage: site_test.py REPOSITORY [DOXYGEN]
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

_, ROOT, *DOXYGEN = sys.argv
ROOT = pathlib.Path(ROOT)
LINK = re.compile(r'(?:href|src)="([^"]+)"')


@unittest.skipUnless(DOXYGEN, "doxygen is not installed")
class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.site = pathlib.Path(cls.folder.name)
        cls.done = cls.build("docs/Doxyfile")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def build(cls, *more):
        settings = "".join(f"@INCLUDE = {name}\n" for name in more) + f"OUTPUT_DIRECTORY = {cls.folder.name}\n"
        return subprocess.run([*DOXYGEN, "-"], input=settings, cwd=ROOT, capture_output=True, text=True, check=False)

    def pages(self):
        for path in self.site.glob("*.html"):
            yield path.name, path.read_text(encoding="utf-8")

    def test_no_warning(self):
        self.assertEqual((self.done.returncode, self.done.stderr), (0, ""))

    def test_every_page_is_there_and_so_are_the_headers(self):
        titles = "".join(re.findall(r"<title>(.*?)</title>", text, re.S)[0] + "\n" for _, text in self.pages())
        for page in (ROOT / "docs").glob("*.md"):
            title = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(":")[0]
            self.assertTrue(title in titles.replace("&#39;", "'"), page.name)
        for name in ("asio_style::Transport", "asio_style::HttpProtocol", "cl_async_style::socket_server", "http::Router"):
            self.assertTrue(name in titles, name)
        self.assertFalse("detail" in titles)

    def test_every_link_leads_somewhere(self):
        seen = 0
        for name, text in self.pages():
            self.assertFalse("@ref" in text, f"{name}: a link that is broken over two lines")
            for link in LINK.findall(text):
                if not re.match(r"[a-z]+:|#", link):
                    seen += 1
                    self.assertTrue((self.site / re.split("[#?]", link)[0]).exists(), f"{name}: {link}")
        self.assertGreater(seen, 1000)

    def test_each_exercise_folds_one_solution(self):
        text = (self.site / "md_docs_break_it.html").read_text(encoding="utf-8")
        self.assertEqual(text.count("<details"), text.count("Exercise ") - text.count("Exercise </"))
        self.assertEqual(text.count("<details"), text.count("<summary>the rule, and the fault</summary>"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
