"""The examples: the same program in both models, taken from the folders that the build compiles, and its original idea."""

import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import CommonLispLexer, CppLexer, PythonLexer
from pygments.style import Style
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Token

from . import tags
from .load import InputError
from .names import STYLES


class Calm(Style):
    """Four voices only: comments, words of the language, literals, names. The colours are the page's."""

    background_color = "#000000"  # not used: the page has its own
    styles = {
        Token: "",
        Comment: "italic #000001",
        Comment.Preproc: "noitalic #000002", Comment.PreprocFile: "noitalic #000003",
        Keyword: "#000002", Keyword.Type: "#000002", Operator.Word: "#000002",
        String: "#000003", Number: "#000003", Keyword.Constant: "#000003",
        Name.Class: "#000004", Name.Function: "#000004", Name.Namespace: "",
        Operator: "", Punctuation: "",
    }


_VARIABLES = {"#000001": "var(--code-comment)", "#000002": "var(--code-keyword)", "#000003": "var(--code-literal)",
              "#000004": "var(--code-name)"}
ORIGINALS = {"asio_style": (".py", "asyncio", PythonLexer), "cl_async_style": (".lisp", "cl-async", CommonLispLexer)}


@dataclass(frozen=True)
class Piece:
    """Some lines of a file with one explanation."""

    explanation: str
    first: int
    lines: tuple       # (indent in columns, Markup) of each


@dataclass(frozen=True)
class Source:
    who: str           # the style, or the system whose idea it is
    side: int          # 0 or 1: the style it belongs to
    path: str          # as in the repository
    text: str
    lines: tuple       # (indent in columns, Markup) of each
    pieces: dict       # tag -> Piece


@dataclass(frozen=True)
class Program:
    name: str
    about: str
    sides: tuple       # one Source per style, in the order of STYLES
    originals: tuple   # those there are, the same order
    tags: tuple        # what corresponds, in the order of the first side

    @property
    def title(self):
        """01_echo is "01 echo"."""
        return re.sub(r"\.cpp$", "", self.name).replace("_", " ")

    @property
    def sources(self):
        return (*self.sides, *self.originals)


def css():
    """The rules for pygments' classes, in the page's variables so that light and dark both work."""
    rules = HtmlFormatter(style=Calm).get_style_defs(".code").splitlines()
    text = "\n".join(rule for rule in rules if rule.startswith(".code ."))
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text


def _source(root, who, side, path, lexer):
    try:
        text = path.read_text(encoding="utf-8")
        found = tags.sections(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as an example: {error}") from None
    except tags.TagError as error:
        raise InputError(f"{path}: {error}") from None
    html = highlight(text, lexer(stripnl=False), HtmlFormatter(nowrap=True))
    lines = tuple((_indent(line), Markup(line)) for line in html.rstrip("\n").split("\n"))
    return Source(who, side, path.relative_to(root).as_posix(), text, lines,
                  {one.tag: Piece(one.explanation, one.first, _undented(lines[one.first - 1:one.first - 1 + len(one.code)]))
                   for one in found.values()})


def _undented(lines):
    """Without the indent that all share: a section stands by itself."""
    shared = min((indent for indent, line in lines if _bare(line).strip()), default=0)
    return tuple((max(indent - shared, 0), Markup(re.sub(rf"^((?:<[^>]*>)*) {{0,{shared}}}", r"\1", str(line)))) for indent, line in lines)


def _bare(line):
    return re.sub(r"<[^>]*>", "", line)


def _indent(line):
    """Where the text of a highlighted line begins, so that a line too long for the page goes on below its own beginning."""
    bare = _bare(line)
    return len(bare) - len(bare.lstrip(" "))


def programs(folder):
    """The programs under <folder>/<style>/examples that both styles have, by name, and the files that have no partner."""
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{folder}: no such folder to take the examples from")
    found = {style: {path.name: path for path in sorted((root / style / "examples").glob("*.cpp"))} for style in STYLES}
    both = sorted(set.intersection(*(set(files) for files in found.values())))
    alone = sorted(path.relative_to(root).as_posix() for files in found.values() for name, path in files.items()
                   if name not in both)
    return [_program(root, name, {style: found[style][name] for style in STYLES}) for name in both], alone


def _program(root, name, paths):
    sides = tuple(_source(root, style, index, paths[style], CppLexer) for index, style in enumerate(STYLES))
    originals = []
    for index, style in enumerate(STYLES):
        ending, who, lexer = ORIGINALS[style]
        path = root / "reports" / "originals" / (Path(name).stem + ending)
        if path.is_file():
            originals.append(_source(root, who, index, path, lexer))
    shared = tuple(tag for tag in sides[0].pieces if tag in sides[1].pieces)
    return Program(name, tags.about(sides[0].text), sides, tuple(originals), shared)
