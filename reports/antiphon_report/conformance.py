"""What the conformance kit found: targets, rules, scenarios, and one result for each pair of scenario and target."""

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass, field

from . import automaton, load
from .names import VERDICTS

SCHEMA = "antiphon-conformance/1"


@dataclass(frozen=True)
class Target:
    name: str
    version: str
    style: str
    offers: tuple


@dataclass(frozen=True)
class Rule:
    id: str
    level: str
    group: str
    sentence: str
    sources: tuple
    mutants: tuple  # faults of the reference that this rule has to notice


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    rules: tuple
    needs: tuple
    transports: tuple
    server: dict    # the server's script, as the kit has it
    expect: str     # the trace the kit expects, or nothing: judged by the rules alone


@dataclass(frozen=True)
class Result:
    target: str
    scenario: str
    verdict: str
    rules_exercised: tuple
    rule: str
    message: str
    reason: str
    duration_ms: float
    trace: tuple
    marked: int     # which event of the trace broke the rule; -1: none
    expected: str   # instead of it
    peer: tuple

    @property
    def says(self):
        """Why the verdict is not a plain pass, in the kit's words."""
        return self.reason or self.message


@dataclass
class Finding:
    """One thing that is not a plain pass, wherever it shows: the same reason is told once, with every rule it touches."""

    verdict: str
    says: str
    rules: list = field(default_factory=list)
    places: dict = field(default_factory=dict)  # target -> scenarios


class Conformance:
    def __init__(self, document, generated, machine, targets, rules, scenarios, results):
        self.path, self.sha256 = document.file, document.sha256
        self.generated, self.machine = generated, machine
        self.automaton = automaton.of(document)
        self.targets = {target.name: target for target in targets}
        self.rules = {rule.id: rule for rule in rules}
        self.scenarios = {scenario.name: scenario for scenario in scenarios}
        self.results = {(result.scenario, result.target): result for result in results}
        self.others = []

    def add(self, other):
        """Takes in what another run found. "x-tls" and "x-unix" are the target x over another transport, and stand in its column
        unless it has played one of their scenarios itself."""
        self.others.append(other)
        for name, target in other.targets.items():
            results = [result for result in other.results.values() if result.target == name]
            base = re.sub(r"-(tls|unix)$", "", name)
            if base not in self.targets or any((result.scenario, base) in self.results for result in results):
                base = name
            if any((result.scenario, base) in self.results for result in results):
                raise load.InputError(f'{other.path}: a second result of "{base}" for a scenario that an earlier file has')
            self.targets.setdefault(base, target)
            for result in results:
                self.results[result.scenario, base] = dataclasses.replace(result, target=base)
        for mine, theirs in ((self.scenarios, other.scenarios), (self.rules, other.rules)):
            for key, value in theirs.items():
                mine.setdefault(key, value)

    def verdict(self, scenario, target):
        result = self.results.get((scenario, target))
        return result.verdict if result else "none"

    def counts(self, target=None):
        """How often each verdict was given, by one target or by all."""
        return Counter(result.verdict for result in self.results.values() if target in (None, result.target))

    def durations(self, scenario):
        """How long each target took, in milliseconds, in the order of the targets."""
        found = (self.results.get((scenario, target)) for target in self.targets)
        return [result.duration_ms for result in found if result and result.duration_ms]

    def scenarios_of(self, rule):
        return [scenario.name for scenario in self.scenarios.values() if rule in scenario.rules]

    def rule_verdict(self, rule, target):
        """The most telling verdict on one rule. A scenario blames one rule, so its failure says nothing about the others."""
        return self.rule_result(rule, target)[0]

    def rule_result(self, rule, target):
        """That verdict, and the scenario that gave it: one that was written for the rule, if there is one."""
        seen = {}
        for result in self.results.values():
            if result.target != target:
                continue
            own = rule in self.scenarios[result.scenario].rules
            if result.verdict == "not-offered":
                verdict = "not-offered" if own else None
            elif result.rule == rule:
                verdict = result.verdict
            else:
                verdict = "pass" if result.verdict == "pass" and rule in result.rules_exercised else None
            if verdict and (verdict not in seen or (own and not seen[verdict][1])):
                seen[verdict] = (result.scenario, own)
        # A rule that one scenario could not try but another did is judged by the one that did.
        if "pass" in seen:
            seen.pop("not-offered", None)
        return next(((verdict, seen[verdict][0]) for verdict in VERDICTS if verdict in seen), ("none", ""))

    @property
    def played(self):
        """The scenarios that some target played: the others are for targets over another transport."""
        return [name for name in self.scenarios if any((name, target) in self.results for target in self.targets)]

    @property
    def tried(self):
        """The rules that some target was judged by."""
        return [rule for rule in self.rules if any(self.rule_verdict(rule, target) != "none" for target in self.targets)]

    def transports_of(self, rules):
        """Over what the scenarios of these rules are played."""
        found = dict.fromkeys(transport for rule in rules for name in self.scenarios_of(rule.id)
                              for transport in self.scenarios[name].transports)
        return list(found)

    @property
    def groups(self):
        """The rules by group, in the file's order."""
        found = {}
        for rule in self.rules.values():
            found.setdefault(rule.group or "other", []).append(rule)
        return found

    def findings(self):
        """Everything but passes and what is not offered, worst first."""
        found = {}
        for result in self.results.values():
            if result.verdict in ("pass", "not-offered"):
                continue
            # Without a reason, results that broke different rules are different findings.
            key = (result.verdict, result.says, "" if result.says else result.rule)
            finding = found.setdefault(key, Finding(result.verdict, result.says))
            if result.rule and result.rule not in finding.rules:
                finding.rules.append(result.rule)
            finding.places.setdefault(result.target, []).append(result.scenario)
        return sorted(found.values(), key=lambda one: VERDICTS.index(one.verdict))


def _result(node, targets, scenarios):
    target = node.text("target")
    if target not in targets:
        node.member("target").fail(f'"{target}" is not among the targets')
    scenario = node.text("scenario")
    if scenario not in scenarios:
        node.member("scenario").fail(f'"{scenario}" is not among the scenarios')
    trace = node.each("trace", [])
    for event in trace:
        event.text("event")
    marked = node.number("marked", -1)
    if not -1 <= marked < max(len(trace), 1) or marked != int(marked):
        node.member("marked").fail(f"{marked} is no place in a trace of {len(trace)} events")
    for entry in node.each("peer", []):
        if isinstance(entry.value, dict) and entry.has("seen"):
            entry.number("seen")
    return Result(target, scenario, node.one_of("verdict", VERDICTS), node.texts("rules_exercised", []), node.text("rule", ""),
                  node.text("message", ""), node.text("reason", ""), node.number("duration_ms", 0),
                  tuple(event.value for event in trace), int(marked), node.text("expected", ""), tuple(entry.value for entry in node.each("peer", [])))


def _unique(nodes, key):
    """The values under `key`, each of which may stand only once."""
    seen = set()
    for node in nodes:
        value = node.text(key)
        if value in seen:
            node.member(key).fail(f'"{value}" stands twice')
        seen.add(value)
    return seen


def read(path):
    root = load.read(path)
    load.require_schema(root, SCHEMA)
    targets, rules, scenarios = root.each("targets"), root.each("rules"), root.each("scenarios")
    target_names, scenario_names = _unique(targets, "name"), _unique(scenarios, "name")
    _unique(rules, "id")
    results, pairs = [], set()
    for node in root.each("results"):
        result = _result(node, target_names, scenario_names)
        if (result.scenario, result.target) in pairs:
            node.fail(f'a second result of "{result.target}" for "{result.scenario}"')
        pairs.add((result.scenario, result.target))
        results.append(result)
    if not results:
        root.member("results").fail("no results: nothing was run")
    return Conformance(
        root, root.text("generated"), root.mapping("machine", {}),
        [Target(t.text("name"), t.text("version", ""), t.text("style", ""), t.texts("offers", [])) for t in targets],
        [Rule(r.text("id"), r.text("level", ""), r.text("group", ""), r.text("sentence"), r.texts("sources", []),
              r.texts("mutants", []))
         for r in rules],
        [Scenario(s.text("name"), s.text("about", ""), s.texts("rules", []), s.texts("needs", []),
                  s.texts("transports", []), s.mapping("server", {}), s.text("expect", "")) for s in scenarios],
        results)


def read_all(paths):
    """The first file, with what the others found taken in."""
    found = read(paths[0])
    for path in paths[1:]:
        found.add(read(path))
    return found
