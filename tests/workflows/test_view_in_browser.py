"""The page of ``tfuq view`` in a real browser: every control does what it says, without a complaint."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import time
from importlib import resources

import numpy as np
import pytest

from tests.support.browser import Page
from tests.support.controls import choose, complete, text
from tests.support.viewing import make_target, served
from tfuq.data.writers import write_json
from tfuq.workflows.view.session import Session
from tfuq.workflows.view.targets import find_target


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("profile"), webgl=True)
    yield page
    page.close()


@pytest.fixture
def opened(browser):
    """``opened(session)``: the browser at the page of a session, when its first case is shown."""
    serving = []

    def show(session):
        server = served(session)
        address = server.__enter__().guard.address
        serving.append(server)
        browser.open_address(address)
        complete(browser)
        return browser

    yield show
    for server in serving:
        server.__exit__(None, None, None)


def pixels(page, tmp_path):
    """What is drawn where the viewer is."""
    from PIL import Image

    page.picture(tmp_path / "seen.png")
    box = page.run(
        "(({x, y, width, height}) => [x, y, x + width, y + height])"
        "(document.getElementById('viewer').getBoundingClientRect())"
    )
    return np.asarray(Image.open(tmp_path / "seen.png").convert("RGB").crop(box), int)


def rows(session):
    with session.log.path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_volume_is_shown_at_its_place_and_decided_on(opened, balls, tmp_path):
    session = Session(make_target(tmp_path, "segmentation", balls, most=2))
    page = opened(session)
    first, second = session._order
    assert page.run("document.body.dataset.map") == "mutual information"
    at = session.places(first)[0]["at"]
    assert text(page, "#position").startswith(at), "the crosshair is at the place"
    page.press("a")
    page.wait_for("document.querySelector('#decided').textContent.startsWith('accept')")
    page.press("j")
    complete(page, second)
    assert [(row["case"], row["decision"]) for row in rows(session)] == [(first, "accept")]
    assert page.complaints == []


@pytest.mark.slow
def test_a_volume_with_its_layers_and_decisions(opened, balls, tmp_path):
    """One page, every control in turn."""
    target = make_target(tmp_path, "segmentation", balls)
    session = Session(target, "R")
    page = opened(session)
    cases = [entry["case"] for entry in session.cases()["cases"]]
    assert text(page, "#case-title") == cases[0]
    assert "pairwise Dice" in text(page, "#order")
    assert page.run("document.body.dataset.label") == "label"
    assert page.run("document.body.dataset.map") == "mutual information"
    place = session.places(cases[0])[0]
    assert place["words"] in text(page, "#places")
    assert text(page, "#position").startswith(place["at"]), "the crosshair is at the place"

    before = pixels(page, tmp_path)
    for control, value in (
        ("view", "axial"),
        ("outline", False),
        ("label-opacity", "1"),
        ("window-high", "1000"),
        ("map-opacity", "0"),
        ("overlays", False),
    ):
        choose(page, control, value)
        after = pixels(page, tmp_path)
        assert (after != before).any(), control
        before = after
    choose(page, "overlays", True)
    page.run("document.getElementById('window-auto').click()")
    for view in ("planes", "coronal", "sagittal", "render", "all"):
        choose(page, "view", view)
    choose(page, "map-opacity", "0.7")
    choose(page, "map-high", "0.2")
    for value, name in (("sample", "sample 1"), ("reference:reference", "reference")):
        choose(page, "label", value)
        page.wait_for(f"document.body.dataset.label === '{name}'")
    choose(page, "label", "sample")
    choose(page, "sample", "3")
    page.wait_for("document.body.dataset.label === 'sample 3'")
    assert text(page, "#sample-number") == "3"
    page.press("m")
    page.wait_for("document.body.dataset.map === 'variation ratio'")
    choose(page, "map", "probability:core")
    page.wait_for("document.body.dataset.map === 'probability of core'")

    page.press("a")
    page.wait_for("document.querySelector('#decided').textContent.startsWith('accept by R')")
    page.press("n")
    page.run("document.getElementById('note').value = 'look <b>again</b>'")
    page.press("Enter")
    page.wait_for("document.activeElement.id !== 'note'")
    page.press("j")
    complete(page, cases[1])
    choose(page, "structure", "core")
    page.press("e")
    page.wait_for("document.querySelector('#decided').textContent.startsWith('edit needed')")
    choose(page, "structure", "all")
    page.press("r")
    page.wait_for("document.querySelector('#decided').textContent.startsWith('reject')")
    page.press("u")
    page.wait_for("document.querySelector('#decided').textContent.startsWith('undecided')")
    page.press("k")
    complete(page, cases[0])
    assert page.run("document.getElementById('note').value") == "look <b>again</b>"
    assert [(row["case"], row["structure"], row["decision"]) for row in rows(session)] == [
        (cases[0], "all", "accept"),
        (cases[0], "all", "accept"),
        (cases[1], "core", "edit needed"),
        (cases[1], "all", "reject"),
        (cases[1], "all", "undecided"),
    ]
    page.run("document.getElementById('next').click()")
    complete(page, cases[1])
    page.run("document.getElementById('previous').click()")
    complete(page, cases[0])
    page.press("c")
    page.press("o")
    assert not page.run("document.getElementById('overlays').checked")
    choose(page, "filter", "undecided")
    assert page.run("document.querySelectorAll('#cases button').length") == 1
    choose(page, "filter", "all")
    choose(page, "search", cases[2])
    assert page.run("document.querySelectorAll('#cases button').length") == 1
    page.run("document.querySelector('#cases button').click()")
    complete(page, cases[2])
    assert page.complaints == []

    page.open_address(page.run("location.href"))
    complete(page, cases[0])
    assert text(page, "#decided").startswith("accept by R")
    assert "2 decided" in text(page, "#count")
    assert page.complaints == []


HOSTILE = "<img src=x onerror=window.hit=1>\"'><script>window.hit=1</script>"


def test_names_are_text_everywhere(opened, heads, tmp_path):
    """Of cases, landmarks, notes and reviewers; long ones too."""
    target = make_target(tmp_path, "landmarks", heads, most=2)
    first, _ = sorted(target.manifest.cases)
    hostile = {first: "<img onerror=hit()>" + "x" * 150}
    landmark = target.run.config.data.landmarks[0]
    for name in ("landmarks.csv", "samples.csv"):
        path = target.predictions / name
        with path.open(newline="") as file:
            table = list(csv.DictReader(file))
        for row in table:
            row["case"] = hostile.get(row["case"], row["case"])
            if row["landmark"] == landmark:
                row["landmark"] = HOSTILE
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    path = target.predictions / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["cases"] = {hostile.get(case, case): e for case, e in manifest["cases"].items()}
    write_json(path, manifest)
    names = [HOSTILE if name == landmark else name for name in target.run.config.data.landmarks]
    config = target.run.path / "config.yaml"
    tree = target.run.config.model_dump(mode="json")
    tree["data"]["landmarks"] = names
    config.write_text(type(target.run.config).model_validate(tree).dump())
    session = Session(find_target(target.predictions), HOSTILE)
    for case in hostile.values():
        session.decide(case, HOSTILE, "reject", HOSTILE)
        session.decide(case, "all", "reject", HOSTILE)
    page = opened(session)
    for case in session._order:
        page.run(
            f"[...document.querySelectorAll('#cases .name')].find((each) => each.title === {json.dumps(case)}).click()"
        )
        complete(page, case)
        choose(page, "show-names", True)
        choose(page, "show-samples", True)
    assert HOSTILE in page.run("document.body.textContent")
    assert page.run("window.hit === undefined")
    assert (
        page.run("document.querySelectorAll('main img, aside img, script:not([src])').length") == 0
    )
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.complaints == []


def test_the_policy_stops_what_a_fault_of_the_page_would_let_in(opened, digits, tmp_path):
    session = Session(make_target(tmp_path, "classification", digits))
    page = opened(session)
    page.run(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit=1\">')"
    )
    page.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hit=1'}))"
    )
    blocked = page.run("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'blocked')")
    time.sleep(0.2)
    assert blocked == "blocked"
    assert page.run("window.hit === undefined")
    assert any("Content Security Policy" in complaint for complaint in page.complaints)


def test_classes_have_bars(opened, digits, tmp_path):
    session = Session(make_target(tmp_path, "classification", digits))
    page = opened(session)
    detail = session.detail(session._order[0])
    page.wait_for("document.querySelector('#picture img')?.naturalWidth > 0")
    widths = page.run(
        "[...document.querySelectorAll('.probability')].map((bar) => Number(bar.getAttribute('width')))"
    )
    assert widths == pytest.approx([100 * each["probability"] for each in detail["classes"]])
    assert f"Predicted: {detail['label']}." in text(page, "#picture")
    page.press("a")
    page.wait_for("document.querySelector('#decided').textContent.startsWith('accept')")
    assert page.complaints == []


def test_landmarks_lie_on_the_picture(opened, heads, tmp_path):
    session = Session(make_target(tmp_path, "landmarks", heads))
    page = opened(session)
    detail = session.detail(session._order[0])
    assert page.run("document.querySelectorAll('.ellipse').length") == len(detail["points"])
    choose(page, "show-ellipses", False)
    assert page.run("document.querySelectorAll('.ellipse').length") == 0
    choose(page, "show-samples", True)
    samples = sum(len(point["samples"]) for point in detail["points"])
    assert page.run("document.querySelectorAll('.sample').length") == samples
    choose(page, "reference", detail["references"][0]["name"])
    assert page.run("document.querySelectorAll('.reference').length") == len(detail["points"])
    choose(page, "show-names", True)
    choose(page, "zoom", "3")
    # A landmark is drawn where it lies on the picture, whatever the zoom.
    offset = page.run(
        "(() => { const p = document.querySelector('.point').getBoundingClientRect();"
        " const i = document.querySelector('#picture image').getBoundingClientRect();"
        " return [(p.x + p.width / 2 - i.x) / i.width, (p.y + p.height / 2 - i.y) / i.height]; })()"
    )
    point, (width, height) = detail["points"][0], detail["size"]
    expected = [(point["x"] + 0.5) / width, (point["y"] + 0.5) / height]
    assert offset == pytest.approx(expected, abs=0.005)
    page.press("c")
    page.run("document.querySelector('#places button').click()")
    assert page.complaints == []


def test_niivue_is_the_version_that_the_licence_is_of():
    folder = resources.files("tfuq.workflows.view") / "static"
    notice = (folder / "NIIVUE.txt").read_text(encoding="utf-8")
    (digest,) = re.findall("SHA-256: ([0-9a-f]{64})", notice)
    assert hashlib.sha256((folder / "niivue.js").read_bytes()).hexdigest() == digest
    assert "BSD 2-Clause" in notice


def test_the_page_makes_no_markup_of_text():
    folder = resources.files("tfuq.workflows.view") / "static"
    for path in folder.iterdir():
        if path.name.endswith(".js") and path.name != "niivue.js":
            code = path.read_text(encoding="utf-8")
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
                assert word not in code, path.name
