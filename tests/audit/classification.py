"""``predictions.csv`` and ``members.csv`` of classification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.audit import calibrated, forward, grids, measures, sampling
from tests.audit.measures import Cells
from tests.audit.stored import StoredRun

SINGLE_SAMPLE_MAPS = ("predictive_entropy",)
MAPS = (
    "predictive_entropy",
    "expected_entropy",
    "mutual_information",
    "variation_ratio",
    "standard_deviation",
)


@dataclass(frozen=True)
class Drawn:
    """The samples ``[T, N, *S, K]`` of a run's images, and whose each is."""

    p: np.ndarray
    members: list[int]


def draw(run: StoredRun, method: str, asked: int, images: list[np.ndarray]) -> Drawn:
    """Samples of images ``[rows, columns]``."""
    config = run.config
    seed = config["prediction"]["seed"]
    draws = sampling.draws_of(method, members=len(run.members), asked=asked, seed=seed)
    x = np.stack([_input(run, image) for image in images])
    p = []
    for one in draws:
        found = forward.outputs(config, run.members[one.member], one, x)
        p.append(forward.class_probabilities(config, one, found))
    return Drawn(np.stack(p), [one.member for one in draws])


def _input(run: StoredRun, image: np.ndarray) -> np.ndarray:
    volume = image[:, :, None, None]
    grid = grids.grid_of(run.config, volume.shape[:3], np.ones(3))
    return grids.network_input(run.config, volume, grid, run.statistics)[:, :, 0]


def rows(
    run: StoredRun,
    drawn: Drawn,
    cases: list[str],
    *,
    calibration: dict | None,
    keeps_members: bool,
) -> list[Cells]:
    """The rows of ``predictions.csv``."""
    p = calibrated.scaled(drawn.p, calibration["scaling"]) if calibration else drawn.p
    maps = measures.voxel_maps(p, p.argmax(-1))
    if keeps_members:
        maps |= measures.member_maps(p, drawn.members)
    names = MAPS if len(p) > 1 else SINGLE_SAMPLE_MAPS
    if len(p) > 1:
        maps |= measures.variances(p)
        names = (*MAPS, *measures.variances(p))
    before = drawn.p.mean(0)
    found = []
    for number, case in enumerate(cases):
        row = _row(run, {name: values[number] for name, values in maps.items()}, names)
        row = {"case": case} | row
        found.append(row | (_sets(run, before[number], calibration) if calibration else {}))
    return found


def _row(run: StoredRun, maps: dict, names: tuple[str, ...]) -> Cells:
    classes = run.config["data"]["classes"]
    row: Cells = {"label": classes[int(maps["probability"].argmax())]}
    row |= {f"probability_{name}": maps["probability"][k] for k, name in enumerate(classes)}
    row |= {name: maps[name] for name in names}
    if len(names) > 1:
        row |= {f"votes_{name}": maps["votes"][k] for k, name in enumerate(classes)}
    return row | {name: maps[name] for name in maps if name.endswith("member_variance")}


def _sets(run: StoredRun, p: np.ndarray, calibration: dict) -> Cells:
    classes = run.config["data"]["classes"]
    row: Cells = {f"uncalibrated_{name}": p[k] for k, name in enumerate(classes)}
    for rule, quantile in calibration["conformal"]["sets"].items():
        scores = calibrated.set_scores(p, rule)
        of_class = zip(classes, scores, strict=True)
        row[f"set_{rule}"] = "; ".join(name for name, score in of_class if score <= quantile + 1e-7)
    return row


def member_rows(
    run: StoredRun,
    drawn: Drawn,
    cases: list[str],
    calibration: dict | None = None,
) -> list[Cells]:
    """The rows of ``members.csv``."""
    p = calibrated.scaled(drawn.p, calibration["scaling"]) if calibration else drawn.p
    means = measures.member_maps(p, drawn.members)
    classes = run.config["data"]["classes"]
    found = []
    for number, case in enumerate(cases):
        for member in dict.fromkeys(drawn.members):
            q = means[f"member-{member}"][number]
            row: Cells = {"case": case, "member": str(member)}
            found.append(row | {f"probability_{name}": q[k] for k, name in enumerate(classes)})
    return found
