"""Which run predictions are of, by the digests of its weights."""

from dataclasses import replace

import pytest

from tests.support.manifests import a_manifest
from tfuq.data.writers import write_json
from tfuq.errors import RunError
from tfuq.runs import results
from tfuq.runs.weights import weights_digest


def test_a_member_that_is_not_finished_has_no_digest(tmp_path):
    with pytest.raises(RunError, match="done"):
        weights_digest(tmp_path)
    write_json(tmp_path / "done", {"digest": "ab"})
    assert weights_digest(tmp_path) == "ab"


@pytest.mark.parametrize("name", ["predictions/vi", "queries/vi/predictions"])
def test_predictions_in_a_run_that_was_moved_are_of_it(tmp_path, name):
    """Where a member of it has their weights; not in another run, nor apart from any."""
    made = replace(a_manifest(weights_digest=["a", "b"]), run=str(tmp_path / "gone"))
    for run, digests in (("moved", "ab"), ("other", "ac"), ("none", "")):
        made.write(tmp_path / run / name)
        for member, digest in enumerate(digests):
            write_json(tmp_path / run / "members" / str(member) / "done", {"digest": digest})
        found = results.read_manifest(tmp_path / run / name).run
        assert found == str(tmp_path / ("moved" if run == "moved" else "gone"))
