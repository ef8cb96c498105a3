#!/usr/bin/env python3
"""docs/cl_async_style.md maps each name of cl-async: none is missing, and what it is said to be here exists.

usage: names_test.py
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "cl_async_style.md"
HEADERS = [*(HERE.parent / "include").rglob("*.hpp"), *(ROOT / "common" / "tls" / "include").rglob("*.hpp")]
# Of the language and its library; of OpenSSL.
NOT_OURS = re.compile(r"std::\S+|<[\w./]+>|\+\S+\+|SIG[A-Z0-9]+|SSL_\w+|true|false|nil")


def names_upstream():
    for line in (HERE / "cl_async_names.txt").read_text().splitlines():
        if not line.startswith("#"):
            yield from line.split()


def rows():
    for line in PAGE.read_text().splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) == 4 and not set(line) <= set("|-"):
            yield cells[1].strip(), cells[2].strip()


def mapped():
    """The names on the left; `+a+` … `+b+` stands for all of the list between them."""
    upstream = list(names_upstream())
    found = set()
    for left, _ in rows():
        found.update(re.findall(r"`([^`]+)`", left))
        for first, last in re.findall(r"`([^`]+)` … `([^`]+)`", left):
            found.update(upstream[upstream.index(first) : upstream.index(last) + 1])
    return found


def named_here():
    for _, right in rows():
        for code in re.findall(r"`([^`]+)`", right):
            yield from re.findall(r"\b[A-Za-z_]\w*", NOT_OURS.sub("", code))


def main():
    found = mapped()
    missing = [name for name in names_upstream() if name not in found]
    words = set(re.findall(r"\w+", "\n".join(header.read_text() for header in HEADERS)))
    unknown = sorted({name for name in named_here() if name not in words})
    for name in missing:
        print(f"{PAGE}: {name} is not mapped")
    for name in unknown:
        print(f"{PAGE}: {name} is in no public header")
    return 1 if missing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
