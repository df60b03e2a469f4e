"""The manifest of a prediction that begins."""

from __future__ import annotations

from collections.abc import Sequence

from tfuq.config import WEIGHTED
from tfuq.data.paths import real_path
from tfuq.prediction.combination import member_weights
from tfuq.prediction.request import Request
from tfuq.runs import Run
from tfuq.runs.provenance import tfuq_version
from tfuq.runs.results import DEFINITIONS, Manifest
from tfuq.sampling.members import member_digest, missing_members


def fresh_manifest(run: Run, request: Request, samples: int, members: Sequence[int]) -> Manifest:
    """A manifest without cases, and without a calibration.

    Args:
        run: The run.
        request: What to sample.
        samples: T, as the method draws it.
        members: Numbers of the members that are sampled.
    """
    if request.is_out_of_fold:  # each of them predicts some of the cases
        members = run.finished_members
    weights = None
    if request.combine == WEIGHTED:
        weights = member_weights(run, members)
    return Manifest(
        run=str(real_path(run.path)),
        method=request.method,
        samples=samples,
        seed=request.seed,
        weights_digest=[member_digest(run, index) for index in members],
        tfuq_version=tfuq_version(),
        missing_members=missing_members(run, request.method, request.member),
        is_out_of_fold=request.is_out_of_fold,
        definitions=DEFINITIONS,
        precision=request.precision,
        skip_empty=request.skip_empty,
        combine=request.combine,
        member_weights=weights,
        split=request.split,
    )
