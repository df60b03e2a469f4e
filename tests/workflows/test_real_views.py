"""The page of ``tfuq view`` on real images: every control, and decisions that outlive the server.

Predictions are the references with noise, as no network is trained here. ``TFUQ_PICTURES`` names a
folder for pictures of the pages, at 1280 and at 390 pixels.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import real
from tests.support.browser import Page
from tests.support.controls import choose, complete, text
from tests.support.made import make_predictions
from tests.support.viewing import started
from tfuq import config as configuration
from tfuq import runs
from tfuq.config import Config
from tfuq.data.layouts import cases_of
from tfuq.workflows.view.targets import Target, find_target

pytestmark = pytest.mark.slow
_FACTS = {
    "versions": {"tfuq": "0.1.0", "numpy": "2"},
    "devices": ["cpu"],
    "git": None,
    "seeds": {"training": 11},
    "channels": 1,
    "statistics": None,
}
_LUNGS = """
name: lungs
task: segmentation
method: mc-dropout
data:
  layout: folder
  root: {root}
  label_folder: mask
  source: Shenzhen chest X-rays, National Library of Medicine
  licence: MIT copy
  classes: [rest, lungs]
  label_values: {{0: 0, 1: 1}}
  split: {{train: 160, validation: 20, test: 60}}
preprocessing:
  size: [128, 128, 1]
  slice_axis: 2
network:
  name: unet
  patch_size: [128, 128]
  widths: [4, 8]
  level_dropout: {{2: 0.3}}
training: {{epochs: 1, batch_size: 2, learning_rate: 0.003}}
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("profile"), webgl=True)
    yield page
    page.close()


def lungs(folder: Path) -> Config:
    path = folder / "lungs.yaml"
    path.write_text(_LUNGS.format(root=real("shenzhen_lungs")))
    return configuration.load(str(path))


def shipped(name: str, data: str) -> Callable[[Path], Config]:
    """A configuration of the package, of one of the real data sets."""
    return lambda folder: configuration.load(name, (f"data.root={real(data)}",))


def make_real_target(config: Config, folder: Path) -> Target:
    """Predictions of three cases."""
    ids = [case.id for case in cases_of(config.data) if case.has_reference][:3]
    run = runs.create(folder / "run", config, {"train": [], "validation": [], "test": ids}, _FACTS)
    return find_target(make_predictions(run, "mc-dropout", noise=0.7))


def use_volume(page: Page) -> None:
    """Everything that there is for a volume."""
    for view in ("planes", "axial", "coronal", "sagittal", "render", "all"):
        choose(page, "view", view)
    use_layers(page)


def use_layers(page: Page) -> None:
    for control, value in (
        ("outline", False),
        ("label-opacity", "0.4"),
        ("map-opacity", "0.8"),
        ("window-low", "1"),
        ("overlays", False),
        ("overlays", True),
        ("outline", True),
    ):
        choose(page, control, value)
    page.run("document.getElementById('window-auto').click()")
    for value, name in (
        ("sample", "sample 1"),
        ("reference:reference", "reference"),
        ("label", "label"),
    ):
        choose(page, "label", value)
        page.wait_for(f"document.body.dataset.label === '{name}'", 60)
    choose(page, "map", "map:predictive_entropy")
    page.wait_for("document.body.dataset.map === 'predictive entropy'", 60)
    page.press("m")
    page.press("c")
    page.run("document.querySelector('#places button').click()")


def use_landmarks(page: Page) -> None:
    names = page.run("document.querySelectorAll('.point').length")
    assert names == 19
    choose(page, "show-samples", True)
    choose(page, "show-names", True)
    reference = page.run("document.querySelectorAll('#reference option')[1].value")
    choose(page, "reference", reference)
    assert page.run("document.querySelectorAll('.reference').length") == names
    choose(page, "show-ellipses", False)
    choose(page, "zoom", "3")
    page.run("document.querySelector('#places button').click()")
    page.press("c")
    for control, value in (("show-ellipses", True), ("show-samples", False), ("zoom", "1")):
        choose(page, control, value)


def use_classes(page: Page) -> None:
    assert page.run("document.querySelectorAll('.probability').length") == 10
    assert "Reference: " in text(page, "#picture")


KINDS = {
    "hippocampus": (shipped("hippocampus", "Task04_Hippocampus"), use_volume),
    "lungs": (lungs, use_layers),
    "xrays": (shipped("cephalometric2015", "cephalometric2015"), use_landmarks),
    "mnist": (shipped("mnist", "mnist"), use_classes),
}


def keep_pictures(page: Page, name: str) -> None:
    folder = os.environ.get("TFUQ_PICTURES")
    if not folder:
        return
    for width, height in ((390, 844), (1280, 900)):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", **size)
        page.run("new Promise((done) => setTimeout(done, 3000))")
        page.picture(Path(folder) / f"{name}-{width}.png")
    page.call("Emulation.clearDeviceMetricsOverride")


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_and_decisions_that_outlive_the_server(kind, browser, tmp_path):
    make_config, use = KINDS[kind]
    target = make_real_target(make_config(tmp_path), tmp_path)
    process, address = started(target, "--reviewer", "R")
    try:
        browser.open_address(address.geturl())
        complete(browser)
        first = text(browser, "#case-title")
        keep_pictures(browser, kind)
        use(browser)
        browser.press("e")
        browser.wait_for("document.querySelector('#decided').textContent.startsWith('edit')", 60)
        browser.press("j")
        browser.wait_for(f"document.body.dataset.complete !== {first!r}", 60)
        browser.press("r")
        browser.wait_for("document.querySelector('#decided').textContent.startsWith('reject')", 60)
        browser.open_address(address.geturl())
        complete(browser, first)
        assert text(browser, "#decided").startswith("edit needed by R")
        assert browser.complaints == []
        browser.open_address("about:blank")  # the page may ask for its picture once more
    finally:
        process.kill()
        process.wait()
    process, address = started(target)
    try:
        browser.open_address(address.geturl())
        complete(browser, first)
        assert text(browser, "#decided").startswith("edit needed by R")
        assert "2 decided" in text(browser, "#count")
        assert browser.complaints == []
    finally:
        process.kill()
        process.wait()
