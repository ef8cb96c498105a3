#!/usr/bin/env python3
"""Reads the numbered requirements out of the specifications and writes them as JSON beside this file.

usage: generate.py FOLDER-OF-THE-SPECIFICATIONS

Each file is a list of {"id", "level", "sentence", "traces"}: level is MUST, SHOULD, MAY or QUIRK, or FACT where the
sentence has no such word; traces are the recorded runs that the specification cites.
"""

import json
import pathlib
import re
import sys

LEVEL = re.compile(r"\b(MUST|SHOULD|MAY|QUIRK)\b")
TRACES = re.compile(r"\[(?:trace|T|W): ([^\]]+)\]")
FORMS = {
    # - **AS-001** (MUST) sentence (source) [trace: a, b] [checked: ...]
    "AS": ("asyncio.md", re.compile(r"^- \*\*(AS-\d{3})\*\* (\(\w+\)) (.*)$")),
    # - CL-001 sentence MUST ... — source [T: a, b]
    "CL": ("cl-async.md", re.compile(r"^- (CL-\d{3}) ()(.*)$")),
    "WK": ("wookie.md", re.compile(r"^- (WK-\d{3}) ()(.*)$")),
    # | SN-001 | sentence | from |
    "SN": ("sanic.md", re.compile(r"^\| (SN-\d{3}) \| ()(.*?) \| [^|]* \|$")),
}


def rule(match):
    number, level, text = match.groups()
    # "MUST NOT" is a MUST; the level is the first such word, wherever the sentence has it.
    found = LEVEL.search(level or text)
    traces = [name.strip() for group in TRACES.findall(text) for name in group.split(",")]
    sentence = re.split(r" — |\s\[(?:trace|T|W|checked): ", text)[0].strip()
    if number.startswith("AS"):  # the place in CPython's sources, in brackets at the end
        sentence = re.sub(r"\s\((?:[^()]|\([^()]*\))*\)$", "", sentence)
    return {"id": number, "level": found.group(1) if found else "FACT", "sentence": sentence, "traces": traces}


def main(folder):
    here = pathlib.Path(__file__).parent
    for family, (name, form) in FORMS.items():
        lines = (pathlib.Path(folder) / name).read_text(encoding="utf-8").splitlines()
        rules = [rule(match) for match in map(form.match, lines) if match]
        numbers = [entry["id"] for entry in rules]
        assert len(set(numbers)) == len(numbers), f"{name}: a number is used twice"
        body = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in rules)
        (here / f"{family}.json").write_text(f"[\n{body}\n]\n", encoding="utf-8")
        print(f"{family}: {len(rules)} rules")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
