"""One sequence diagram for each scenario: the peer's steps, and what every target was told, side by side.

The traces of all targets are aligned event by event; a row that some target lacks, or tells otherwise, is marked. All rows of
all scenarios share one table of texts and are drawn by page.js when a reader asks for them, so that hundreds of scenarios
times all targets stay small.
"""

import difflib
import json
from dataclasses import dataclass, field

from .names import EVENTS
from . import traces

_TO_SERVER = {"connect", "connect_many", "handshake", "send", "send_text", "shutdown_write", "close_notify", "rst", "close",
              "close_all", "truncate"}
_TO_PEER = {"read", "read_until_eof", "read_available"}
LONGEST = 60
"""Rows of one diagram; of a longer one the beginning and the end are shown."""


@dataclass
class Row:
    """One moment. A step of the peer, or an event with what each target told of it (None: it did not come)."""

    step: str = ""
    arrow: str = ""         # "right": to the server, "left": to the peer
    code: str = ""
    cells: list = field(default_factory=list)
    odd: bool = False       # the targets do not agree
    marked: tuple = ()      # targets for which the kit blames this event


@dataclass
class Diagram:
    targets: tuple
    rows: list
    notes: list             # (target, text)


def _events(result, style):
    """(key, Line, marked) of each line of a trace: the key is what has to be the same for two events to correspond."""
    told = traces.told(result.trace, style)
    return [((line.code, events[0].get("c"), _identity(events[0])), line,
             any(index == result.marked for index in indices)) for line, events, indices in told]


def _identity(event):
    """What makes an event that event, beside its kind: a note's words, the action that returned."""
    return event.get("text") if event["event"] == "note" else event.get("action") if event["event"] == "RT" else None


def _align(columns):
    """Rows of [key, {column: entry}], in an order that keeps each column's own."""
    rows = []
    for column, entries in columns.items():
        mine = [entry[0] for entry in entries]
        matcher = difflib.SequenceMatcher(None, [row[0] for row in rows], mine, autojunk=False)
        merged = []
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag == "equal":
                for row, entry in zip(rows[a:b], entries[c:d]):
                    row[1][column] = entry
                    merged.append(row)
            else:
                merged += rows[a:b]
                merged += [[entry[0], {column: entry}] for entry in entries[c:d]]
        rows = merged
    return rows


def _step(entry):
    words = entry["step"] if isinstance(entry, dict) and "step" in entry else entry
    return words if isinstance(words, list) else [words]


def step_words(entry):
    return " ".join(word if isinstance(word, str) else json.dumps(word, ensure_ascii=False) for word in _step(entry))


def _outcome(entry):
    if not isinstance(entry, dict):
        return ""
    seen = [f"{key} {value:,}" if isinstance(value, int) else f"{key} {value}" for key, value in entry.items()
            if key not in ("step", "seen") and value != ""]
    return ", ".join(seen)


def of(conformance, scenario):
    results = {name: conformance.results[scenario, name] for name in conformance.targets
               if (scenario, name) in conformance.results and conformance.verdict(scenario, name) != "not-offered"}
    columns = {name: _events(result, conformance.targets[name].style) for name, result in results.items()}
    aligned = _align(columns)
    rows = []
    # The steps stand where the first target that played to the end met them; the peer is the same for all.
    lead = next((name for name, result in results.items() if result.verdict == "pass"), next(iter(results), None))
    steps = list(results[lead].peer) if lead else []
    length, seen = _prefix_lengths(results[lead].trace, lead, aligned, columns) if lead else ([], 0)
    pending = [(entry, entry.get("seen", 0) if isinstance(entry, dict) else 0) for entry in steps]
    for index, (key, cells) in enumerate(aligned):
        while pending and pending[0][1] <= length[index]:
            rows.append(_peer_row(pending.pop(0)[0]))
        lines = [cells[name][1] if name in cells else None for name in results]
        rows.append(Row(code=key[0], cells=lines, odd=len({_compared(line) for line in lines}) > 1,
                        marked=tuple(name for name in results if name in cells and cells[name][2])))
    rows += [_peer_row(entry) for entry, _ in pending]
    return Diagram(tuple(results), _shortened(rows), _notes(results, lead))


def _compared(line):
    """What has to be the same for two targets to agree. How octets were cut and buffered is the kernel's doing, and the words
    of an error are each library's own."""
    if line is None:
        return None
    return line.detail.split(" · ")[0] if line.code == "CL" else line.detail if line.code == "RT" and "buffer_size" not in line.detail else ""


def _prefix_lengths(trace, lead, aligned, columns):
    """How many events of the lead's trace stand before each aligned row."""
    told = traces.told(trace, "")
    sizes = iter([len(events) for _, events, _ in told])
    lengths, count = [], 0
    for _, cells in aligned:
        lengths.append(count)
        if lead in cells:
            count += next(sizes)
    return lengths, count


def _peer_row(entry):
    words, outcome = step_words(entry), _outcome(entry)
    verb = str(_step(entry)[0])
    return Row(step=words + (f": {outcome}" if outcome else ""),
               arrow="right" if verb in _TO_SERVER else "left" if verb in _TO_PEER else "")


def _notes(results, lead):
    """What each target's verdict says, and where its peer fared otherwise than the one that is drawn."""
    notes = []
    for name, result in results.items():
        for text in (result.reason, result.message):
            if text:
                notes.append((name, text))
        if result.expected and result.marked >= 0:
            notes.append((name, f"expected there: {result.expected}"))
        mine, drawn = [[step_words(one) + (f": {_outcome(one)}" if _outcome(one) else "") for one in record]
                       for record in (result.peer, results[lead].peer)]
        if mine != drawn:
            odd = [one for one in mine if one not in drawn][:3]
            notes.append((name, f"its peer: {'; '.join(odd)}" if odd else f"its peer came only as far as step {len(mine)} of {len(drawn)}"))
    return notes


def _shortened(rows):
    if len(rows) <= LONGEST:
        return rows
    head, tail = LONGEST * 2 // 3, LONGEST // 3
    # What differs has to be seen wherever it stands.
    middle = [row for row in rows[head:-tail] if row.marked][:10]
    gap = Row(step=f"… {len(rows) - head - tail - len(middle)} rows more in the JSON file …")
    return rows[:head] + [gap] + middle + rows[-tail:]


class Texts:
    """Each text once; the diagrams hold its number."""

    def __init__(self):
        self.numbers = {}

    def of(self, text):
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def all(self):
        return list(self.numbers)


def encode(conformance):
    """What page.js draws from, as JSON text that can stand inside a script element."""
    texts = Texts()
    diagrams = {}
    for scenario in conformance.scenarios.values():
        drawn = of(conformance, scenario.name)
        rows = []
        for row in drawn.rows:
            if row.step:
                rows.append([texts.of(row.step), {"right": 1, "left": 2}.get(row.arrow, 0)])
                continue
            cells = [-1 if line is None else texts.of(line.detail) for line in row.cells]
            connection = next((texts.of(line.connection) for line in row.cells if line and line.connection), -1)
            rows.append([texts.of(row.code), 3 + row.odd, connection, sum(1 << drawn.targets.index(name) for name in row.marked), *cells])
        diagrams[scenario.name] = [[list(conformance.targets).index(name) for name in drawn.targets], rows,
                                   [[list(conformance.targets).index(name), texts.of(text)] for name, text in drawn.notes]]
    styles = [target.style for target in conformance.targets.values()]
    value = {"texts": texts.all, "targets": list(conformance.targets), "styles": styles,
             "names": {style: EVENTS[style] for style in dict.fromkeys(styles) if style in EVENTS},
             "verdicts": {f"{scenario}/{target}": result.verdict for (scenario, target), result in conformance.results.items()
                          if result.verdict != "pass"},
             "diagrams": diagrams}
    return safe_json(value)


def safe_json(value):
    """JSON in which nothing can end the script element that holds it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
