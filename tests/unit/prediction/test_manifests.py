"""The manifest of a prediction that begins."""

from dataclasses import replace

import pytest

from tests.support.drawn import make_finished_run
from tfuq.prediction import request_of
from tfuq.prediction.manifests import fresh_manifest


@pytest.fixture
def run(balls, tmp_path):
    """A hybrid of two members, whose digests are their numbers."""
    return make_finished_run(tmp_path / "run", "segmentation", balls)


def test_it_says_what_determines_the_samples(run):
    request = replace(request_of(run.config, "hybrid", 6, 3), skip_empty=0.0)
    manifest = fresh_manifest(run, request, 6, [0, 1])
    assert [int(digest, 16) for digest in manifest.weights_digest] == [0, 1]
    found = (manifest.method, manifest.samples, manifest.seed, manifest.skip_empty)
    assert found == ("hybrid", 6, 3, 0.0)
    assert manifest.cases == {}


def test_predictions_out_of_fold_are_of_all_members_whoever_is_asked(run):
    request = replace(request_of(run.config, "hybrid", 6, 3), member=1)
    of_one = fresh_manifest(run, request, 6, [1])
    assert [int(digest, 16) for digest in of_one.weights_digest] == [1]
    out_of_fold = fresh_manifest(run, replace(request, is_out_of_fold=True), 6, [1])
    assert [int(digest, 16) for digest in out_of_fold.weights_digest] == [0, 1]
    assert not out_of_fold.same_draws(of_one)
