"""Why a row is not met: a sentence of what the same run measured, and nothing else. Pure."""

from . import groups
from .servers import BARE_OF, STYLES
from .stats import median
from .words import quantity, share

# The count work that tells of a timed work's system calls and instructions.
COUNTED = {"keep_alive/64conn": "keep_alive/64conn", "pipelined_32/16conn": "pipelined_32/1conn",
           "connection_per_request/16conn": "connection_per_request/1conn", "echo_64B/64conn": "echo_64B/64conn",
           "echo_16KiB/16conn": "echo_16KiB/1conn", "echo_1MiB/4conn": "echo_1MiB/1conn"}
MOST = 4  # parts that are named; the others are summed up


def cpu_breakdown(samples, unit):
    """Of {server: [Sample]}: medians of a request's user and system time."""
    parts = []
    for name, of in (("user", lambda one: one.user), ("system", lambda one: 1 - one.user)):
        parts.append({"name": f"{name} CPU time per {unit}", "unit": "us",
                      "values": [median([one.cpu_us * of(one) for one in rounds]) for rounds in samples.values()]})
    return {"columns": list(samples), "parts": parts}


def add_counts(rows):
    """To the breakdown of each timed row: the system calls and instructions of both servers, where this run counted them."""
    counted = {}
    for row in rows:
        if row["kind"] == "count" and row["metric"] in ("syscalls_per_request", "instructions_per_request"):
            for server, value in ((row["subject"], row["value"]), (row["against"], row["against_value"])):
                if server and value is not None:
                    counted[row["work"], row["metric"], server] = value
    for row in rows:
        if row["kind"] != "time" or not row["breakdown"] or row["work"] not in COUNTED:
            continue
        for metric, name in (("syscalls_per_request", "system calls"), ("instructions_per_request", "user instructions")):
            values = [counted.get((COUNTED[row["work"]], metric, server)) for server in row["breakdown"]["columns"]]
            if None not in values:
                row["breakdown"]["parts"].append({"name": f"{name} ({COUNTED[row['work']]})", "unit": "1", "values": values})


def explain(rows, noise=()):
    """Writes the note of each row that has a breakdown and is not met: its parts, and what the same server differed by from itself."""
    floors = {(one["work"], one["metric"]): "the same server twice {:.2f} × [{:.2f}, {:.2f}]".format(one["ratio"], *one["interval"]) for one in noise}
    for row in rows:
        if row["met"] is False and row["breakdown"]:
            row["note"] = "; ".join(filter(None, (row["note"], _sentence(row, rows), floors.get((row["work"], row["metric"])))))


def _sentence(row, rows):
    parts, columns = row["breakdown"]["parts"], row["breakdown"]["columns"]
    if row["work"] == "keep_alive/10000conn":
        return _beside_bare(row, rows)
    if row["metric"] == "instructions_per_request" and len(columns) > 1:
        return _differences(parts, row["against"] is not None) + (_by_function(row["breakdown"]["functions"]) if row["against"] is None else "")
    if len(columns) > 1:
        return "; ".join(f"{part['name']} {quantity(part['values'][0], part['unit'])} over {quantity(part['values'][1], part['unit'])}"
                         for part in parts)
    return "; ".join(f"{part['name']}: {quantity(part['values'][0], part['unit'])}" for part in parts)


def _differences(parts, two_servers):
    """The groups that cost the subject more, dearest first; then what is the same parser's on both sides."""
    more = sorted(((part["values"][0] - part["values"][1], part["name"]) for part in parts), reverse=True)
    total = sum(one for one, _ in more)
    named = [f"{name} {one:+,.0f}" for one, name in more[:MOST] if one >= 1]
    rest = total - sum(one for one, _ in more[:MOST] if one >= 1)
    parser = [part for part in parts if part["name"] in (groups.LLHTTP, groups.CHECKS)]
    both_parse = two_servers and parser
    same = "" if not both_parse else "; the parser alone {:,.0f} and {:,.0f}".format(*(sum(part["values"][side] for part in parser) for side in (0, 1)))
    return f"{total:+,.0f}: {', '.join(named)}, all others {rest:+,.0f}{same}" if named else f"{total:+,.0f}"


def _by_function(functions):
    """Of one server under two circumstances: which functions differ."""
    found = [(one["values"][0] - one["values"][1], one["name"]) for one in functions[:MOST]]
    return "; by function: " + ", ".join(f"{name} {more:+,.0f}" for more, name in found) if found else ""


def _beside_bare(row, rows):
    """A style's growth beside its bare library's, which has nothing of the style's."""
    bare = next((one for one in rows if one["work"] == row["work"] and one["subject"] == BARE_OF.get(row["subject"])), None)
    told = [] if bare is None else [f"{bare['subject']} by itself grows {bare['ratio']:.2f} × [{bare['interval'][0]:.2f}, {bare['interval'][1]:.2f}]"]
    for part in row["breakdown"]["parts"]:
        many, few = part["values"]
        told.append(f"{part['name']} {quantity(many, part['unit'])} over {quantity(few, part['unit'])}")
    return "; ".join(told)


def summary(rows):
    """What a reader wants first: lines that say how many targets are met, and of each that is not, why."""
    if all(row["group"] == "told" for row in rows):
        return ["No target was set for what was measured."]
    targets = [row for row in rows if row["group"] == "targets" and row["met"] is not None]
    unmet = [row for row in targets if not row["met"]]
    lines = [] if not targets else [f"{len(targets) - len(unmet)} of {len(targets)} targets met." + ("" if unmet else " All of them.")]
    if unmet:
        lines.append("Not met, each with what was measured of it in this run:")
        lines += [f"  {row['subject']}, {row['title']}: {_found(row)}" + (f". {row['note']}" if row["note"] else "") for row in unmet]
    peers = [row for row in rows if row["group"] == "peers"]
    for style in STYLES:
        own = [row for row in peers if row["subject"] == style]
        if own:
            lines.append(f"{style} is ahead of {_names(own, 'ahead')}; no difference shown: {_names(own, 'no difference shown')}; "
                         f"behind: {_names(own, 'behind')} (CPU time per request).")
    alone = [row for row in rows if row["group"] == "llhttp_alone" and row["met"] is not None]
    if alone:
        lines.append(f"The same limits over bare servers with llhttp alone, which check less: {share(sum(row['met'] for row in alone), len(alone))} met.")
    return lines


def _found(row):
    target = row["target"]
    if target["of"] == "value":
        return f"{quantity(row['value'], row['unit'])}, wanted {target['op']} {quantity(target['value'], row['unit'])}"
    interval = " [{:.2f}, {:.2f}]".format(*row["interval"]) if row["interval"] else ""
    return f"{row['ratio']:.2f} ×{interval} {row['against'] or 'of itself'}, wanted {target['op']} {target['value']:g}"


def _names(rows, verdict):
    return ", ".join(row["against"] for row in rows if row["verdict"] == verdict) or "none"
