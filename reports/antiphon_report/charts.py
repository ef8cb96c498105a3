"""The charts: drawn by matplotlib, then made part of the page (its colours, its fonts, no ids of chance, no metadata)."""

import contextlib
import io
import re
from dataclasses import dataclass
from xml.etree import ElementTree

import matplotlib

matplotlib.use("svg")

from markupsafe import Markup  # noqa: E402  (the back end must be chosen first)
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator  # noqa: E402

from . import names  # noqa: E402

# matplotlib wants colours, the page has variables: each colour here stands for one and is swapped afterwards.
_INK, _MUTED, _LINE, _PAPER = "#010101", "#020202", "#030303", "#040404"
_VOICE = {"asio_style": "#0a0a0a", "cl_async_style": "#0b0b0b"}
_VARIABLES = {_INK: "var(--ink)", _MUTED: "var(--muted)", _LINE: "var(--line)", _PAPER: "var(--paper)",
              _VOICE["asio_style"]: "var(--voice-a)", _VOICE["cl_async_style"]: "var(--voice-b)"}
_SHAPE = {"asio_style": "o", "cl_async_style": "D"}

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


def ratio_charts(benchmark, metric):
    """The charts of one metric, each twice: for a wide and for a narrow page, of which one is shown. The first has a line for each
    work, over the bare library and bare epoll; the second a line for each server that people use."""
    rows = [row for row in benchmark.ratios(metric) if row.subject in names.STYLES]
    bare = [_Drawn(_against(row), names.case_title(row.work), row) for row in rows if _is_bare(row)]
    used = [_Drawn(names.case_title(row.work), f"over {names.server(row.against)}", row) for row in rows
            if row.against and not _is_bare(row)]
    words = names.first_upper(names.metric(metric))
    charts = []
    for drawn, identity, title in ((bare, metric, f"{words}: each style over its bare library and over bare epoll"),
                                   (used, f"{metric}-used", f"{words}: each style over servers that people use")):
        if drawn:
            told = "; ".join(f"{names.case(one.row.work)}: {one.row.subject} over {names.server(one.row.against)} {one.row.ratio:.2f}, "
                             f"from {one.row.interval[0]:.2f} to {one.row.interval[1]:.2f}" for one in drawn)
            charts.append(_twice(lambda wide, drawn=drawn: _draw(drawn, wide), identity, title, told))
    return charts


@dataclass(frozen=True)
class _Drawn:
    panel: str
    label: str
    row: object


def _is_bare(row):
    return row.against in (names.BASELINES.get(row.subject), names.FLOOR) or row.group == "llhttp_alone"


def latency_charts(benchmark):
    """Latency against rate: the median and the 99th percentile of every server."""
    if not benchmark.latency:
        return []
    told = "; ".join(f"{names.server(server)} at {point['rate']:,.0f}/s: median {point['p50_us']:,.0f} µs, 99th percentile "
                     f"{point['p99_us']:,.0f} µs" for server, points in benchmark.latency.items() for point in points)
    panels = [(heading, "requests per second", {server: [(point["rate"], point[key]) for point in points]
                                                for server, points in benchmark.latency.items()})
              for heading, key in (("median latency, µs", "p50_us"), ("99th percentile, µs", "p99_us"))]
    return _twice(lambda wide: _curves(panels, wide, log=True), "latency", "Latency against rate", told)


def memory_charts(benchmark):
    """Resident memory against open connections."""
    if not benchmark.memory:
        return []
    told = "; ".join(f"{names.server(server)} with {connections:,.0f}: {octets / 2**20:,.1f} MiB"
                     for server, points in benchmark.memory.items() for connections, octets in points)
    panels = [("resident memory, MiB", "open connections",
               {server: [(connections, octets / 2**20) for connections, octets in points] for server, points in benchmark.memory.items()})]
    return _twice(lambda wide: _curves(panels, wide, log=False), "memory", "Memory against open connections", told)


def _twice(draw, identity, title, told):
    return [Markup(_to_page(draw(wide), f"{identity}-{'wide' if wide else 'narrow'}", title, told)) for wide in (True, False)]


@contextlib.contextmanager
def _paper(wide):
    with matplotlib.rc_context({"svg.fonttype": "none", "text.parse_math": False, "svg.hashsalt": "antiphon", "font.size": 12 if wide else 11.5,
                                "text.color": _INK, "axes.edgecolor": _LINE, "axes.labelcolor": _MUTED, "xtick.color": _MUTED,
                                "ytick.color": _MUTED}):
        yield


def _svg(figure):
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True)
    pyplot.close(figure)
    return stream.getvalue()


def _against(row):
    """The heading of a panel, in the order in which panels stand."""
    if row.against == names.BASELINES.get(row.subject):
        return "over its own bare library"
    if row.group == "llhttp_alone":
        return "over bare, llhttp alone"
    return f"over {names.server(row.against)}"


def _draw(drawn, wide):
    order = ["over its own bare library", f"over {names.server(names.FLOOR)}"]
    headings = sorted(dict.fromkeys(one.panel for one in drawn), key=lambda one: order.index(one) if one in order else len(order))
    labels = list(dict.fromkeys(one.label for one in drawn))
    across = min(len(headings), 3) if wide else 1
    down = -(-len(headings) // across)
    lines = 2 * len(labels)
    with _paper(wide):
        if wide:
            width, height = 1120 if across > 1 else 760, down * (24 * lines + 26 * len(labels) + 90)
            figure, axes = pyplot.subplots(down, across, sharey=True, squeeze=False)
            figure.subplots_adjust(left=224 / width, right=0.99, top=1 - 44 / height, bottom=34 / height, wspace=0.06,
                                   hspace=84 / ((height - 78) / down))
        else:
            width, height = 350, down * (24 * lines + 34 * len(labels) + 84)
            figure, axes = pyplot.subplots(down, 1, squeeze=False)
            figure.subplots_adjust(left=0.03, right=0.97, top=1 - 44 / height, bottom=34 / height,
                                   hspace=84 / ((height - 78) / down))
        figure.set_size_inches(width / 72, height / 72)
        for index, axis in enumerate(axes.flat):
            if index >= len(headings):
                axis.set_visible(False)
                continue
            shown = [one for one in drawn if one.panel == headings[index]]
            extent = min(one.row.interval[0] for one in shown), max(one.row.interval[1] for one in shown)
            _panel(axis, headings[index], shown, labels, extent, wide, first=index % across == 0)
        return _svg(figure)


def _panel(axis, heading, shown, labels, extent, wide, first):
    step = 2.75 if wide else 3.1
    axis.axvline(1, color=_INK, linewidth=1, zorder=1)
    places = {}
    for index, label in enumerate(labels):
        for offset, style in enumerate(names.STYLES):
            places[label, style] = index * step + offset * 0.95
    for one in shown:
        _mark(axis, one.row, places[one.label, one.row.subject])
    for index, label in enumerate(labels):
        if wide and first:
            # At the left edge of the figure, where the page's text begins.
            axis.annotate(label, (0, index * step + 0.48), va="center", annotation_clip=False,
                          xycoords=(axis.figure.transFigure, axis.transData))
        if not wide:
            axis.text(0, index * step - 0.75, label, transform=axis.get_yaxis_transform(), va="center",
                      bbox={"facecolor": _PAPER, "edgecolor": "none", "pad": 1.5})
        if index:
            axis.axhline(index * step - (0.9 if wide else 1.4), color=_LINE, linewidth=0.6, zorder=0)
    axis.set_ylim((len(labels) - 1) * step + 1.9, -0.95 if wide else -1.5)
    axis.set_title(heading, loc="left", fontsize=12, color=_MUTED, pad=10)
    _scale(axis, *extent)
    axis.set_yticks([])
    for side in ("left", "right", "top"):
        axis.spines[side].set_visible(False)


def _mark(axis, row, place):
    colour = _VOICE[row.subject]
    low, high = row.interval
    axis.plot([low, high], [place, place], color=colour, linewidth=2.2, solid_capstyle="round", zorder=2)
    axis.plot([row.ratio], [place], _SHAPE[row.subject], markersize=7, color=colour, zorder=3,
              markerfacecolor=colour if row.clear else _PAPER, markeredgewidth=1.6)
    axis.annotate(names.ratio(row.ratio), (max(high, row.ratio), place), xytext=(8, 0), textcoords="offset points",
                  va="center", color=_INK if row.clear else _MUTED, fontsize=11)


# A style's own library has its colour, dashed; whoever else is there has ink and a pattern of his own.
_LINES = {"asio_style": (_VOICE["asio_style"], "-"), "cl_async_style": (_VOICE["cl_async_style"], "-"),
          "bare_asio": (_VOICE["asio_style"], (0, (4, 2))), "bare_libuv": (_VOICE["cl_async_style"], (0, (4, 2))),
          "bare_epoll": (_INK, "-")}
_PATTERNS = [(0, (1, 1.5)), (0, (6, 2)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (2, 4)), (0, (10, 2, 2, 2))]


def _line_of(server, servers):
    if server in _LINES:
        return _LINES[server]
    others = [one for one in servers if one not in _LINES]
    return _MUTED, _PATTERNS[others.index(server) % len(_PATTERNS)]


def _curves(panels, wide, log):
    servers = list(dict.fromkeys(server for _, _, lines in panels for server in lines))
    with _paper(wide):
        legend = -(-len(servers) // (5 if wide else 2))
        if wide:
            width, height = (1120, 300 + 22 * legend) if len(panels) > 1 else (720, 300 + 22 * legend)
            figure, axes = pyplot.subplots(1, len(panels), squeeze=False)
            figure.subplots_adjust(left=70 / width, right=0.99, top=1 - 34 / height, bottom=(62 + 22 * legend) / height, wspace=0.16)
        else:
            width, height = 350, len(panels) * 270 + 22 * legend
            figure, axes = pyplot.subplots(len(panels), 1, squeeze=False)
            figure.subplots_adjust(left=0.15, right=0.97, top=1 - 34 / height, bottom=(58 + 22 * legend) / height,
                                   hspace=0.45)
        figure.set_size_inches(width / 72, height / 72)
        for axis, (heading, below, lines) in zip(axes.flat, panels):
            for server, points in lines.items():
                colour, pattern = _line_of(server, servers)
                axis.plot(*zip(*points), color=colour, linestyle=pattern, linewidth=2 if server in names.STYLES else 1.4,
                          marker=_SHAPE.get(server, "."), markersize=5 if server in names.STYLES else 4, label=names.server(server),
                          zorder=3 if server in names.STYLES else 2)
            axis.set_title(heading, loc="left", fontsize=12, color=_MUTED, pad=10)
            axis.set_xlabel(below, fontsize=11)
            if log:
                axis.set_yscale("log")
                axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            else:
                axis.set_ylim(bottom=0)
            axis.set_xlim(left=0)
            axis.xaxis.set_major_locator(MaxNLocator(4 if not wide else 6))
            axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            axis.yaxis.set_minor_locator(NullLocator())
            axis.grid(axis="y", color=_LINE, linewidth=0.6)
            axis.tick_params(length=3, labelsize=11)
            for side in ("right", "top", "left"):
                axis.spines[side].set_visible(False)
        figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="lower left", ncol=5 if wide else 2, frameon=False, fontsize=11,
                      handlelength=2.6, borderaxespad=0.2, columnspacing=1.6)
        return _svg(figure)


def _scale(axis, low, high):
    """Room to the right for the figures; a logarithm where the ratios span more than a factor of three."""
    low, high = min(low, 0.97), max(high, 1.05)
    if high / low > 3:
        axis.set_xscale("log")
        axis.set_xlim(low / 1.1, high * (high / low) ** 0.25)
        marks = [mark for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low / 1.1 <= mark <= high * 1.1]
        axis.set_xticks(marks)
        axis.xaxis.set_minor_locator(NullLocator())
    else:
        span = high - low
        axis.set_xlim(low - 0.06 * span, high + 0.24 * span)
        axis.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axis.tick_params(axis="x", length=3, labelsize=11)


def _to_page(svg, identity, title, told):
    """matplotlib's file as an element of the page: labelled, in the page's colours, without names that only XML needs."""
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{_SVG}metadata"):
        root.remove(metadata)
    identity = re.sub(r"\W+", "-", identity)
    renamed = {}
    for element in root.iter():
        if "id" in element.attrib:
            renamed[element.attrib["id"]] = element.attrib["id"] = f"{identity}-{element.attrib['id']}"
        element.tag = element.tag.removeprefix(_SVG)
        if _LINK in element.attrib:
            element.attrib["href"] = element.attrib.pop(_LINK).replace("#", f"#{identity}-")
        for key, value in element.attrib.items():
            if key == "style":
                value = re.sub(r"(font: [^;]*?px) [^;]*", r"\1 var(--sans)", value)
                for colour, variable in _VARIABLES.items():
                    value = value.replace(colour, variable)
            elif key != "href":
                value = value.replace("url(#", f"url(#{identity}-")
            element.attrib[key] = value
    for element in root.findall(".//style"):
        element.text = element.text.replace("*{", f"#{identity} *{{")
    root.attrib["style"] = f"max-width: {float(root.attrib.pop('width').removesuffix('pt')):.0f}px"
    del root.attrib["height"]
    root.attrib.pop("version", None)
    root.attrib.update({"id": identity, "role": "img", "aria-labelledby": f"{identity}-title {identity}-desc"})
    for position, (tag, text) in enumerate((("title", title), ("desc", told))):
        label = ElementTree.Element(tag, {"id": f"{identity}-{tag}"})
        label.text = text
        root.insert(position, label)
    return ElementTree.tostring(root, encoding="unicode")
