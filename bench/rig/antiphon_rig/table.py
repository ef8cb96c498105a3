"""The table of the targets, for a terminal."""

from . import notes
from .servers import BARE_OF, LLHTTP
from .words import number, quantity

LIMIT = {"<=": "≤", ">=": "≥", "<": "<"}
OWN_BARE = ("bare_asio", "bare_libuv")
STYLE_OF = {bare: style for style, bare in BARE_OF.items()}
HEADINGS = {"targets": "Targets", "llhttp_alone": "The same limits over llhttp alone, which checks less", "peers": "Beside what people use",
            "told": "Beside them"}
LEGEND = ("bare: the smallest server on the same library, with the parser of both styles (llhttp and what RFC 9112 wants beyond it), the same "
          "socket options, read size and answer.",
          "bare, llhttp alone: the same server with nothing but llhttp. The difference of the two is what strictness costs.",
          "~: no difference shown, the interval of the ratio holds 1.")


def interval(row):
    return f" [{row['interval'][0]:.2f}, {row['interval'][1]:.2f}]" if row["interval"] else ""


def cell(row):
    """The figure that is judged, or the ratio; with its interval, and whether the target is met."""
    if row is None:
        return ""
    judged = row["target"]["of"] if row["target"] else "ratio"
    if judged == "value" or row["ratio"] is None:
        text = number(row["value"])
        if row["against_value"] is not None and row["against"]:
            text += f" (bare {number(row['against_value'])})"
    else:
        text = f"{row['ratio']:.2f} ×{interval(row)}"
        if row["group"] == "peers":
            return f"{text}  {row['verdict']}"
        if row["shown"] == "no difference shown":
            text += " ~"
    return text + {True: "  met", False: "  NOT MET", None: ""}[row["met"]]


def over(row):
    """Against what, so that both styles' bare libraries stand in one line."""
    if row["against"] in OWN_BARE:
        return "bare"
    if row["against"] in tuple(name + LLHTTP for name in OWN_BARE):
        return "bare, llhttp alone"
    return row["against"] or ""


def lines(document, styles):
    """One line a target: what, the limit, one cell a style; then the peers, what is missing, and what is met."""
    by_group = {name: {} for name in HEADINGS}
    for row in document["rows"]:
        column = row["subject"] if row["subject"] in styles else STYLE_OF.get(row["subject"])
        title = row["title"] + ("" if column == row["subject"] else ": the bare library by itself")
        by_group[row["group"]].setdefault((title, over(row), row["work"], row["metric"]), {})[column] = row
    out = []
    for name, heading in HEADINGS.items():
        if by_group[name]:
            out += _table(heading, by_group[name].items(), styles)
    out += LEGEND
    for floor in document["noise_floor"]:
        low, high = floor["interval"]
        out.append(f"Noise floor of {floor['work']}, the same server twice: {floor['ratio']:.2f} × [{low:.2f}, {high:.2f}]")
    out += [f"Missing: {one['peer']}: {one['reason']}" for one in document["missing"]]
    return out + ["", *notes.summary(document["rows"])]


def _table(heading, group, styles):
    rows = [(heading, "limit", *styles)]
    for (title, against, _, _), cells in group:
        what = f"{title}, over {against}" if against and any(_by_ratio(one) for one in cells.values()) else title
        rows.append((what, _limits(cells, styles), *(cell(cells.get(style)) for style in styles)))
        if any(_explained(one) for one in cells.values()):
            rows += _parts(cells, styles)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = ["  ".join(part.ljust(width) for part, width in zip(row, widths)).rstrip() for row in rows]
    return [text[0], "-" * max(map(len, text)), *text[1:], ""]


def _explained(row):
    """Whether its parts stand under it: those of instructions always, others where the target is not met."""
    return row["group"] == "targets" and row["breakdown"] and (row["metric"] == "instructions_per_request" or row["met"] is False)


def _parts(cells, styles):
    """The breakdown under a row: one line a part, with the other server's figure in brackets."""
    names = dict.fromkeys(part["name"] for one in cells.values() if _explained(one) for part in one["breakdown"]["parts"])
    found = {style: {part["name"]: part for part in cells[style]["breakdown"]["parts"]} for style in styles
             if style in cells and _explained(cells[style])}
    return [(f"    {name}", "", *(_part(found.get(style, {}).get(name)) for style in styles)) for name in names]


def _part(part):
    if part is None:
        return ""
    first, *others = part["values"]
    beside = f" ({', '.join(quantity(one, part['unit']) for one in others)})" if others else ""
    return f"  {quantity(first, part['unit'])}{beside}"


def _by_ratio(row):
    return row["ratio"] is not None and (row["target"] or {}).get("of", "ratio") == "ratio"


def _limits(cells, styles):
    limits = [f"{LIMIT[cells[style]['target']['op']]} {number(cells[style]['target']['value'])}"
              for style in styles if style in cells and cells[style]["target"]]
    return " / ".join(dict.fromkeys(limits))
