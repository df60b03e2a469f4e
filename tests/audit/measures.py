"""What samples amount to: DESIGN.md, §4 (natural logarithms, T samples, K classes)."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import ndimage, optimize, special, stats

Cells = dict[str, float | str | None]
SPREAD_COLUMNS = (
    "volume_std_mm3",
    "volume_lower_mm3",
    "volume_upper_mm3",
    "coefficient_of_variation",
    "volume_dispersion",
    "pairwise_dice",
    "mean_mutual_information",
    "boundary_mutual_information",
    "image_mutual_information",
)


def entropy(p: np.ndarray) -> np.ndarray:
    """H[p] over the last axis."""
    return special.entr(p).sum(-1)


def voxel_maps(p: np.ndarray, choices: np.ndarray) -> dict[str, np.ndarray]:
    """Maps from the probabilities ``[T, *S, K]`` of T samples and the class that each chose,
    ``[T, *S]``."""
    mean = p.mean(0)
    label = mean.argmax(-1)
    votes = np.stack([(choices == k).mean(0) for k in range(p.shape[-1])], -1)
    spread = np.take_along_axis(p.std(0), label[..., None], -1)[..., 0]
    total = entropy(mean)
    expected = entropy(p).mean(0)
    return {
        "probability": mean,
        "predictive_entropy": total,
        "expected_entropy": expected,
        "mutual_information": np.maximum(total - expected, 0),
        "variation_ratio": 1 - votes.max(-1),
        "standard_deviation": spread,
        "votes": votes,
    }


def variances(p: np.ndarray) -> dict[str, np.ndarray]:
    """Parts of the variance p̄(1 − p̄) of classes, averaged over these, of samples ``[T, …, K]``."""
    aleatoric = (p * (1 - p)).mean(0).mean(-1)
    return {"aleatoric_variance": aleatoric, "epistemic_variance": p.var(0).mean(-1)}


def member_maps(p: np.ndarray, members: list[int]) -> dict[str, np.ndarray]:
    """The mean of each member's samples, and the variance of the samples in two parts, meaned over
    classes.

    ``members [T]`` says whose each sample of ``p [T, *S, K]`` is.
    """
    owner = np.array(members)
    means = {member: p[owner == member].mean(0) for member in dict.fromkeys(members)}
    of_sample = np.stack([means[member] for member in members])
    maps = {f"member-{member}": mean for member, mean in means.items()}
    return maps | {
        "between_member_variance": ((of_sample - p.mean(0)) ** 2).mean(0).mean(-1),
        "within_member_variance": ((p - of_sample) ** 2).mean(0).mean(-1),
    }


def structure_table(
    label: np.ndarray,
    masks: np.ndarray,
    maps: dict[str, np.ndarray],
    voxel: float,
    least: int,
) -> list[Cells]:
    """The rows of a structure: the whole, then its components of at least ``least`` voxels, largest
    first.

    Args:
        label: where the prediction has it, ``[X, Y, Z]`` bool.
        masks: where each sample has it, ``[T, X, Y, Z]`` bool.
        maps: ``predictive_entropy``, ``mutual_information`` and its own ``entropy_term``.
        voxel: volume of a voxel, mm³.
    """
    image = {
        "image_entropy": maps["predictive_entropy"].mean(),
        "image_mutual_information": maps["mutual_information"].mean(),
    }
    if not (label.any() or masks.any()):
        empty = _volumes(np.zeros(len(masks)), 0, voxel) | {"pairwise_dice": 1.0}
        rows = [{"component": "all", **empty, **image}]
        rows[0]["reason"] = "absent from every sample and from the label"
        return rows
    rows = [{"component": "all", **_measures(label, masks, maps, voxel), **image}]
    for number, (component, territory) in enumerate(_components(label, least), start=1):
        row = _measures(component, masks & territory, maps, voxel)
        rows.append({"component": str(number), **row, **image})
    if len(masks) > 1:
        return rows
    return [{k: v for k, v in row.items() if k not in SPREAD_COLUMNS} for row in rows]


def _measures(label, masks, maps, voxel) -> Cells:
    volumes = masks.reshape(len(masks), -1).sum(1)
    row = _volumes(volumes, label.sum(), voxel) | {"pairwise_dice": pairwise_dice(masks)}
    if not label.any():
        return row | {"reason": "absent from the label, present in some samples"}
    row |= {
        "labelled_uncertainty": maps["entropy_term"][label].mean(),
        "mean_entropy": maps["predictive_entropy"][label].mean(),
        "mean_mutual_information": maps["mutual_information"][label].mean(),
    }
    shell = boundary(label)
    if not shell.any():
        return row | {"reason": "fills the volume, so it has no boundary in it"}
    return row | {
        "boundary_entropy": maps["predictive_entropy"][shell].mean(),
        "boundary_mutual_information": maps["mutual_information"][shell].mean(),
    }


def _volumes(voxels: np.ndarray, of_label: int, voxel: float) -> Cells:
    mean, std = voxels.mean(), voxels.std()
    low, high = np.percentile(voxels, [2.5, 97.5])
    return {
        "volume_mm3": of_label * voxel,
        "volume_mean_mm3": mean * voxel,
        "volume_std_mm3": std * voxel,
        "volume_lower_mm3": low * voxel,
        "volume_upper_mm3": high * voxel,
        "coefficient_of_variation": std / mean if mean else None,
        "volume_dispersion": std**2 / (mean + 1),
    }


def pairwise_dice(masks: np.ndarray) -> float | None:
    """Mean Dice of all pairs; both empty counts 1, one empty 0."""
    scores = []
    for a, b in itertools.combinations(masks, 2):
        total = a.sum() + b.sum()
        scores.append(2 * (a & b).sum() / total if total else 1.0)
    return float(np.mean(scores)) if scores else None


def boundary(mask: np.ndarray) -> np.ndarray:
    """Voxels with a neighbour across a face that is of the other kind; a structure goes on beyond
    the volume."""
    around = np.pad(mask, 1, mode="edge")
    inner = (slice(1, -1),) * mask.ndim
    shell = np.zeros_like(mask)
    for axis, step in itertools.product(range(mask.ndim), (-1, 1)):
        shell |= np.roll(around, step, axis)[inner] != mask
    return shell


def _components(label: np.ndarray, least: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each component, and the voxels that are nearer to it than to another."""
    numbered, count = ndimage.label(label)
    sizes = {number: int((numbered == number).sum()) for number in range(1, count + 1)}
    chosen = sorted((n for n in sizes if sizes[n] >= least), key=lambda n: -sizes[n])
    if not chosen:
        return []
    seeds = np.where(np.isin(numbered, chosen), numbered, 0)
    places = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    nearest = seeds[tuple(places)]
    return [(seeds == number, nearest == number) for number in chosen]


def peak(heatmap: np.ndarray, sigma: float) -> tuple[float, float, float, tuple[int, int]]:
    """x and y of a heatmap's maximum, refined within two σ; its value there, and its pixel
    (row, column).

    The refined position is that of a Gaussian of width σ whose centroid, weighted by squares of
    values over the same pixels, is the heatmap's.
    """
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    reach = math.ceil(2 * sigma)
    rows = np.arange(max(row - reach, 0), min(row + reach + 1, heatmap.shape[0]))
    columns = np.arange(max(column - reach, 0), min(column + reach + 1, heatmap.shape[1]))
    weights = np.maximum(heatmap[np.ix_(rows, columns)], 0) ** 2
    x, y = float(column), float(row)
    if weights.sum() > 0:
        x = _gaussian_centre(weights.sum(0), columns, sigma, heatmap.shape[1])
        y = _gaussian_centre(weights.sum(1), rows, sigma, heatmap.shape[0])
    return x, y, float(heatmap.max()), (int(row), int(column))


def _gaussian_centre(weights: np.ndarray, pixels: np.ndarray, sigma: float, size: int) -> float:
    wanted = (weights * pixels).sum() / weights.sum()

    def excess(centre):
        share = special.softmax(-((pixels - centre) ** 2) / sigma**2)
        return (share * pixels).sum() - wanted

    low, high = -0.5, size - 0.5
    if excess(low) >= 0:
        return low
    if excess(high) <= 0:
        return high
    return optimize.brentq(excess, low, high, xtol=1e-10)


def landmark_cells(
    points: np.ndarray,
    activations: np.ndarray,
    variances: np.ndarray | None,
    mm: np.ndarray | None,
) -> Cells:
    """A landmark's row from the positions ``[T, 2]`` (x, y in pixels of the image), the heatmaps'
    maxima ``[T]``, and the variances ``[T, 2]`` along x and y that a heteroscedastic network
    predicts."""
    row = _positions(points, variances, "")
    if len(points) > 1:
        row |= ellipse(points)
    if mm is not None:
        row |= _positions(points * mm, None if variances is None else variances * mm**2, "_mm")
    return row | {"max_activation": activations.mean()}


def _positions(points: np.ndarray, variances: np.ndarray | None, unit: str) -> Cells:
    mean = points.mean(0)
    covariance = np.cov(points.T, bias=True) if len(points) > 1 else np.zeros((2, 2))
    variance = np.trace(covariance)
    cells: Cells = {"x": mean[0], "y": mean[1]}
    if len(points) > 1:
        cells |= {
            "covariance_xx": covariance[0, 0],
            "covariance_xy": covariance[0, 1],
            "covariance_yy": covariance[1, 1],
            "variance": variance,
            "mean_radial_spread": np.hypot(*(points - mean).T).mean(),
        }
    if variances is not None:
        aleatoric = variances.sum(1).mean()
        cells["aleatoric_variance"] = aleatoric
        if len(points) > 1:
            cells |= {"epistemic_variance": variance, "total_variance": aleatoric + variance}
    return {f"{name}{unit}": value for name, value in cells.items()}


def ellipse(points: np.ndarray) -> Cells:
    """Where one more sample would lie with a probability of 95 %, by Hotelling's T²; none of two
    samples or fewer."""
    count = len(points)
    if count < 3:
        return {}
    (xx, xy), (_, yy) = np.cov(points.T)
    middle, half = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    quantile = stats.f.isf(0.05, 2, count - 2)
    reach = 2 * (count - 1) / (count - 2) * (1 + 1 / count) * quantile
    return {
        "ellipse_long": math.sqrt(max(middle + half, 0) * reach),
        "ellipse_short": math.sqrt(max(middle - half, 0) * reach),
        "ellipse_degrees": math.degrees(math.atan2(2 * xy, xx - yy) / 2) % 180,
    }
