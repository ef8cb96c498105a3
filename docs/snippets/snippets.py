"""The code in the pages is that of compiled sources: a comment above a block says which, and this compares or copies.

    <!-- code: asio_style/examples/03_half_close.cpp [eof] -->

names the section that the tag begins (reports/originals/README.md says what a tag is), without its words.

usage: snippets.py REPOSITORY           status 1 if a block is another than its source, or says no source
       snippets.py --write REPOSITORY   copies the sources into the pages
"""

import pathlib
import re
import sys
import textwrap

TAG = re.compile(r"^(\s*)// \[([a-z_]+)\]")
MARKED = re.compile(r"^<!-- code: (\S+) ((?:\[[a-z_]+\] ?)+)-->\n```cpp\n(.*?)```$", re.M | re.S)
BLOCK = re.compile(r"^```cpp\n", re.M)
# Pages of tables, in which a line of code is not a program's.
FREE = {"cl_async_style.md", "wookie_style.md", "asio_style.md", "add_your_server.md"}


def section(path, tag):
    lines = path.read_text(encoding="utf-8").splitlines()
    for start, line in enumerate(lines):
        match = TAG.match(line)
        if match and match[2] == tag:
            break
    else:
        raise SystemExit(f"{path}: has no [{tag}]")
    indent = match[1]
    at = start + 1
    while at < len(lines) and lines[at].startswith(indent + "// ") and not TAG.match(lines[at]):
        at += 1
    code = []
    for line in lines[at:]:
        if TAG.match(line) or (line.strip() and not line.startswith(indent)):
            break
        code.append(line)
    return textwrap.dedent("\n".join(code)).strip("\n")


def sourced(root, text):
    """The page with the sources' code in its blocks."""
    def block(match):
        parts = [section(root / match[1], tag) for tag in re.findall(r"\[([a-z_]+)\]", match[2])]
        return f"<!-- code: {match[1]} {match[2]}-->\n```cpp\n" + "\n\n".join(parts) + "\n```"
    return MARKED.sub(block, text)


def main():
    write = "--write" in sys.argv
    root = pathlib.Path(sys.argv[-1])
    status = 0
    for page in sorted((root / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        right = sourced(root, text)
        if page.name not in FREE and len(BLOCK.findall(text)) != len(MARKED.findall(text)):
            print(f"{page}: a block of code says no source")
            status = 1
        if right != text and write:
            page.write_text(right, encoding="utf-8")
        elif right != text:
            print(f"{page}: a block of code is another than its source: {sys.argv[0]} --write {root}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
