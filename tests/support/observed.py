"""Structures as they were predicted, with a measure and a quality."""

from tfuq.calibration.observed import Part


def part(name, agreement, quality=None, counts=True):
    measures = {} if agreement is None else {"pairwise_dice": agreement}
    return Part(name=name, measures=measures, counts=counts, quality=quality)
