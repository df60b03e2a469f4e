"""Slow, obvious NumPy versions of what tfuq computes, written from the formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np


def entropy(p):
    return -sum(x * math.log(x) for x in p if x > 0)


def voxel_measures(samples):
    """Measures of one voxel from T class distributions."""
    samples = np.asarray(samples, float)
    mean = samples.mean(0)
    votes = samples.argmax(1)
    label = int(mean.argmax())
    expected = float(np.mean([entropy(p) for p in samples]))
    return {
        "probability": mean,
        "predictive_entropy": entropy(mean),
        "expected_entropy": expected,
        "mutual_information": entropy(mean) - expected,
        "variation_ratio": 1 - np.bincount(votes).max() / len(votes),
        "standard_deviation": float(np.sqrt(np.mean((samples[:, label] - mean[label]) ** 2))),
    }


def class_losses(p, y, weights, *, dice_weight):
    """The losses of one example's probabilities ``[n, K]`` and classes ``[n]``; the weighted one where there are weights."""
    nll = -np.log(p[np.arange(len(y)), y])
    structures = range(1, p.shape[1])
    overlaps = [
        (2 * p[y == k, k].sum() + 1) / (p[:, k].sum() + (y == k).sum() + 1) for k in structures
    ]
    losses = {"cross-entropy": nll.mean(), "soft-dice": 1 - np.mean(overlaps)}
    losses["dice-ce"] = (
        dice_weight * losses["soft-dice"] + (1 - dice_weight) * losses["cross-entropy"]
    )
    if weights is not None:
        losses["weighted-cross-entropy"] = np.average(nll, weights=np.array(weights)[y])
    return losses


def dice(a, b):
    a, b = set(map(tuple, np.argwhere(a))), set(map(tuple, np.argwhere(b)))
    return 1.0 if not a and not b else 2 * len(a & b) / (len(a) + len(b))


def pairwise_dice(masks):
    return float(np.mean([dice(a, b) for a, b in itertools.combinations(masks, 2)]))


def surface_points(mask):
    """Voxels of the mask with a face neighbour that is in the volume and outside the mask."""
    points, steps = (
        np.argwhere(mask),
        [s * np.eye(mask.ndim, dtype=int)[a] for a in range(mask.ndim) for s in (-1, 1)],
    )
    near = {tuple(p): [tuple(p + s) for s in steps] for p in points}
    inside = {
        p: [q for q in found if all(0 <= c < n for c, n in zip(q, mask.shape, strict=True))]
        for p, found in near.items()
    }
    return np.array([p for p, found in inside.items() if any(not mask[q] for q in found)])


def surface_distances(a, b, spacing):
    a, b = surface_points(a) * spacing, surface_points(b) * spacing
    to_b = [min(np.linalg.norm(p - q) for q in b) for p in a]
    to_a = [min(np.linalg.norm(p - q) for q in a) for p in b]
    return np.array(to_b), np.array(to_a)


def expected_calibration_error(p, y, bins=15):
    total = 0.0
    for low in range(bins):
        members = [i for i in range(len(y)) if low / bins < p[i].max() <= (low + 1) / bins]
        if members:
            accuracy = np.mean([p[i].argmax() == y[i] for i in members])
            total += len(members) / len(y) * abs(accuracy - np.mean([p[i].max() for i in members]))
    return total


def area_under_roc(score, positive):
    pairs = [(s, t) for s in score[positive] for t in score[~positive]]
    return np.mean([1.0 if s > t else 0.5 if s == t else 0.0 for s, t in pairs])


def spearman(x, y):
    def ranks(values):
        return np.array(
            [np.mean([j + 1 for j, w in enumerate(sorted(values)) if w == v]) for v in values]
        )

    a, b = ranks(x) - np.mean(ranks(x)), ranks(y) - np.mean(ranks(y))
    return float((a * b).sum() / math.sqrt((a**2).sum() * (b**2).sum()))


def blended(network, image, patch, corners, importance):
    """Gaussian-blended windows of one image [*S, C] → [*S, K], of a network of a window and its corner."""
    total, weights = 0.0, 0.0
    for corner in corners:
        box = tuple(slice(c, c + n) for c, n in zip(corner, patch, strict=True))
        p = network(image[box], corner)
        full, weight = np.zeros((*image.shape[:-1], p.shape[-1])), np.zeros(image.shape[:-1])
        full[box], weight[box] = p * importance[..., None], importance
        total, weights = total + full, weights + weight
    return total / weights[..., None]


def landmark_spread(points):
    """Population covariance, its trace and the mean distance from the mean of samples (x, y)."""
    count = len(points)
    mx, my = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    xx = sum((x - mx) ** 2 for x, _ in points) / count
    yy = sum((y - my) ** 2 for _, y in points) / count
    return {
        "covariance_xx": xx,
        "covariance_xy": sum((x - mx) * (y - my) for x, y in points) / count,
        "covariance_yy": yy,
        "variance": xx + yy,
        "mean_radial_spread": sum(math.hypot(x - mx, y - my) for x, y in points) / count,
    }


def gaussian_heatmap(point, size, sigma):
    """exp(−d² / 2σ²) of each pixel (row, column) to the point (x, y)."""
    heatmap = np.zeros(size)
    for row, column in np.ndindex(*size):
        heatmap[row, column] = math.exp(
            -((column - point[0]) ** 2 + (row - point[1]) ** 2) / (2 * sigma**2)
        )
    return heatmap


def heatmap_loss(name, point, output, sigma):
    """One landmark's loss; NaN where it is missing."""
    if math.isnan(point[0]):
        return math.nan
    target = gaussian_heatmap(point, output.shape, sigma)
    if name == "heatmap-mse":
        squares = (output - target) ** 2
        return float(np.mean(squares) + 0.2 * np.average(squares, weights=target)) / 1.2
    p = np.exp(output.astype(float)) / np.exp(output.astype(float)).sum()
    return float(-np.sum(target / target.sum() * np.log(p)))


def code_kl(mean, width):
    """KL of a Gaussian to the standard one, by numerical integration of each dimension."""
    total, z = 0.0, np.linspace(-12, 12, 48_001)
    for m, s in zip(mean, width, strict=True):
        q = np.exp(-((z - m) ** 2) / (2 * s**2)) / (s * math.sqrt(2 * math.pi))
        log_ratio = -((z - m) ** 2) / (2 * s**2) - math.log(s) + z**2 / 2
        total += float((q * log_ratio).sum() * (z[1] - z[0]))
    return total


def gaussian_kl(mean, width, prior_mean, prior_width):
    """KL of a Gaussian to another one, by numerical integration of each dimension."""
    total = 0.0
    for m, s, prior_m, prior_s in zip(mean, width, prior_mean, prior_width, strict=True):
        z = np.linspace(m - 12 * s, m + 12 * s, 48_001)
        q = np.exp(-((z - m) ** 2) / (2 * s**2)) / (s * math.sqrt(2 * math.pi))
        log_q = -((z - m) ** 2) / (2 * s**2) - math.log(s)
        log_p = -((z - prior_m) ** 2) / (2 * prior_s**2) - math.log(prior_s)
        total += float((q * (log_q - log_p)).sum() * (z[1] - z[0]))
    return total


def low_rank_logits(outputs, own, common):
    """A sample of a Gaussian of logits, voxel by voxel: channels hold C means, C widths, C rows of a factor."""
    rank = len(common)
    count = outputs.shape[-1] // (2 + rank)
    logits = np.zeros(own.shape)
    for place in np.ndindex(*own.shape[:-1]):
        for k in range(count):
            mean, raw = outputs[place][k], outputs[place][count + k]
            row = outputs[place][2 * count + k * rank : 2 * count + (k + 1) * rank]
            width = math.log1p(math.exp(raw))
            logits[(*place, k)] = mean + width * own[place][k] + row @ common / math.sqrt(rank)
    return logits


def likelihood_of_samples(labels, log_p, padding, weights=None):
    """−log of the mean over samples of the likelihood of labels, by voxel: ``log_p [M, *S, K]``.

    Weights of classes are exponents of likelihoods, scaled to a mean of 1 over the voxels.
    """
    places = [place for place in np.ndindex(*labels.shape) if labels[place] != padding]
    exponents = np.ones(len(places))
    if weights is not None:
        exponents = np.array([weights[labels[place]] for place in places])
        exponents *= len(places) / exponents.sum()
    likelihoods = []
    for sample in log_p:
        likelihood = 1.0
        for place, exponent in zip(places, exponents, strict=True):
            likelihood *= math.exp(sample[place][labels[place]]) ** exponent
        likelihoods.append(likelihood)
    return -math.log(np.mean(likelihoods)) / len(places)


def softmax(logits):
    e = np.exp(np.asarray(logits, float) - np.max(logits))
    return e / e.sum()


def integrated_softmax(mean, width, noise):
    """Mean over draws of one voxel's softmax, of logits mean + width · noise."""
    return np.mean(
        [softmax([m + w * e for m, w, e in zip(mean, width, draw, strict=True)]) for draw in noise],
        axis=0,
    )


def position_loss(points, heatmaps, log_variances, peaks):
    """Mean over present landmarks of d² / 2v + log v, v where the heatmap has its maximum."""
    losses = []
    for k, (x, y) in enumerate(points):
        if math.isnan(x):
            continue
        row, column = np.unravel_index(heatmaps[..., k].argmax(), heatmaps.shape[:2])
        s = log_variances[row, column, k]
        losses.append(((x - peaks[k][0]) ** 2 + (y - peaks[k][1]) ** 2) / (2 * math.exp(s)) + s)
    return float(np.mean(losses))


def variance_parts(points, predicted):
    """Kendall & Gal 2017, eq. 9, added over x and y: mean predicted variance; mean of squares less square of the mean."""
    aleatoric, epistemic = 0.0, 0.0
    for axis in (0, 1):
        values = [float(p[axis]) for p in points]
        aleatoric += sum(float(v[axis]) for v in predicted) / len(predicted)
        epistemic += sum(v**2 for v in values) / len(values) - (sum(values) / len(values)) ** 2
    return {
        "aleatoric_variance": aleatoric,
        "epistemic_variance": epistemic,
        "total_variance": aleatoric + epistemic,
    }


def triangular(step, cycle, lowest, gamma):
    """Smith 2017, as the paper's listing has it, of bounds ``lowest`` and 1."""
    half = cycle / 2
    number = math.floor(1 + step / (2 * half))
    x = abs(step / half - 2 * number + 1)
    return lowest + (1 - lowest) * max(0.0, 1 - x) * gamma**step


def linearly_enlarged(array, factor):
    """Every axis of ``array`` times ``factor``: linear between pixel centres, constant beyond the outermost."""
    for axis, size in enumerate(array.shape):
        places = (np.arange(size * factor) + 0.5) / factor - 0.5
        array = np.apply_along_axis(
            lambda line, at=places: np.interp(at, np.arange(len(line)), line), axis, array
        )
    return array


def quality_of_kept(uncertainty, quality, share):
    """Mean quality of the cases left when a share, the most uncertain, is sent away; equals count with their mean."""
    cases = sorted(zip(uncertainty, quality, strict=True), key=lambda case: -case[0])
    level = [np.mean([q for u, q in cases if u == own]) for own, _ in cases]
    sent = math.floor(share * len(cases) + 0.5)
    return float(np.mean(level[sent:])), sent


def dose_at_volume(doses, share):
    """The largest dose that at least a share of the voxels receive."""
    return max(d for d in doses if sum(other >= d for other in doses) >= share * len(doses) - 1e-9)


def volume_at_dose(doses, dose):
    """The percentage of voxels that receive a dose or more."""
    return 100 * sum(other >= dose for other in doses) / len(doses)


def swag_gaussian(iterates, columns):
    """Mean, standard deviations and deviations of SWAG, by two passes (Maddox et al. 2019, algorithm 1).

    The Gaussian has the covariance ``diag(scale²) + DᵀD``, with D ``[columns, …]`` filled up by zeros.
    """
    stack = np.stack([np.asarray(one, np.float64) for one in iterates])
    mean = stack.mean(axis=0)
    diagonal = (stack**2).mean(axis=0) - mean**2
    deviations = [one - stack[: index + 1].mean(axis=0) for index, one in enumerate(stack)]
    last = np.stack(deviations[-columns:])
    padded = np.zeros([columns, *mean.shape])
    padded[: len(last)] = last / np.sqrt(2 * (len(last) - 1))
    return mean, np.sqrt(diagonal / 2), padded


def staple(decisions, classes, iterations=200):
    """W [voxels, K] and θ [T, K, K] of decisions [T, voxels], voxel by voxel (Warfield et al. 2004)."""
    samples, voxels = decisions.shape
    prior = [np.mean(decisions == k) for k in range(classes)]
    performance = np.full((samples, classes, classes), 1e-5 / (classes - 1))
    for k in range(classes):
        performance[:, k, k] = 0.99999
    truth = np.zeros((voxels, classes))
    for _ in range(iterations):
        for x in range(voxels):
            for k in range(classes):
                truth[x, k] = prior[k]
                for t in range(samples):
                    truth[x, k] *= performance[t, decisions[t, x], k]
            truth[x] /= truth[x].sum()
        for t in range(samples):
            for k in range(classes):
                total = truth[:, k].sum()
                if total == 0:
                    continue
                for j in range(classes):
                    performance[t, j, k] = truth[decisions[t] == j, k].sum() / total
    return truth, performance


def logit_mean(samples):
    """[*S, K] of samples [T, *S, K]: the geometric mean of each class, normalized."""
    product = np.prod(samples ** (1 / len(samples)), 0)
    return product / product.sum(-1, keepdims=True)


def majority_share(samples):
    """[n, K] of samples [T, n, K]: the share of T votes, and of one vote by the mean."""
    count, voxels, classes = samples.shape
    shares = np.zeros((voxels, classes))
    for x in range(voxels):
        for t in range(count):
            shares[x, samples[t, x].argmax()] += 1
        shares[x] += samples[:, x].mean(0)
    return shares / (count + 1)


def grown(mask, steps):
    """A mask [X, Y, Z] with the voxels that so many steps from face to face reach."""
    result = np.zeros(mask.shape, bool)
    reach = np.stack(np.indices([2 * steps + 1] * mask.ndim), -1).reshape(-1, mask.ndim) - steps
    reach = reach[np.abs(reach).sum(1) <= steps]
    for voxel in np.argwhere(mask):
        for each in voxel + reach:
            if (each >= 0).all() and (each < mask.shape).all():
                result[tuple(each)] = True
    return result


def interior_weights(label, spacing):
    """1 − exp(−½ (d / 2s)²) by the distance d to the nearest voxel that has a face neighbour of another class."""
    boundary = []
    for voxel in np.ndindex(label.shape):
        for axis in range(label.ndim):
            for step in (-1, 1):
                other = list(voxel)
                other[axis] += step
                is_inside = 0 <= other[axis] < label.shape[axis]
                if is_inside and label[tuple(other)] != label[voxel]:
                    boundary.append(voxel)
    weights = np.ones(label.shape)
    width = 2 * np.prod(spacing) ** (1 / 3)
    for voxel in np.ndindex(label.shape):
        distances = [np.linalg.norm((np.array(other) - voxel) * spacing) for other in boundary]
        if distances:
            weights[voxel] = 1 - np.exp(-((min(distances) / width) ** 2) / 2)
    return weights


def mean_of_highest(values, share):
    """The mean of this share of the values, the highest ones, rounded up."""
    ordered = sorted(map(float, values), reverse=True)
    count = max(1, int(np.ceil(share * len(ordered) - 1e-9)))
    return sum(ordered[:count]) / count
