"""The files of one segmented case."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.audit import calibrated, forward, grids, measures, sampling
from tests.audit.comparing import TOLERANCE, settled
from tests.audit.measures import Cells
from tests.audit.stored import StoredRun

# Of plain pictures sizes are areas: in pixels, or in mm² where data.pixel_mm says how wide a pixel
# is.
NAMES_OF_SIZES = {
    "scan": ("volume", "mm3"),
    "picture": ("area", "px2"),
    "picture of known size": ("area", "mm2"),
}


@dataclass(frozen=True)
class Drawn:
    """Samples of a scan's own voxels on the network's grid: ``p [T, *size, K]``, whose each is, and
    the class that each chose."""

    p: np.ndarray
    members: list[int]
    grid: grids.Grid
    choices: np.ndarray


def draw(run: StoredRun, method: str, asked: int, image: np.ndarray, spacing: np.ndarray) -> Drawn:
    """Samples of a scan ``[X, Y, Z, C]``."""
    config = run.config
    grid = grids.grid_of(config, image.shape[:3], spacing)
    seed = config["prediction"]["seed"]
    draws = sampling.draws_of(method, members=len(run.members), asked=asked, seed=seed)
    x = grids.network_input(config, image, grid, run.statistics)
    axis = config["preprocessing"]["slice_axis"]
    examples = grids.examples_of(x, axis)
    # What the network says of its padding is cut off here, and nothing that follows sees it.
    p = np.stack([grids.volume_of(_sample(run, one, examples), axis)[grid.own] for one in draws])
    return Drawn(p, [one.member for one in draws], grid, p.argmax(-1))


def _sample(run: StoredRun, one: sampling.Draw, examples: np.ndarray) -> np.ndarray:
    config, weights = run.config, run.members[one.member]

    def of_window(x: np.ndarray, corner: grids.Corner) -> np.ndarray:
        found = forward.outputs(config, weights, one, x, corner)
        return forward.class_probabilities(config, one, found, corner)

    patch = tuple(config["network"]["patch_size"])
    span = forward.span_of_windows(config, weights, one, examples.shape[-1])
    return grids.blended(examples, patch, config["prediction"]["overlap"], of_window, span)


def with_calibration(drawn: Drawn, calibration: dict) -> Drawn:
    """The samples after scaling by a temperature, which leaves the class that each chose."""
    return replace(drawn, p=calibrated.scaled(drawn.p, calibration["scaling"]))


def with_stored_masks(drawn: Drawn, stored: np.ndarray) -> Drawn:
    """The samples, with the class as ``samples.npz [T, K-1, …]`` has it where the two likeliest are
    equal to 1e-5."""
    ordered = np.sort(drawn.p, -1)
    certain = ordered[..., -1] - ordered[..., -2] > TOLERANCE
    own = np.stack([drawn.choices == k for k in range(1, drawn.p.shape[-1])], 1)
    masks = settled(own, np.broadcast_to(certain[:, None], own.shape), stored)
    classes = np.arange(1, drawn.p.shape[-1]).reshape(1, -1, *(1 for _ in drawn.grid.size))
    return replace(drawn, choices=(masks * classes).max(1))


def maps_on_scan(run: StoredRun, drawn: Drawn, *, keeps_members: bool) -> dict[str, np.ndarray]:
    """``probability`` and every map on the scan's own voxels."""
    maps = measures.voxel_maps(drawn.p, drawn.choices)
    maps.pop("votes")
    members = measures.member_maps(drawn.p, drawn.members) if keeps_members else {}
    is_heteroscedastic = run.config["network"]["heteroscedastic"]
    variances = measures.variances(drawn.p) if is_heteroscedastic and len(drawn.p) > 1 else {}
    if drawn.grid.is_resampled:
        maps = resampled(drawn, maps)
        variances = resampled_variances(drawn, variances)
        members = resampled_members(drawn, members)
    if len(drawn.p) == 1:
        maps = {name: maps[name] for name in ("probability", "predictive_entropy")}
    return maps | members | variances


def resampled_variances(drawn: Drawn, variances: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parts of the variance on the scan's voxels: that of samples is interpolated, the rest is
    what the interpolated mean leaves."""
    if not variances:
        return {}
    mean = grids.onto_scan(drawn.p.mean(0), drawn.grid)
    epistemic = grids.onto_scan(drawn.p.var(0), drawn.grid).mean(-1)
    total = (mean * (1 - mean)).mean(-1)
    return {"aleatoric_variance": total - epistemic, "epistemic_variance": epistemic}


def resampled(drawn: Drawn, maps: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps on the scan's voxels: moments are interpolated, and the maps are made of them there."""
    grid = drawn.grid
    probability = grids.onto_scan(drawn.p.mean(0), grid)
    total = measures.entropy(probability)
    mutual = np.minimum(grids.onto_scan(maps["mutual_information"], grid), total)
    label = probability.argmax(-1)
    variance = grids.onto_scan(drawn.p.var(0), grid)
    of_label = np.take_along_axis(variance, label[..., None], -1)[..., 0]
    return {
        "probability": probability,
        "predictive_entropy": total,
        "expected_entropy": total - mutual,
        "mutual_information": mutual,
        "variation_ratio": grids.onto_scan(maps["variation_ratio"], grid, nearest=True),
        "standard_deviation": np.sqrt(of_label),
    }


def resampled_members(drawn: Drawn, members: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What members say on the scan's voxels: the variance between them is that of their means
    there."""
    on_scan = {name: grids.onto_scan(values, drawn.grid) for name, values in members.items()}
    if on_scan:
        means = np.stack([on_scan[f"member-{member}"] for member in drawn.members])
        on_scan["between_member_variance"] = means.var(0).mean(-1)
    return on_scan


def structures_of(config: dict) -> dict[str, list[int]]:
    """What has rows in ``structures.csv``: each class but the first, then each region, with its
    classes."""
    classes = config["data"]["classes"]
    found = {name: [k] for k, name in enumerate(classes) if k}
    for region, parts in config["data"]["regions"].items():
        found[region] = [classes.index(name) for name in parts]
    return found


def structure_rows(run: StoredRun, drawn: Drawn, voxel_of_scan: float) -> list[Cells]:
    """The rows of ``structures.csv``, without the case."""
    maps = measures.voxel_maps(drawn.p, drawn.choices)
    label = maps["probability"].argmax(-1)
    voxel = voxel_of_scan * float(np.prod(drawn.grid.stretch))
    least = run.config["prediction"]["min_component_voxels"]
    rows = []
    for name, classes in structures_of(run.config).items():
        p = drawn.p[..., classes].sum(-1)
        own = maps | {"entropy_term": measures.special.entr(p).mean(0)}
        masks = np.isin(drawn.choices, classes)
        found = measures.structure_table(np.isin(label, classes), masks, own, voxel, least)
        rows += [{"class": name} | row for row in found]
    return rows


def with_intervals(rows: list[Cells], calibration: dict, voxel: float) -> list[Cells]:
    """The rows with the conformal interval of each class as a whole."""
    quantiles = calibration["conformal"]["volumes"]
    found = []
    for row in rows:
        if row["component"] == "all" and row["class"] in quantiles:
            low, high = interval_of(row)
            lower, upper = calibrated.volume_interval(low, high, voxel, quantiles[row["class"]])
            row = row | {"volume_conformal_lower_mm3": lower, "volume_conformal_upper_mm3": upper}
        found.append(row)
    return found


def interval_of(row: Cells) -> tuple[float, float]:
    """What a conformal interval is made from: the samples', or of one sample its volume."""
    return tuple(row.get(f"volume_{side}_mm3", row["volume_mm3"]) for side in ("lower", "upper"))


def bounds_on_scan(run: StoredRun, before: Drawn, calibration: dict) -> dict[str, np.ndarray]:
    """``uncalibrated``, and by side the thresholds that its channels are compared with."""
    mean = grids.onto_scan(before.p.mean(0), before.grid)
    names = run.config["data"]["classes"][1:]
    bounds = calibration["conformal"]["bounds"]
    sides = {side: np.array([bounds[name][side] for name in names]) for side in ("lower", "upper")}
    above = {f"label_{side}": mean[..., 1:] - t for side, t in sides.items()}
    return {"uncalibrated": mean} | above


def named_by_unit(rows: list[Cells], unit: str) -> list[Cells]:
    """The rows, with the columns of sizes named by what they are (see `NAMES_OF_SIZES`)."""
    noun, symbol = NAMES_OF_SIZES[unit]

    def renamed(name: str) -> str:
        is_size = name.endswith("_mm3")
        return name.replace("volume", noun).replace("mm3", symbol) if is_size else name

    return [{renamed(name): value for name, value in row.items()} for row in rows]
