"""The examples of both styles: files of the same name, taken from the folders that the build compiles."""

import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import CppLexer
from pygments.style import Style
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Token

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


@dataclass(frozen=True)
class Source:
    style: str
    path: str          # as in the repository
    lines: tuple       # (indent in columns, Markup) of each


@dataclass(frozen=True)
class Pair:
    name: str
    sides: tuple       # one Source per style, in the order of STYLES


def css():
    """The rules for pygments' classes, in the page's variables so that light and dark both work."""
    rules = HtmlFormatter(style=Calm).get_style_defs(".code").splitlines()
    text = "\n".join(rule for rule in rules if rule.startswith(".code ."))
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text


def _source(root, style, path):
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as an example: {error}") from None
    html = highlight(text, CppLexer(stripnl=False), HtmlFormatter(nowrap=True))
    lines = tuple((_indent(line), Markup(line)) for line in html.rstrip("\n").split("\n"))
    return Source(style, path.relative_to(root).as_posix(), lines)


def _indent(line):
    """Where the text of a highlighted line begins, so that a line too long for the page goes on below its own beginning."""
    bare = re.sub(r"<[^>]*>", "", line)
    return len(bare) - len(bare.lstrip(" "))


def pairs(folder):
    """The pairs under <folder>/<style>/examples, by name, and the files that have no partner."""
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{folder}: no such folder to take the examples from")
    found = {style: {path.name: path for path in sorted((root / style / "examples").glob("*.cpp"))} for style in STYLES}
    both = sorted(set.intersection(*(set(files) for files in found.values())))
    alone = sorted(path.relative_to(root).as_posix() for files in found.values() for name, path in files.items()
                   if name not in both)
    return [Pair(name, tuple(_source(root, style, found[style][name]) for style in STYLES)) for name in both], alone
