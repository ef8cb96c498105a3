"""The walk of one request: every function that a GET passed through in a recorded run, folded by layer."""

import re
from dataclasses import dataclass

from . import load
from .names import STYLES

SCHEMA = "antiphon-walk/1"

# The first pattern that fits names the layer. The files of a style's own folder are its loop or its transport.
_LAYERS = (
    (r"^common/(src|include/antiphon)/(app|router|exchange)\.", "app"),
    (r"^common/tls/", "transport"),
    (r"^common/.*flow_control", "transport"),
    (r"^common/", "HTTP"),
    (r"^(asio_style|cl_async_style)/http/", "HTTP"),
    (r"/(event_loop|loop|loop_core|executor|timer_queue|timers|selector|waiting|watchers?|task|notifier|signals|guarded_call|"
     r"descriptor_callbacks|scoped_timer|handle_state)\.", "loop"),
    (r"^(asio_style|cl_async_style)/", "transport"),
)
LAYERS = ("loop", "transport", "HTTP", "app")


@dataclass(frozen=True)
class Step:
    depth: int
    function: str
    file: str
    line: int
    layer: str

    @property
    def name(self):
        return short(self.function)

    @property
    def makes_or_ends(self):
        """A constructor, a destructor, or the code that the compiler wraps around a lambda."""
        parts = self.name.split("::")
        return parts[-1].startswith("~") or (len(parts) > 1 and parts[-1] == parts[-2]) or "_FUN" in self.function


@dataclass(frozen=True)
class Stretch:
    """Steps that follow each other in one layer."""

    layer: str
    steps: tuple    # (Step, how often in a row)

    @property
    def count(self):
        return sum(times for _, times in self.steps)

    @property
    def top(self):
        return min(step.depth for step, _ in self.steps)

    @property
    def landmarks(self):
        """The few that tell what happens: those least deep, each once."""
        seen = dict.fromkeys(step.name for step, _ in self.steps if step.depth == self.top)
        return list(seen)[:3]


class Walk:
    def __init__(self, document, style, version, request, steps):
        self.path, self.sha256 = document.file, document.sha256
        self.style, self.version, self.request, self.steps = style, version, request, steps

    def count(self, layer):
        return sum(step.layer == layer for step in self.steps)

    @property
    def distinct(self):
        return len({step.function for step in self.steps})

    @property
    def told(self):
        """Without the small change: what makes or ends a value, and what a header answers without asking further."""
        kept = []
        for step, after in zip(self.steps, (*self.steps[1:], None)):
            asks = after is not None and after.depth > step.depth
            if not step.makes_or_ends and (asks or not step.file.endswith(".hpp")):
                kept.append(step)
        return kept

    @property
    def stretches(self):
        found = []
        for step in self.told:
            if not found or found[-1][0] != step.layer:
                found.append((step.layer, []))
            steps = found[-1][1]
            if steps and steps[-1][0] == step:
                steps[-1] = (step, steps[-1][1] + 1)
            else:
                steps.append((step, 1))
        return [Stretch(layer, tuple(steps)) for layer, steps in found]


def layer_of(file):
    return next((layer for pattern, layer in _LAYERS if re.search(pattern, file)), "other")


_INNER = re.compile(r"<[^<>]*>|\([^()]*\)")


def short(function):
    """A C++ function without its parameters, template arguments and the namespaces that all share; a lambda is told as
    "lambda in f"."""
    name = re.sub(r"\[abi:\w+\]|\[clone [^\]]*\]|\(anonymous namespace\)::", "", function)
    name = re.sub(r"operator\s*\(\)", "CALL", name)
    operator = re.search(r"operator\s*(<=>|<<|>>|->|[<>]=?)", name)
    if operator:
        name = name.replace(operator[0], "OPERATOR", 1)
    while _INNER.search(name):
        name = _INNER.sub("", name)
    name = re.sub(r"\{lambda#?\d*\}", "LAMBDA", name)
    name = re.sub(r"\{unnamed type#\d+\}::|\{[^}]*\}::", "", name)
    name = re.sub(r"\s+(const|volatile|&+)(?=$|::|\s)", "", name).strip().split(" ")[-1]
    name = re.sub(r"\b(antiphon|asio_style|cl_async_style|http|detail)::", "", name)
    if operator:
        name = name.replace("OPERATOR", f"operator{operator[1]}")
    around, lambda_, _ = name.partition("::LAMBDA")
    return f"lambda in {around}" if lambda_ else name.replace("CALL", "operator()") or function


def read(path):
    root = load.read(path)
    load.require_schema(root, SCHEMA)
    style = root.one_of("style", STYLES)
    steps = [Step(int(node.number("depth")), node.text("function"), node.text("file"), int(node.number("line")),
                  layer_of(node.text("file"))) for node in root.each("steps")]
    if not steps:
        root.member("steps").fail("no steps: nothing was recorded")
    return Walk(root, style, root.text("version", ""), root.text("request", ""), steps)
