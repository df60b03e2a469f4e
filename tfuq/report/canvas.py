"""What all figures share: a canvas without a display, whole files, and colours that are told apart without colour vision."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter

from tfuq.data.writers import write_bytes

# Okabe and Ito 2008
BLUE, VERMILION, ORANGE, GREEN, SKY, PURPLE, YELLOW, BLACK = (
    "#0072B2", "#D55E00", "#E69F00", "#009E73", "#56B4E9", "#CC79A7", "#F0E442", "#000000",
)  # fmt: skip
RIGHT, WRONG = BLUE, VERMILION
SEQUENTIAL = "cividis"
GREY = "#BBBBBB"
_MOST_ACROSS = 3


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches that draws without a display."""
    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure of so many plots, in rows as even as can be."""
    down = -(-count // _MOST_ACROSS)
    across = -(-count // down)
    figure = new_figure(4.2 * across, 3.2 * down)
    return figure, [figure.add_subplot(down, across, place) for place in range(1, count + 1)]


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG, whole or not at all, and say where. Names in it are shown as they are: ``$`` begins no formula."""
    _take_literally(figure)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    write_bytes(path, content.getvalue())
    return path


def _take_literally(figure: Figure) -> None:
    """Show every text as it is, but for the powers along logarithmic axes, which are matplotlib's own."""
    powers: set[Text] = set()
    for axes in figure.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatter):
                powers.update(axis.findobj(Text))
                powers.discard(axis.label)
    for text in figure.findobj(Text):
        if text not in powers:
            text.set_parse_math(False)


def correlation_title(symbol: str, value: float | None, p: float | None, n: int) -> str:
    """A correlation as one line, such as "ρ = 0.41, p = 0.0012, n = 60"; without p where items are not independent."""
    if value is None:
        return f"{symbol} undefined, n = {n}"
    return f"{symbol} = {value:.2f}" + ("" if p is None else f", p = {p:.2g}") + f", n = {n}"


def interval_text(symbol: str, value: float | None, low: float | None, high: float | None) -> str:
    """A value with its interval, such as "ρ = 0.41 (0.12 to 0.63)"."""
    if value is None:
        return f"{symbol} undefined"
    return f"{symbol} = {value:.2f}" + ("" if low is None or high is None else f" ({low:.2f} to {high:.2f})")


def file_names(names: Iterable[str]) -> dict[str, str]:
    """By name, a part of a file's name that no other of the names has: letters and digits, the rest dashes.

    Those that would be alike, such as "left lung" and "left-lung", are numbered in their order. Names that differ in upper
    and lower case alone are alike, as some file systems take them for one.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        simple = "".join(c if c.isalnum() else "-" for c in name)
        numbered = (f"{simple}-{number}" for number in itertools.count(2))
        found[name] = next(each for each in itertools.chain([simple], numbered) if each.casefold() not in taken)
        taken.add(found[name].casefold())
    return found
