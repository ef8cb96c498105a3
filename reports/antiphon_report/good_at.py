"""What each model is good at. Every sentence points to its evidence on this page, and is said only where the evidence holds in
the very run that the page is made from: a rule that passes, two programs that show it, a figure that is clear of 1."""

from dataclasses import dataclass

from . import names
from .names import BASELINES

PASSED, DIFFERS = ("pass",), ("differs",)


@dataclass(frozen=True)
class Rule:
    """The rule has one of these verdicts on these targets."""

    id: str
    verdicts: tuple = PASSED
    targets: tuple = ()     # empty: the sentence's own style

    def holds(self, found, style):
        if self.id not in found.conformance.rules:
            return None
        for target in self.targets or (style,):
            if target not in found.conformance.targets or found.conformance.rule_verdict(self.id, target) not in self.verdicts:
                return None
        return f"rule {self.id}", ("rule", self.id)


@dataclass(frozen=True)
class Code:
    """Lines that correspond in a program of both."""

    program: str
    tag: str

    def holds(self, found, _):
        for program in found.programs:
            if program.name.startswith(self.program) and self.tag in program.tags:
                return f"{program.title}, [{self.tag}]", ("code", program.name, self.tag)
        return None


@dataclass(frozen=True)
class Near:
    """What the style costs over its own library is at most so much, with the whole interval."""

    metric: str
    most: float

    def holds(self, found, style):
        rows = [row for row in found.benchmark.ratios(self.metric) if row.subject == style and row.against == BASELINES[style]] \
            if found.benchmark else []
        if not rows or any(row.interval[1] > self.most for row in rows):
            return None
        worst = max(rows, key=lambda row: row.ratio)
        return f"{names.metric(self.metric)} at most {names.ratio(worst.ratio)} of {names.server(worst.against)}", ("row", worst.id)


@dataclass(frozen=True)
class Fewer:
    """On every work where both were counted, the style needs no more of it than the other, and somewhere less."""

    metric: str
    than: str

    def holds(self, found, style):
        counted = found.benchmark.per_server("count").get(self.metric, {}) if found.benchmark else {}
        pairs = [(work, values[style], values[self.than]) for work, values in counted.items() if style in values and self.than in values]
        if not pairs or any(mine > other for _, mine, other in pairs) or all(mine == other for _, mine, other in pairs):
            return None
        work, mine, other = max(pairs, key=lambda pair: pair[2] - pair[1])
        return f"{names.metric(self.metric)} per request: {names.number(mine)} against {names.number(other)}", ("count", self.metric, work)


@dataclass(frozen=True)
class Shorter:
    """One GET passes through fewer functions than in the other style, by a tenth at least."""

    def holds(self, found, style):
        mine = next((walk for walk in found.walks if walk.style == style), None)
        other = next((walk for walk in found.walks if walk.style != style), None)
        if not mine or not other or len(mine.steps) > 0.9 * len(other.steps):
            return None
        return f"{len(mine.steps):,} functions against {len(other.steps):,}", ("walk", style)


@dataclass(frozen=True)
class Claim:
    style: str
    text: str
    evidence: tuple


CLAIMS = (
    Claim("asio_style", "State has one home: what a connection knows is in the fields of its own object, made before its first byte.",
          (Code("02_", "state"), Rule("ORD-01"))),
    Claim("asio_style", "The end is always told, once, with its cause: whatever is opened in connection_made is closed in connection_lost.",
          (Rule("ORD-05"), Rule("ORD-02"), Rule("CAU-03"))),
    Claim("asio_style", "A mistake of the application is contained: the error becomes the cause of the end and waiting output is dropped.",
          (Rule("ERR-02"), Rule("ERR-09"))),
    Claim("asio_style", "Half-close is a decision of the protocol: eof_received answers whether the sending side stays open.",
          (Rule("HALF-01"), Rule("HALF-02"), Code("03_", "eof"))),
    Claim("asio_style", "A write is offered to the kernel at once, so an answer does not wait for the rest of the tick.",
          (Rule("OCT-05"), Rule("FLOW-11"))),
    Claim("asio_style", "Code that knows asyncio can be carried over: the real asyncio plays the same order of callbacks.",
          (Rule("ORD-10", PASSED, ("asio_style", "asyncio")), Rule("FLOW-04", PASSED, ("asio_style", "asyncio")))),
    Claim("asio_style", "The shape is nearly free: over Boost.Asio alone it costs little.", (Near("cpu_per_request", 1.15),)),
    Claim("asio_style", "Little work for each request: fewer instructions than the other model.",
          (Fewer("instructions_per_request", "cl_async_style"),)),
    Claim("cl_async_style", "A small server is small: functions at the listener, and no class to write.",
          (Code("01_", "data"), Code("01_", "listen"))),
    Claim("cl_async_style", "Bad news has one place: every condition of every connection reaches the one event_cb.",
          (Code("01_", "failed"), Rule("ERR-01"))),
    Claim("cl_async_style", "An error of a callback does not cost the connection: it is reported, and the output that waits still arrives.",
          (Rule("ERR-02", DIFFERS), Rule("ERR-09", DIFFERS), Rule("ERR-01"))),
    Claim("cl_async_style", "Many small writes of one tick are gathered into one.", (Rule("OCT-05", DIFFERS), Rule("OCT-04"))),
    Claim("cl_async_style", "The extensions hold what the original lacks: back-pressure in pairs, and an end that is told once.",
          (Rule("FLOW-01"), Rule("ORD-05"))),
    Claim("cl_async_style", "The shape is nearly free: over libuv alone it costs little.", (Near("cpu_per_request", 1.15),)),
    Claim("cl_async_style", "Little work for each request: fewer instructions than the other model.",
          (Fewer("instructions_per_request", "asio_style"),)),
    Claim("cl_async_style", "A request takes fewer steps from accept to close.", (Shorter(),)),
    Claim("asio_style", "A request takes fewer steps from accept to close.", (Shorter(),)),
)


@dataclass(frozen=True)
class Said:
    text: str
    evidence: tuple     # (words, what it points to)


@dataclass(frozen=True)
class Found:
    """What evidence is looked up in."""

    conformance: object
    benchmark: object
    programs: tuple
    walks: tuple


def said(found, style):
    """The sentences of one style that this run proves. One whose evidence is missing or says otherwise is not said."""
    told = []
    for claim in CLAIMS:
        if claim.style != style:
            continue
        points = [point.holds(found, style) for point in claim.evidence]
        if all(points):
            told.append(Said(claim.text, tuple(points)))
    return told


def unproved(found, style):
    """How many sentences this run does not prove."""
    return sum(claim.style == style for claim in CLAIMS) - len(said(found, style))
