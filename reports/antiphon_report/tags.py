"""Tags: how lines of a program in one model correspond to lines of the same program in the other.

A tag line is a comment by itself, "// [made] A connection begins: …"; its explanation may go on over the comment lines that
follow. Its section is the code after it, until the next tag, a line that is indented less, or the frame that every C++ program
has: the end of its namespace, or main.
"""

import re
from dataclasses import dataclass

_FRAME = re.compile(r"^}\s*// namespace|^int main\(")
_TAG = re.compile(r"^(\s*)(//|#|;;) \[([a-z_]+)\] (.+)$")


@dataclass(frozen=True)
class Section:
    tag: str
    explanation: str
    first: int      # the number of its first line of code, from 1
    code: tuple     # its lines


class TagError(Exception):
    """What is wrong, with the line."""


def _indent(line):
    return len(line) - len(line.lstrip())


def sections(text):
    """{tag: Section} in the file's order. Raises TagError where a tag stands twice."""
    lines = text.split("\n")
    found = {}
    at = 0
    while at < len(lines):
        match = _TAG.match(lines[at])
        if not match:
            at += 1
            continue
        space, marker, tag, first = match.groups()
        if tag in found:
            raise TagError(f"line {at + 1}: the tag [{tag}] stands twice")
        words, after = [first.strip()], at + 1
        more = re.compile(rf"^{space}{re.escape(marker)} (.*)$")
        while after < len(lines) and not _TAG.match(lines[after]) and (goes_on := more.match(lines[after])):
            words.append(goes_on[1].strip())
            after += 1
        end = after
        while end < len(lines) and not _TAG.match(lines[end]) and not _FRAME.match(lines[end]) and not (
                lines[end].strip() and _indent(lines[end]) < len(space)):
            end += 1
        code = lines[after:end]
        while code and not code[-1].strip():
            code.pop()
        found[tag] = Section(tag, " ".join(words), after + 1, tuple(code))
        at = end
    return found


def about(text):
    """The first paragraph of the file's opening comment."""
    words = []
    for line in text.split("\n"):
        if line.startswith("#!") and not words:
            continue
        match = re.match(r"^(//|#|;+|\"\"\")\s?(.*)$", line)
        if not match or not match[2].strip() or _TAG.match(line):
            break
        words.append(match[2].strip().strip('"'))
        if line.startswith('"""'):
            break
    return " ".join(words)
