"""A CT of 512×512×400 voxels in the page of ``tfuq view``: few voxels at first, all of them when asked."""

from __future__ import annotations

import pytest

from tests.support.browser import Page
from tests.support.controls import text
from tests.support.large_scan import AFFINE, SHAPE, make_large_target
from tests.support.viewing import served
from tfuq.workflows.view.session import Session

_PATIENCE = 300  # seconds; benchmarks/view_opening.py says how long it takes on an idle machine


@pytest.mark.slow
def test_a_large_ct_opens_with_few_voxels_at_its_place(tmp_path):
    session = Session(make_large_target(tmp_path))
    (case,) = session._order
    page = Page(tmp_path / "profile", webgl=True)
    with served(session) as server:
        page.open_address(server.guard.address)
        page.wait_for("document.body?.dataset.complete", _PATIENCE)
        assert text(page, "#whole") == "Show every voxel (now every 3rd along each axis)"
        assert page.run("document.getElementById('view').value") == "planes"
        at = session.places(case)[0]["at"]
        shown = [float(number) for number in text(page, "#position").split(" mm")[0].split(",")]
        expected = [float(number) for number in at.removesuffix(" mm").split(",")]
        assert shown == pytest.approx(expected, abs=1.5 * abs(AFFINE.diagonal()[:3]).max())
        content = session.content(case, {"layer": "scan", "most": "4000000"})
        assert content.step == 3
        assert len(content.body) == 352 + 2 * 171 * 171 * 134
        whole = session.content(case, {"layer": "label"})
        assert len(whole.body) == 352 + SHAPE[0] * SHAPE[1] * SHAPE[2]
        assert page.complaints == []
    page.close()
