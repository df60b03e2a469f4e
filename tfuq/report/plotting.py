"""What all figures share: a canvas without a display, whole files, and colours.

The colours can be told apart without colour vision.

References:
    Okabe & Ito 2008, Color universal design.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullLocator

from tfuq.data.writers import write_bytes

BLUE = "#0072B2"
VERMILION = "#D55E00"
ORANGE = "#E69F00"
GREEN = "#009E73"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
YELLOW = "#F0E442"
BLACK = "#000000"
GREY = "#BBBBBB"
RIGHT = BLUE
WRONG = VERMILION
SEQUENTIAL = "cividis"
_MOST_COLUMNS = 3
_COMPRESSION = 2  # of PNG, from 0 to 9
_TITLE_SIZE = 10  # points
_LETTERS_PER_INCH = 13  # of a title
_EXPONENT = re.compile(r"\^\{(-?\d+)\}")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def new_figure(width: float, height: float, *, has_places: bool = False) -> Figure:
    """Make an empty figure that needs no display.

    Args:
        width: In inches.
        height: In inches.
        has_places: Whether all plots have places of their own, see `axes_at`. Otherwise Matplotlib
            makes room for their labels, which takes as long as it takes to draw them.
    """
    figure = Figure(figsize=(width, height), dpi=110)
    if not has_places:
        figure.set_layout_engine("constrained")
    FigureCanvasAgg(figure)
    return figure


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add a plot at a place of its own.

    Args:
        figure: The figure.
        left: From the figure's left edge to the plot's frame, in inches.
        bottom: From the figure's lower edge to the plot's frame, in inches.
        width: Of the frame, in inches.
        height: Of the frame, in inches.
    """
    across, up = figure.get_size_inches()
    axes: Axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    return axes


def panels(count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure of ``count`` plots, in rows that are as even as can be."""
    rows = -(-count // _MOST_COLUMNS)
    columns = -(-count // rows)
    figure = new_figure(4.2 * columns, 3.2 * rows)
    axes = [figure.add_subplot(rows, columns, number) for number in range(1, count + 1)]
    return figure, axes


def set_title(figure: Figure, text: str) -> None:
    """Write a title over a figure, in as many lines as its width asks for."""
    letters = int(_LETTERS_PER_INCH * figure.get_figwidth())
    figure.suptitle(textwrap.fill(text, letters), fontsize=_TITLE_SIZE)


def plain_number(value: float) -> str:
    """Write a number in four digits, a negative one with a minus sign."""
    return f"{value:.4g}".replace("-", "−")


@contextmanager
def own_style() -> Iterator[None]:
    """Plot by Matplotlib's own settings, and show every text as it is: ``$`` begins no formula.

    Matplotlib obeys a file ``matplotlibrc`` in the working directory, which may be a stranger's and
    have it start LaTeX. Names of classes and cases may have any character.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["text.parse_math"] = False
        yield


class PlainPowers(LogFormatterSciNotation):
    """Labels of a logarithmic axis as plain text, such as 10⁻²; Matplotlib's own are formulas."""

    def __call__(self, value: float, position: int | None = None) -> str:
        """The label of a tick, empty where it has none."""
        formula: str = super().__call__(value, position)
        text = formula.removeprefix(r"$\mathdefault{").removesuffix("}$")
        text = text.replace(r"\times", "×")
        return _EXPONENT.sub(lambda exponent: exponent[1].translate(_RAISED), text)


def make_logarithmic(
    axes: Axes, direction: Literal["x", "y"], *, labels_between: bool = True
) -> None:
    """Make an axis logarithmic, of numbers of several magnitudes; its labels are plain text.

    Args:
        axes: Whose axis it is.
        direction: Which of the two.
        labels_between: Whether there are ticks between powers of ten, which a narrow range needs.
    """
    axes.set(**{f"{direction}scale": "log"})
    axis = {"x": axes.xaxis, "y": axes.yaxis}[direction]
    axis.set_major_formatter(PlainPowers())
    if not labels_between:
        axis.set_minor_locator(NullLocator())
        return
    # Each tick takes a millisecond to make: between powers of ten there are two instead of eight.
    axis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axis.set_minor_formatter(PlainPowers())


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG, whole or not at all.

    Returns:
        The path that was written.
    """
    content = io.BytesIO()
    # As savefig draws it, to the pixel, without drawing it once more for the layout alone. Packed
    # as tightly as PNG can, a figure takes as long to pack as to draw.
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(content, pil_kwargs={"compress_level": _COMPRESSION})
    write_bytes(path, content.getvalue())
    return path


def correlation_title(symbol: str, value: float | None, p: float | None, n: int) -> str:
    """Format a correlation in one line, such as "ρ = 0.41, p = 0.0012, n = 60".

    Args:
        symbol: Of the correlation.
        value: From −1 to 1; None where it is undefined.
        p: Its p-value; None where items are not independent.
        n: The number of items.
    """
    if value is None:
        return f"{symbol} undefined, n = {n}"
    title = f"{symbol} = {value:.2f}"
    if p is not None:
        title += f", p = {p:.2g}"
    return f"{title}, n = {n}"


def interval_text(symbol: str, value: float | None, low: float | None, high: float | None) -> str:
    """Format a value with its interval, such as "ρ = 0.41 (0.12 to 0.63)"."""
    if value is None:
        return f"{symbol} undefined"
    text = f"{symbol} = {value:.2f}"
    if low is not None and high is not None:
        text += f" ({low:.2f} to {high:.2f})"
    return text


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Make a part of a file's name of each name, which no other of the names has.

    Letters and digits stay, the rest are dashes. Names that would be alike, such as "left lung" and
    "left-lung", are numbered in their order. Names that differ in upper and lower case alone are
    alike, as some file systems take them for one.
    """
    parts: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        parts[name] = _free_name("".join(map(_letter_or_dash, name)), taken)
        taken.add(parts[name].casefold())
    return parts


def _free_name(simple: str, taken: set[str]) -> str:
    name = simple
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{simple}-{number}"
    return name


def _letter_or_dash(character: str) -> str:
    return character if character.isalnum() else "-"


def words(name: str) -> str:
    """Write a name such as ``mutual_information`` as words."""
    return name.replace("_", " ")


def stretched(image: np.ndarray) -> np.ndarray:
    """Scale an image from its darkest value, 0, to its brightest, 1."""
    darkest = image.min()
    scaled: np.ndarray = (image - darkest) / (np.ptp(image) or 1)
    return scaled
