"""The examples side by side."""

import html
import re

from antiphon_report import sources
from antiphon_report.load import InputError
from tests.support import ASIO_ECHO, CL_ECHO, WithFolder


def plain(source):
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", line)) + "\n" for _, line in source.lines)


class Pairs(WithFolder):
    def test_every_octet_of_both_files_is_shown(self):
        (pair,), alone = sources.pairs(self.sources())
        self.assertEqual((pair.name, alone), ("echo.cpp", []))
        self.assertEqual([side.style for side in pair.sides], ["asio_style", "cl_async_style"])
        self.assertEqual([plain(side) for side in pair.sides], [ASIO_ECHO, CL_ECHO])
        self.assertEqual(pair.sides[1].path, "cl_async_style/examples/echo.cpp")

    def test_highlighted_by_kind(self):
        (pair,), _ = sources.pairs(self.sources())
        self.assertRegex(pair.sides[0].lines[0][1], r'<span class="c1">// Echo')
        self.assertRegex(pair.sides[0].lines[1][1], r'<span class="k">class</span>')

    def test_code_cannot_become_markup(self):
        self.sources()
        self.file("repo/asio_style/examples/echo.cpp", 'auto s = "</code><script>alert(1)</script>";\n')
        (pair,), _ = sources.pairs(str(self.folder / "repo"))
        self.assertNotIn("<script", pair.sides[0].lines[0][1])
        self.assertIn("</code><script>", plain(pair.sides[0]))

    def test_a_comment_over_several_lines_is_closed_on_each(self):
        self.sources()
        self.file("repo/asio_style/examples/echo.cpp", "/* one\n   two */\nint x;\n")
        (pair,), _ = sources.pairs(str(self.folder / "repo"))
        for _, line in pair.sides[0].lines:
            self.assertEqual(line.count("<span"), line.count("</span>"))

    def test_indents_are_known(self):
        (pair,), _ = sources.pairs(self.sources())
        self.assertEqual([indent for indent, _ in pair.sides[0].lines], [0, 0, 2, 0])

    def test_pairs_by_name_and_the_lonely_are_told(self):
        self.sources()
        self.file("repo/asio_style/examples/chat.cpp", "int a;\n")
        self.file("repo/cl_async_style/examples/chat.cpp", "int b;\n")
        self.file("repo/cl_async_style/examples/lonely.cpp", "int c;\n")
        pairs, alone = sources.pairs(str(self.folder / "repo"))
        self.assertEqual([pair.name for pair in pairs], ["chat.cpp", "echo.cpp"])
        self.assertEqual(alone, ["cl_async_style/examples/lonely.cpp"])

    def test_a_repository_without_examples_is_no_error(self):
        self.assertEqual(sources.pairs(str(self.folder)), ([], []))

    def test_no_such_folder(self):
        with self.assertRaisesRegex(InputError, "nowhere: no such folder"):
            sources.pairs(str(self.folder / "nowhere"))

    def test_an_example_that_is_not_text(self):
        self.sources()
        self.file("repo/asio_style/examples/echo.cpp", b"\xff\xfe")
        with self.assertRaisesRegex(InputError, "echo.cpp: cannot be read as an example"):
            sources.pairs(str(self.folder / "repo"))


class Colours(WithFolder):
    def test_all_colours_are_the_pages(self):
        rules = sources.css()
        self.assertIn(".code .c1 { color: var(--code-comment); font-style: italic }", rules)
        self.assertNotIn("#0000", rules)
