"""Lesions paired and ranked again, pair by pair, by loops over sets of voxels."""

import numpy as np
from scipy import ndimage


def components(mask):
    """The components of a mask as sets of voxels, the largest first."""
    numbered, count = ndimage.label(mask)
    found = [set(zip(*np.nonzero(numbered == k), strict=True)) for k in range(1, count + 1)]
    return sorted(found, key=len, reverse=True)


def detection(predicted, reference, least_iou=None):
    """Pairs of component and lesion by number from 1, false positives, duplicates."""
    parts = components(predicted)
    lesions = components(reference)
    possible = []
    for p, part in enumerate(parts, start=1):
        for r, lesion in enumerate(lesions, start=1):
            iou = len(part & lesion) / len(part | lesion)
            if iou > 0 and (least_iou is None or iou >= least_iou):
                possible.append((iou, p, r))
    qualified = {p for _, p, _ in possible}
    pairs = {}
    while possible:
        iou, p, r = max(possible, key=lambda pair: (pair[0], -pair[1], -pair[2]))
        pairs[r] = (p, iou)
        possible = [pair for pair in possible if pair[1] != p and pair[2] != r]
    finders = {p for p, _ in pairs.values()}
    false = set(range(1, len(parts) + 1)) - qualified
    return pairs, false, qualified - finders


def free_response(rows, lesions, scans):
    """Points of a curve: at each threshold, all candidates are counted again."""
    points = []
    for threshold in sorted({row[0] for row in rows}, reverse=True):
        chosen = [row for row in rows if row[0] >= threshold]
        found = sum(finds for _, finds, _ in chosen)
        false = sum(is_false for _, _, is_false in chosen)
        points.append((threshold, found / lesions, false / scans))
    return points
