"""``landmarks.csv`` and ``samples.csv``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.audit import forward, grids, measures, sampling
from tests.audit.measures import Cells
from tests.audit.stored import StoredRun


@dataclass(frozen=True)
class Drawn:
    """Samples of one image: positions ``[T, L, 2]`` (x, y) in its own pixels, the heatmaps' maxima
    ``[T, L]``, and the variances ``[T, L, 2]`` that a heteroscedastic network predicts, in its
    pixels²."""

    points: np.ndarray
    activations: np.ndarray
    variances: np.ndarray | None


def draw(run: StoredRun, method: str, asked: int, image: np.ndarray) -> Drawn:
    """Samples of an image ``[rows, columns]``."""
    config = run.config
    seed = config["prediction"]["seed"]
    draws = sampling.draws_of(method, members=len(run.members), asked=asked, seed=seed)
    volume = image[:, :, None, None]
    grid = grids.grid_of(config, volume.shape[:3], np.ones(3))
    x = grids.network_input(config, volume, grid, run.statistics)[None, :, :, 0]
    found = [_positions(run, one, x) for one in draws]
    points, activations, logs = (np.stack(parts) for parts in zip(*found, strict=True))
    stretch = grid.stretch[1::-1]  # of x and y
    points = (points + 0.5) * stretch - 0.5
    if not config["network"]["heteroscedastic"]:
        return Drawn(points, activations, None)
    return Drawn(points, activations, np.exp(logs)[..., None] * stretch**2)


def _positions(run: StoredRun, one: sampling.Draw, x: np.ndarray) -> tuple:
    config = run.config
    outputs = forward.outputs(config, run.members[one.member], one, x)
    heatmaps, log_variance = forward.heatmaps(config, outputs)
    sigma = config["training"]["loss"]["heatmap_sigma"]
    points, activations, logs = [], [], []
    for number in range(heatmaps.shape[-1]):
        x_, y_, height, place = measures.peak(heatmaps[0, ..., number], sigma)
        points.append((x_, y_))
        activations.append(height)
        logs.append(0.0 if log_variance is None else log_variance[(0, *place, number)])
    return np.array(points), np.array(activations), np.array(logs)


def pixel_mm(config: dict, size: tuple[int, int]) -> np.ndarray | None:
    """Width and height in mm of a pixel of an image of ``size`` (rows, columns)."""
    written = config["data"]["annotations"]
    if written["pixel_mm"] is None:
        return None
    width, height = written["image_size"] or size[::-1]
    return written["pixel_mm"] * np.array([width / size[1], height / size[0]])


def rows(
    run: StoredRun,
    drawn: Drawn,
    case: str,
    size: tuple[int, int],
    calibration: dict | None,
) -> list[Cells]:
    """A case's rows of ``landmarks.csv``."""
    mm = pixel_mm(run.config, size)
    found = []
    for number, name in enumerate(run.config["data"]["landmarks"]):
        variances = None if drawn.variances is None else drawn.variances[:, number]
        points, heights = drawn.points[:, number], drawn.activations[:, number]
        cells = measures.landmark_cells(points, heights, variances, mm)
        row = {"case": case, "landmark": name} | cells
        found.append(row | (_radius(row, calibration) if calibration else {}))
    return found


def _radius(row: Cells, calibration: dict) -> Cells:
    unit = "_mm" if "x_mm" in row else ""
    radius = calibration["conformal"]["radii"][row["landmark"]]
    return {f"conformal_radius{unit}": radius * scale_of(row)}


def scale_of(row: Cells) -> float:
    """What radial errors are measured in: the mean radial spread and one more mm, or pixel."""
    unit = "_mm" if "x_mm" in row else ""
    return row.get(f"mean_radial_spread{unit}", 0.0) + 1.0


def sample_rows(run: StoredRun, drawn: Drawn, case: str) -> list[Cells]:
    """A case's rows of ``samples.csv``."""
    return [
        {
            "case": case,
            "landmark": name,
            "sample": str(t),
            "x": drawn.points[t, number, 0],
            "y": drawn.points[t, number, 1],
            "activation": drawn.activations[t, number],
        }
        for number, name in enumerate(run.config["data"]["landmarks"])
        for t in range(len(drawn.points))
    ]
