"""What the tests share: the fixture files, copies of them with a change, and a strict reader of the page."""

import copy
import json
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

from antiphon_report import benchmark, conformance, mutants, render, walk

DATA = Path(__file__).resolve().parent / "data"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

ASIO_ECHO = """// Echo: an object per connection.

#include <span>

class Echo : public Protocol {
  // [made] The transport is `kept`,
  // for it is how we talk back.
  void connection_made(Transport transport) override { transport_ = transport; }

  // [data] What came goes out again.
  void data_received(std::span<const std::byte> bytes) override { transport_->write(bytes); }
 private:
  Transport transport_;
};
"""
CL_ECHO = """// Echo: functions at the listener.

// [made] Nothing to keep.
// [data] The socket is handed in.
void read_data(socket& peer, auto bytes) { write_socket_data(peer, bytes); }
"""
PYTHON_ECHO = """# Echo.
class Echo(asyncio.Protocol):
    # [data] The same, where it comes from.
    def data_received(self, data):
        self.transport.write(data)
"""


def fixture(name):
    """The content of tests/data/<name>.json, the caller's to change."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


class WithFolder(unittest.TestCase):
    """Each test has an empty folder of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def file(self, name, content):
        """Writes text, octets or a value as JSON; returns the path as text."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def conformance(self, value=None):
        return conformance.read(self.file("conformance.json", fixture("conformance") if value is None else value))

    def benchmark(self, value=None):
        return benchmark.read(self.file("benchmark.json", fixture("benchmark") if value is None else value))

    def mutants(self, value=None):
        return mutants.read(self.file("mutants.json", fixture("mutants") if value is None else value))

    def walk(self, style, value=None):
        return walk.read(self.file(f"walk_{style}.json", fixture(f"walk_{style}") if value is None else value))

    def inputs(self, conformance=None, benchmark=None, mutants=None, walks=None, sources=""):
        """Everything a page is made from: the fixtures, or what is given in their place."""
        walks = walks or {}
        return render.Inputs(self.conformance(conformance), self.benchmark(benchmark), self.mutants(mutants),
                             tuple(self.walk(style, walks.get(style)) for style in ("asio_style", "cl_async_style")), sources)

    def sources(self):
        """A repository with one program in both models."""
        self.file("repo/asio_style/examples/echo.cpp", ASIO_ECHO)
        self.file("repo/cl_async_style/examples/echo.cpp", CL_ECHO)
        self.file("repo/reports/originals/echo.py", PYTHON_ECHO)
        return str(self.folder / "repo")


def rows(value, **wanted):
    """The rows of a benchmark file's content with these members, to read or to change."""
    return [row for row in value["rows"] if all(row[key] == one for key, one in wanted.items())]


def leaves(value, path=()):
    """Every scalar of a JSON value, with the way to it."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def changed(value, path, new):
    """A copy with another scalar in one place."""
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return whole


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order; keeps its text, ids, links and attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.problems = [], []
        self.elements, self._pieces = [], []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> has an attribute twice")
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"line {self.getpos()[0]}: </{tag}> inside {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self._pieces.append(data)

    @property
    def text(self):
        """What is there to read, with single spaces."""
        return " ".join("".join(self._pieces).split())

    def attributes(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]
