"""The examples side by side, line by line."""

import html
import re

from antiphon_report import sources, tags
from antiphon_report.load import InputError
from tests.support import ASIO_ECHO, CL_ECHO, WithFolder


def plain(lines):
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", line)) + "\n" for _, line in lines)


class Programs(WithFolder):
    def test_every_octet_of_both_files_is_shown(self):
        (program,), alone = sources.programs(self.sources())
        self.assertEqual((program.name, program.title, alone), ("echo.cpp", "echo", []))
        self.assertEqual([side.who for side in program.sides], ["asio_style", "cl_async_style"])
        self.assertEqual([plain(side.lines) for side in program.sides], [ASIO_ECHO, CL_ECHO])
        self.assertEqual([side.text for side in program.sides], [ASIO_ECHO, CL_ECHO])
        self.assertEqual(program.sides[1].path, "cl_async_style/examples/echo.cpp")

    def test_what_corresponds_stands_together_in_the_order_of_the_first(self):
        (program,), _ = sources.programs(self.sources())
        self.assertEqual(program.tags, ("made", "data"))
        ours, theirs = (side.pieces["data"] for side in program.sides)
        self.assertEqual((ours.explanation, ours.first), ("What came goes out again.", 11))
        self.assertIn("data_received", plain(ours.lines))
        self.assertNotIn("private", plain(ours.lines))
        self.assertEqual(plain(theirs.lines), "void read_data(socket& peer, auto bytes) { write_socket_data(peer, bytes); }\n")

    def test_a_section_stands_at_the_left_edge(self):
        (program,), _ = sources.programs(self.sources())
        self.assertEqual(plain(program.sides[0].pieces["made"].lines),
                         "void connection_made(Transport transport) override { transport_ = transport; }\n")

    def test_the_original_idea_is_found_by_name(self):
        (program,), _ = sources.programs(self.sources())
        self.assertEqual([(one.who, one.side, one.path) for one in program.originals], [("asyncio", 0, "reports/originals/echo.py")])
        self.assertIn("self.transport.write(data)", plain(program.originals[0].pieces["data"].lines))

    def test_highlighted_by_kind(self):
        (program,), _ = sources.programs(self.sources())
        self.assertRegex(program.sides[0].lines[0][1], r'<span class="c1">// Echo')
        self.assertRegex(program.sides[0].lines[4][1], r'<span class="k">class</span>')

    def test_code_cannot_become_markup(self):
        self.sources()
        self.file("repo/asio_style/examples/echo.cpp", 'auto s = "</code><script>alert(1)</script>";\n')
        (program,), _ = sources.programs(str(self.folder / "repo"))
        self.assertNotIn("<script", program.sides[0].lines[0][1])
        self.assertIn("</code><script>", plain(program.sides[0].lines))

    def test_a_comment_over_several_lines_is_closed_on_each(self):
        self.sources()
        self.file("repo/asio_style/examples/echo.cpp", "/* one\n   two */\nint x;\n")
        (program,), _ = sources.programs(str(self.folder / "repo"))
        for _, line in program.sides[0].lines:
            self.assertEqual(line.count("<span"), line.count("</span>"))

    def test_by_name_and_the_lonely_are_told(self):
        self.sources()
        self.file("repo/asio_style/examples/chat.cpp", "int a;\n")
        self.file("repo/cl_async_style/examples/chat.cpp", "int b;\n")
        self.file("repo/cl_async_style/examples/lonely.cpp", "int c;\n")
        found, alone = sources.programs(str(self.folder / "repo"))
        self.assertEqual([program.name for program in found], ["chat.cpp", "echo.cpp"])
        self.assertEqual(found[0].tags, ())
        self.assertEqual(alone, ["cl_async_style/examples/lonely.cpp"])

    def test_a_repository_without_examples_is_no_error(self):
        self.assertEqual(sources.programs(str(self.folder)), ([], []))

    def test_unusable_sources_are_named(self):
        with self.assertRaisesRegex(InputError, "nowhere: no such folder"):
            sources.programs(str(self.folder / "nowhere"))
        self.sources()
        self.file("repo/asio_style/examples/echo.cpp", "// [made] once\nint a;\n// [made] twice\nint b;\n")
        with self.assertRaisesRegex(InputError, r"echo.cpp: line 3: the tag \[made\] stands twice"):
            sources.programs(str(self.folder / "repo"))
        self.file("repo/asio_style/examples/echo.cpp", b"\xff\xfe")
        with self.assertRaisesRegex(InputError, "echo.cpp: cannot be read as an example"):
            sources.programs(str(self.folder / "repo"))


class Tags(WithFolder):
    def section(self, text, tag="a"):
        found = tags.sections(text)[tag]
        return found.explanation, found.code

    def test_an_explanation_goes_on_over_comment_lines_of_the_same_indent(self):
        self.assertEqual(self.section("// [a] One\n// two.\nint x;\n"), ("One two.", ("int x;",)))
        self.assertEqual(self.section("// [a] One\n  // not two\nint x;\n"), ("One", ("  // not two", "int x;")))

    def test_a_section_ends_at_a_tag_an_outdent_or_the_end(self):
        self.assertEqual(self.section("  // [a] A\n  one\n\n  two\n\n};\n"), ("A", ("  one", "", "  two")))
        self.assertEqual(self.section("# [a] A\none\n# [b] B\ntwo\n"), ("A", ("one",)))
        self.assertEqual(self.section(";; [a] A\n(one)\n\n"), ("A", ("(one)",)))

    def test_a_section_does_not_run_into_the_programs_frame(self):
        self.assertEqual(self.section("// [a] A\nvoid f();\n\n}  // namespace\n\nint main() {\n}\n"), ("A", ("void f();",)))
        self.assertEqual(self.section("// [a] A\nvoid f();\n\nint main(int argc, char** argv) {\n}\n"), ("A", ("void f();",)))

    def test_a_section_may_be_empty(self):
        self.assertEqual(self.section("// [a] Nothing.\n// [b] More.\nint x;\n"), ("Nothing.", ()))

    def test_the_opening_comment_is_its_title(self):
        self.assertEqual(tags.about("// Echo:\n// it echoes.\n\n// more\n"), "Echo: it echoes.")
        self.assertEqual(tags.about("#!/usr/bin/python3\n# Echo.\n#\n# More.\n"), "Echo.")
        self.assertEqual(tags.about("int x;\n"), "")


class Colours(WithFolder):
    def test_all_colours_are_the_pages(self):
        rules = sources.css()
        self.assertIn(".code .c1 { color: var(--code-comment); font-style: italic }", rules)
        self.assertNotIn("#0000", rules)
