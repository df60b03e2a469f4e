"""The server answers its page, and nobody else."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from tests.support.viewing import ask, post, served
from tfuq.errors import TfuqError
from tfuq.workflows.view.guard import HEADERS
from tfuq.workflows.view.server import PageServer
from tfuq.workflows.view.session import Session


@pytest.fixture
def server(targets, tmp_path):
    session = Session(replace(targets("segmentation"), review=tmp_path / "review"))
    with served(session) as serving:
        yield serving


def case_of(server):
    return server.session.cases()["cases"][0]["case"]


def test_the_page_and_all_that_it_names(server):
    status, body, headers = ask(server, "")
    assert status == 200
    page = body.decode()
    assert headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert "onclick" not in page
    assert "http" not in page
    for name in ("page.css", "niivue.js", "main.js", "layers.js"):
        status, body, headers = ask(server, name)
        assert status == 200
        assert body
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_layers_are_nifti(server):
    case = case_of(server)
    folder = server.session._target.predictions / case
    for query, name in (
        ({"layer": "label"}, "label"),
        ({"layer": "map", "name": "mutual_information"}, "mutual_information"),
    ):
        status, body, _ = ask(server, "api/content", {"case": case, **query})
        assert status == 200
        expected = nibabel.load(folder / f"{name}.nii.gz").get_fdata()
        shown = nibabel.Nifti1Image.from_bytes(body).get_fdata()
        np.testing.assert_allclose(shown, expected)


def test_a_decision_is_on_disk_when_the_page_hears_of_it(server):
    case = case_of(server)
    sent = {"case": case, "structure": "core", "decision": "reject", "note": '"<b>"'}
    status, answer = post(server, sent)
    assert (status, answer["decision"]) == (200, "reject")
    assert f"{case},core,reject," in server.session.log.path.read_text()
    listed = json.loads(ask(server, "api/cases")[1])["cases"][0]["decisions"]["core"]
    assert listed["note"] == '"<b>"'


STRANGE = {
    "no token": {"path": "/"},
    "no token for data": {"path": "/api/cases"},
    "another token": {"path": "/" + "a" * 43 + "/api/cases"},
    "another host": {"headers": {"Host": "evil.example"}},
    "another origin": {"headers": {"Origin": "http://evil.example"}},
    "another site": {"headers": {"Sec-Fetch-Site": "cross-site"}},
}


@pytest.mark.parametrize("name", STRANGE)
def test_strangers_are_refused(server, name):
    status, body, headers = ask(server, "api/cases", **STRANGE[name])
    assert status == 403
    assert case_of(server).encode() not in body
    assert server.guard.token.encode() not in body
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "place",
    [
        "../manifest.json",
        "static/../../__init__.py",
        "%2e%2e/%2e%2e/session.py",
        "page.html",
        "NIIVUE.txt",
        "api/",
        "api/content/../../x",
    ],
)
def test_other_places_are_not_served(server, place):
    assert ask(server, place)[0] == 404


@pytest.mark.parametrize(
    "query",
    [
        {"case": "../hybrid", "layer": "label"},
        {"layer": "label"},
        {"case": "", "layer": "../structures.csv"},
        {"case": "", "layer": "map", "name": "../label"},
        {"case": "", "layer": "map", "name": "label"},
        {"case": "", "layer": "sample", "number": "-1"},
        {"case": "", "layer": "sample", "number": "4"},
        {"case": "", "layer": "scan", "number": "1"},
        {"case": "", "layer": "label", "most": "1e9"},
        {"case": "", "layer": "reference", "name": "/etc/passwd"},
    ],
)
def test_what_is_no_layer_is_refused_in_words(server, query):
    if query.get("case") == "":
        query = {**query, "case": case_of(server)}
    status, body, _ = ask(server, "api/content", query)
    assert status == 400
    assert json.loads(body)["error"]


def test_forms_of_other_pages_write_nothing(server):
    decision = {"case": case_of(server), "structure": "all", "decision": "accept", "note": ""}
    assert post(server, decision, Origin="http://evil.example")[0] == 403
    assert post(server, decision, Content_Type="text/plain")[0] == 415
    assert post(server, decision, Content_Length="70000")[0] == 413
    assert post(server, decision, Content_Length="-1")[0] == 413
    assert post(server, {**decision, "more": ""})[0] == 400
    assert post(server, {**decision, "note": 1})[0] == 400
    assert post(server, ["a"])[0] == 400
    assert post(server, {**decision, "note": "a\nb"})[0] == 400
    body = json.dumps(decision).encode()
    without_origin = ask(server, "api/decision", method="POST", body=body)
    assert without_origin[0] == 403
    assert ask(server, "api/decision")[0] == 404
    assert not server.session.log.path.exists()
    assert post(server, decision)[0] == 200


def test_an_image_that_is_gone_is_told(server, monkeypatch):
    def fail(case):
        raise FileNotFoundError(2, "No such file", "scan.nii.gz")

    monkeypatch.setattr(server.session._viewed.images, "case", fail)
    status, body, _ = ask(server, "api/content", {"case": case_of(server), "layer": "scan"})
    assert status == 400
    assert "scan.nii.gz" in json.loads(body)["error"]


def test_it_listens_on_the_loopback_address_alone_and_ends_when_idle(targets, tmp_path):
    session = Session(replace(targets("classification"), review=tmp_path))
    with PageServer(session) as server:
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(TfuqError, match=f"--port {server.guard.port}: cannot be listened on"):
            PageServer(session, server.guard.port)
        server.serve(most_idle=0)
