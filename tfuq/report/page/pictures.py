"""Images with a class or with landmarks as a page shows them: the image once, and what each method made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from tfuq import results
from tfuq.data.cases import Case, read_case_image
from tfuq.data.landmarks import reference_points
from tfuq.data.stored import Cell, read_typed
from tfuq.errors import DataError
from tfuq.measures.landmark import prediction_ellipse
from tfuq.report.page.sheets import encoded, grey
from tfuq.report.page.sources import Scored
from tfuq.scoring.evaluation.references import referenced_cases

_MOST_PIXELS, _QUALITY = 512, 85
_SMALL = 64  # pixels: below, every one of them is worth its bytes
_AGAIN = "predict again with --overwrite"
_COVARIANCE = ("covariance_xx", "covariance_xy", "covariance_yy")
T = TypeVar("T")
Rows = list[dict[str, Cell]]
View = Callable[[str], dict]


def class_views(sources: list[Scored]) -> View:
    """What the page's script draws an image with its classes from, by case."""
    classes, cases = sources[0].run.config.data.classes, _cases(sources[0])
    columns = ["label", *_probabilities(classes)]
    rows = {source.name: _by_case(source.predictions / results.PREDICTIONS, columns) for source in sources}
    truth = {row["case"]: row.get("truth", "") for row in sources[0].cases}

    def view(case_id: str) -> dict:
        methods = {name: _classes(_listed(table, case_id)[0], classes) for name, table in rows.items()}
        return {**_image(_listed(cases, case_id)), "truth": truth[case_id], "classes": classes, "methods": methods}

    return view


def _classes(row: dict[str, Cell], classes: list[str]) -> dict:
    return {"label": row["label"], "probabilities": [row[column] for column in _probabilities(classes)]}


def _probabilities(classes: list[str]) -> list[str]:
    return [f"probability_{name}" for name in classes]


def landmark_views(sources: list[Scored]) -> View:
    """What the page's script draws an image with its landmarks from, by case; positions are in pixels of the image as given."""
    config, cases = sources[0].run.config, _cases(sources[0])
    tables = {
        source.name: [_by_case(source.predictions / name, ("x", "y")) for name in (results.LANDMARKS, results.SAMPLES)]
        for source in sources
    }

    def view(case_id: str) -> dict:
        case = _listed(cases, case_id)
        shown = _image(case)
        truth = reference_points(config, case, (shown["height"], shown["width"]))
        methods = {name: _positions(*(_listed(table, case_id) for table in pair)) for name, pair in tables.items()}
        return {**shown, "names": config.data.landmarks, "truth": _plain(truth), "methods": methods}

    return view


def _positions(landmarks: Rows, samples: Rows) -> dict:
    """Mean positions, 95 % ellipses (none of one or two samples) and the samples' positions."""
    return {
        "means": [_numbers(row, ("x", "y")) for row in landmarks],
        "ellipses": _ellipses(landmarks, len(samples) // max(len(landmarks), 1)),
        "samples": [_numbers(row, ("x", "y")) for row in samples],
    }


def _ellipses(landmarks: Rows, samples: int) -> list[list[float]]:
    """The ellipses of T samples from their covariances, so that predictions of older versions have the same ones."""
    drawn = []
    for row in landmarks:
        if any(row.get(column) is None for column in _COVARIANCE):
            continue
        xx, xy, yy = (row[column] for column in _COVARIANCE)
        found = prediction_ellipse(np.array([[xx, xy], [xy, yy]]), samples)
        if found:
            drawn.append([round(value, 2) for value in (found.long, found.short, found.degrees)])
    return drawn


def _numbers(row: dict[str, Cell], columns: Iterable[str]) -> list[float]:
    return [round(row[column], 2) for column in columns]


def _plain(points: np.ndarray) -> list[list[float] | None]:
    return [None if np.isnan(point).any() else [round(float(v), 2) for v in point] for point in points]


def _cases(source: Scored) -> dict[str, Case]:
    return referenced_cases(source.manifest, source.run.config, source.reference)


def _listed(found: dict[str, T], case_id: str) -> T:
    if case_id not in found:
        raise DataError(f"case '{case_id}' is not among the predicted; run tfuq score again")
    return found[case_id]


def _by_case(path: Path, columns: Iterable[str]) -> dict[str, Rows]:
    """A table's rows by case; each has a value in ``columns``."""
    found: dict[str, Rows] = {}
    for row in read_typed(path, ("case", *columns), _AGAIN):
        found.setdefault(row["case"], []).append(row)
    return found


def _image(case: Case) -> dict:
    array = read_case_image(case).array[:, :, 0]  # [rows, columns, C]
    height, width = array.shape[:2]
    colours = np.stack([grey(array[..., c]) for c in range(3 if array.shape[-1] == 3 else 1)], -1)
    shown = Image.fromarray(colours.squeeze(-1) if colours.shape[-1] == 1 else colours)
    shown.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    is_small = max(shown.size) <= _SMALL
    address = encoded(shown) if is_small else encoded(shown, "JPEG", quality=_QUALITY)
    return {"image": address, "width": width, "height": height}
