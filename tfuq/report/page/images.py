"""Images with a class or with landmarks as a page shows them.

The page holds the image once, and what each method made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from PIL import Image

from tfuq.data.cases import Case, read_case_image
from tfuq.data.json_csv import Cell, read_typed
from tfuq.data.sets.landmarks import reference_points
from tfuq.errors import DataError
from tfuq.measures.landmark import prediction_ellipse
from tfuq.report.page.intensities import colour_text, colours, grey, is_colour, window_text
from tfuq.report.page.sheets import MOST_PIXELS_ALONE, encoded
from tfuq.report.page.source import Source, by_name
from tfuq.report.page.views import View
from tfuq.runs import results

ROOM = 900_000  # characters of a picture, where nothing else is said
_QUALITY = 88
_SMALL = 64  # pixels: below, every one of them is worth its bytes
_AGAIN = "predict again with --overwrite"
_COVARIANCE = ("covariance_xx", "covariance_xy", "covariance_yy")
T = TypeVar("T")
Rows = list[dict[str, Cell]]
Point = list[float]


def class_views(sources: Sequence[Source], room: int = ROOM) -> View:
    """Make a function from a case's id to what the page's script shows of its image and classes.

    Args:
        sources: Score folders or predictions of the methods.
        room: How many characters a picture may have. It is smaller where it would have more.

    Raises:
        DataError: A case has no reference.
        RunError: A table is damaged.
    """
    classes = sources[0].present_run.config.data.classes
    cases = sources[0].images()
    columns = ["label", *_probabilities(classes)]
    tables = by_name(
        sources, lambda source: _by_case(source.predictions / results.PREDICTIONS, columns)
    )
    truth = {row["case"]: row.get("truth") for row in sources[0].cases}

    def view(case_id: str) -> dict[str, Any]:
        methods = {}
        for name, table in tables.items():
            methods[name] = _prediction(_listed(table, case_id)[0], classes)
        return {
            **_picture(_listed(cases, case_id), room),
            "truth": truth.get(case_id),
            "classes": classes,
            "methods": methods,
        }

    return view


def _prediction(row: dict[str, Cell], classes: list[str]) -> dict[str, Any]:
    probabilities = [row[column] for column in _probabilities(classes)]
    return {"label": row["label"], "probabilities": probabilities}


def _probabilities(classes: list[str]) -> list[str]:
    return [f"probability_{name}" for name in classes]


def landmark_views(sources: Sequence[Source], room: int = ROOM) -> View:
    """Make a function from a case's id to what the page's script shows of its landmarks.

    Positions are in pixels of the image as given.

    Args:
        sources: Score folders or predictions of the methods.
        room: How many characters a picture may have. It is smaller where it would have more.

    Raises:
        DataError: A case has no reference.
        RunError: A table is damaged.
    """
    config = sources[0].present_run.config
    cases = sources[0].images()
    tables = by_name(sources, _landmark_tables)

    def view(case_id: str) -> dict[str, Any]:
        case = _listed(cases, case_id)
        picture = _picture(case, room)
        truth = []
        if case.has_reference:
            size = (picture["height"], picture["width"])
            truth = list(map(_rounded_point, reference_points(config, case, size)))
        methods = {}
        for name, (landmarks, samples) in tables.items():
            methods[name] = _positions(_listed(landmarks, case_id), _listed(samples, case_id))
        return {
            **picture,
            "names": config.data.landmarks,
            "truth": truth,
            "methods": methods,
        }

    return view


def _landmark_tables(source: Source) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """The positions of the landmarks, and of the samples, by case."""
    landmarks = _by_case(source.predictions / results.LANDMARKS, ("x", "y"))
    samples = _by_case(source.predictions / results.SAMPLES, ("x", "y"))
    return landmarks, samples


def _positions(landmarks: Rows, samples: Rows) -> dict[str, list[Point]]:
    """Mean positions, 95 % ellipses (none of one or two samples) and the samples' positions."""
    count = len(samples) // max(len(landmarks), 1)
    return {
        "means": list(map(_point, landmarks)),
        "ellipses": _ellipses(landmarks, count),
        "samples": list(map(_point, samples)),
    }


def _ellipses(landmarks: Rows, samples: int) -> list[list[float]]:
    """The half-axes and the angle of the ellipse of each landmark that has one.

    Ellipses are made of covariances, so that predictions of older versions have the same ones.
    """
    ellipses = []
    for row in landmarks:
        values = list(map(row.get, _COVARIANCE))
        if None in values:
            continue
        xx, xy, yy = values
        ellipse = prediction_ellipse(np.array([[xx, xy], [xy, yy]]), samples)
        if ellipse:
            long = round(ellipse.long, 2)
            short = round(ellipse.short, 2)
            ellipses.append([long, short, round(ellipse.degrees, 2)])
    return ellipses


def _point(row: dict[str, Cell]) -> Point:
    # The table's reader has seen that they are numbers, and that a case is a text.
    x, y = (cast(float, row[axis]) for axis in ("x", "y"))
    return [round(x, 2), round(y, 2)]


def _rounded_point(point: np.ndarray) -> Point | None:
    if np.isnan(point).any():
        return None
    x, y = point
    return [round(float(x), 2), round(float(y), 2)]


def _listed(by_case: dict[str, T], case_id: str) -> T:
    if case_id not in by_case:
        raise DataError(f"case '{case_id}' is not among the predicted; run tfuq score again")
    return by_case[case_id]


def _by_case(path: Path, columns: Iterable[str]) -> dict[str, Rows]:
    """A table's rows by case; each has a value in ``columns``."""
    rows_by_case: dict[str, Rows] = {}
    for row in read_typed(path, ("case", *columns), _AGAIN):
        rows_by_case.setdefault(str(row["case"]), []).append(row)
    return rows_by_case


def _picture(case: Case, room: int) -> dict[str, Any]:
    """A case's image as an address, not too large, its size as given, and its window."""
    volume = read_case_image(case)
    array = volume.array[:, :, 0]  # [rows, columns, C]
    height, width = array.shape[:2]
    image, window = _as_image(array)
    address = _fitting(image, room)
    return {
        "image": address,
        "width": width,
        "height": height,
        "aspect": round(float(volume.spacing[0] / volume.spacing[1]), 4),
        "window": window,
        "isReduced": image.size != (width, height),
    }


def _fitting(image: Image.Image, room: int) -> str:
    """The address of a picture, which is made smaller in place until it has room."""
    most = MOST_PIXELS_ALONE
    while True:
        image.thumbnail((most, most))
        if max(image.size) <= _SMALL:
            return encoded(image)
        address = encoded(image, "JPEG", quality=_QUALITY)
        if len(address) <= room:
            return address
        most = max(image.size) * 3 // 4


def _as_image(array: np.ndarray) -> tuple[Image.Image, str]:
    """Three channels as colours, the first channel of any other number as grey; and the window."""
    if is_colour(array):
        return Image.fromarray(colours(array)), colour_text(array)
    first = array[..., 0]
    return Image.fromarray(grey(first)), window_text(first)
