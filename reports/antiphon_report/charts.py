"""The charts: drawn by matplotlib, then made part of the page (its colours, its fonts, no ids of chance, no metadata)."""

import io
import re
from xml.etree import ElementTree

import matplotlib

matplotlib.use("svg")

from markupsafe import Markup  # noqa: E402  (the back end must be chosen first)
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator  # noqa: E402

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
    """The chart of one metric twice, for a wide and for a narrow page; the page shows one of them."""
    ratios = benchmark.ratios(metric)
    title = f"{names.metric(metric).capitalize()}: each style over its bare library, and over bare epoll"
    told = "; ".join(f"{names.case(one.case)}: {one.server} over {names.server(one.base)} {one.median:.2f}, "
                     f"from {one.low:.2f} to {one.high:.2f}" for one in ratios)
    return [Markup(_to_page(_draw(ratios, benchmark.cases, wide), f"{metric}-{'wide' if wide else 'narrow'}", title, told))
            for wide in (True, False)]


def _draw(ratios, cases, wide):
    panels = [("over its own bare library", [one for one in ratios if one.base != names.FLOOR]),
              ("over bare epoll", [one for one in ratios if one.base == names.FLOOR])]
    panels = [panel for panel in panels if panel[1]]
    low, high = min(one.low for one in ratios), max(one.high for one in ratios)
    rows = 2 * len(cases)
    with matplotlib.rc_context({"svg.fonttype": "none", "text.parse_math": False, "svg.hashsalt": "antiphon", "font.size": 12 if wide else 11.5,
                                "text.color": _INK, "axes.edgecolor": _LINE, "xtick.color": _MUTED, "ytick.color": _INK}):
        if wide:
            width, height = 1120, 24 * rows + 26 * len(cases) + 90
            figure, axes = pyplot.subplots(1, len(panels), sharey=True, squeeze=False)
            figure.subplots_adjust(left=0.2, right=0.99, top=1 - 44 / height, bottom=34 / height, wspace=0.06)
        else:
            width, height = 350, len(panels) * (24 * rows + 34 * len(cases) + 84)
            figure, axes = pyplot.subplots(len(panels), 1, squeeze=False)
            figure.subplots_adjust(left=0.03, right=0.97, top=1 - 44 / height, bottom=34 / height,
                                   hspace=84 / ((height - 78) / len(panels)))
        figure.set_size_inches(width / 72, height / 72)
        for axis, (heading, shown) in zip(axes.flat, panels):
            _panel(axis, heading, shown, cases, (low, high), wide, first=axis is axes.flat[0])
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True)
        pyplot.close(figure)
    return stream.getvalue()


def _panel(axis, heading, shown, cases, extent, wide, first):
    step = 2.75 if wide else 3.1
    axis.axvline(1, color=_INK, linewidth=1, zorder=1)
    places = {}
    for index, case in enumerate(cases):
        for offset, style in enumerate(names.STYLES):
            places[case, style] = index * step + offset * 0.95
    for one in shown:
        _mark(axis, one, places[one.case, one.server])
    for index, case in enumerate(cases):
        if wide and first:
            # At the left edge of the figure, where the page's text begins.
            axis.annotate(names.case_title(case), (0, index * step + 0.48), va="center", annotation_clip=False,
                          xycoords=(axis.figure.transFigure, axis.transData))
        if not wide:
            axis.text(0, index * step - 0.75, names.case_title(case), transform=axis.get_yaxis_transform(), va="center",
                      bbox={"facecolor": _PAPER, "edgecolor": "none", "pad": 1.5})
        if index:
            axis.axhline(index * step - (0.9 if wide else 1.4), color=_LINE, linewidth=0.6, zorder=0)
    axis.set_ylim((len(cases) - 1) * step + 1.9, -0.95 if wide else -1.5)
    axis.set_title(heading, loc="left", fontsize=12, color=_MUTED, pad=10)
    _scale(axis, *extent)
    axis.set_yticks([])
    for side in ("left", "right", "top"):
        axis.spines[side].set_visible(False)


def _mark(axis, one, place):
    colour = _VOICE[one.server]
    clear = one.shows in ("more", "less")
    axis.plot([one.low, one.high], [place, place], color=colour, linewidth=2.2, solid_capstyle="round", zorder=2)
    axis.plot([one.median], [place], _SHAPE[one.server], markersize=7, color=colour, zorder=3,
              markerfacecolor=colour if clear else _PAPER, markeredgewidth=1.6)
    axis.annotate(names.ratio(one.median), (max(one.high, one.median), place), xytext=(8, 0), textcoords="offset points",
                  va="center", color=_INK if clear else _MUTED, fontsize=11)


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
    del root.attrib["width"], root.attrib["height"]
    root.attrib.pop("version", None)
    root.attrib.update({"id": identity, "role": "img", "aria-labelledby": f"{identity}-title {identity}-desc"})
    for position, (tag, text) in enumerate((("title", title), ("desc", told))):
        label = ElementTree.Element(tag, {"id": f"{identity}-{tag}"})
        label.text = text
        root.insert(position, label)
    return ElementTree.tostring(root, encoding="unicode")
