"""The automaton that the checker goes by, drawn by Graphviz from the table in the conformance file."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Step:
    origin: str
    event: str
    to: str


@dataclass(frozen=True)
class Never:
    state: str
    event: str      # empty: any
    rule: str
    says: str


@dataclass(frozen=True)
class Automaton:
    life: tuple
    flow: tuple
    never: tuple
    dot: str        # the graph, as the kit's own pages draw it

    @property
    def arrows(self):
        """(from, to, events): one arrow for all events between two states."""
        found = {}
        for step in (*self.life, *self.flow):
            found.setdefault((step.origin, step.to), []).append(step.event)
        return [(origin, to, events) for (origin, to), events in found.items()]


def of(root):
    """From the conformance file; None where it has none."""
    if not root.has("automaton"):
        return None
    node = root.member("automaton")
    steps = {key: tuple(Step(one.text("from"), one.text("event"), one.text("to")) for one in node.each(key)) for key in ("life", "flow")}
    return Automaton(steps["life"], steps["flow"], tuple(
        Never(one.text("in"), one.text("event", ""), one.text("rule"), one.text("says")) for one in node.each("forbidden", [])),
        node.text("dot", ""))


def drawing(automaton):
    """The SVG as part of the page, or None without a graph or Graphviz: the table beside it says the same."""
    program = shutil.which("dot")
    if not automaton or not automaton.dot or not program:
        return None
    ended = subprocess.run([program, "-Tsvg", "-Gbgcolor=transparent"], input=automaton.dot, capture_output=True, text=True, timeout=60, check=False)
    if ended.returncode != 0:
        return None
    root = ElementTree.fromstring(ended.stdout)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else element.tag
        element.attrib.pop("id", None)
        for key, value in (("font-family", {"sans": "var(--sans)", "monospace": "var(--mono)"}),
                           ("stroke", {"#010101": "var(--ink)", "#020202": "var(--muted)"}), ("fill", {"#020202": "var(--muted)"})):
            if element.attrib.get(key) in value:
                element.attrib["style"] = element.attrib.get("style", "") + f"{key}:{value[element.attrib.pop(key)]};"
        if element.tag == "text":
            element.attrib["style"] = element.attrib.get("style", "") + "fill:var(--ink);"
    for parent in list(root.iter()):
        for title in parent.findall("title"):
            parent.remove(title)
    told = "; ".join(f"from {origin} by {' or '.join(events)} to {to}" for origin, to, events in automaton.arrows)
    width = re.sub(r"pt$", "", root.attrib.pop("width", "600"))
    root.attrib.pop("height", None)
    root.attrib.update({"role": "img", "aria-labelledby": "automaton-name automaton-desc", "style": f"max-width:{float(width) * 1.25:.0f}px"})
    for position, (tag, text) in enumerate((("title", "The order of callbacks"), ("desc", told))):
        label = ElementTree.Element(tag, {"id": f"automaton-{'name' if tag == 'title' else tag}"})
        label.text = text
        root.insert(position, label)
    return Markup(ElementTree.tostring(root, encoding="unicode"))
