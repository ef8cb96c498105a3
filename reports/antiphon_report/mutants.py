"""The kit's proof of itself: servers that misbehave on purpose, and which rule noticed."""

from dataclasses import dataclass

from . import load

SCHEMA = "antiphon-mutants/1"


@dataclass(frozen=True)
class Mutant:
    name: str
    breaks: str
    rule: str       # that has to notice it
    killed: bool    # by that rule, with the right words
    killed_by: str
    scenario: str   # empty: it survived
    message: str


class Mutants:
    def __init__(self, document, mutants, without):
        self.path, self.sha256 = document.file, document.sha256
        self.all = mutants
        self.rules_without = without
        self.by_rule = {}
        for one in mutants:
            self.by_rule.setdefault(one.rule, []).append(one)

    @property
    def killed(self):
        return [one for one in self.all if one.killed]

    @property
    def survivors(self):
        return [one for one in self.all if not one.killed]


def read(path):
    root = load.read(path)
    load.require_schema(root, SCHEMA)
    found = [Mutant(node.text("name"), node.text("breaks"), node.text("rule"), node.flag("killed"), node.text("killed_by", ""),
                    node.text("scenario", ""), node.text("message", "")) for node in root.each("mutants")]
    if not found:
        root.member("mutants").fail("no mutants: nothing was played")
    return Mutants(root, found, root.texts("rules_without_mutant", []))
