"""The table of the targets, for a terminal."""

LIMIT = {"<=": "≤", ">=": "≥", "<": "<"}


def number(value):
    """Three figures, with a unit's letter if it is large."""
    if value is None:
        return "–"
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= 10 * size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


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
        if row["shown"] == "no difference shown":
            text += " ~"
    return text + {True: "  met", False: "  NOT MET", None: ""}[row["met"]]


def lines(document, styles):
    """One line a target: what, the limit, one cell a style; then the peers, then what is missing."""
    by_line = {}
    for row in document["rows"]:
        against = {True: "bare", False: row["against"] or ""}[bool(row["against"]) and row["against"] in ("bare_asio", "bare_libuv")]
        key = (row["title"], against, row["work"], row["metric"])
        by_line.setdefault(key, {})[row["subject"]] = row
    judged = [(key, cells) for key, cells in by_line.items() if any(one["target"] for one in cells.values())]
    told = [(key, cells) for key, cells in by_line.items() if not any(one["target"] for one in cells.values())]
    out = []
    for heading, group in (("Targets", judged), ("Beside them", told)):
        if group:
            out += _table(heading, group, styles)
    met = [row["met"] for row in document["rows"] if row["met"] is not None]
    out.append(f"{sum(met)} of {len(met)} targets are met. ~: no difference shown, the interval of the ratio holds 1.")
    for floor in document["noise_floor"]:
        low, high = floor["interval"]
        out.append(f"Noise floor of {floor['work']}, the same server twice: {floor['ratio']:.2f} × [{low:.2f}, {high:.2f}]")
    out += [f"Missing: {one['peer']}: {one['reason']}" for one in document["missing"]]
    return out


def _table(heading, group, styles):
    rows = [(heading, "limit", *styles)]
    for (title, against, _, _), cells in group:
        what = f"{title}, over {against}" if against and any(_by_ratio(one) for one in cells.values()) else title
        rows.append((what, _limits(cells, styles), *(cell(cells.get(style)) for style in styles)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = ["  ".join(part.ljust(width) for part, width in zip(row, widths)).rstrip() for row in rows]
    return [text[0], "-" * max(map(len, text)), *text[1:], ""]


def _by_ratio(row):
    return row["ratio"] is not None and (row["target"] or {}).get("of", "ratio") == "ratio"


def _limits(cells, styles):
    limits = [f"{LIMIT[cells[style]['target']['op']]} {number(cells[style]['target']['value'])}"
              for style in styles if style in cells and cells[style]["target"]]
    return " / ".join(dict.fromkeys(limits))
