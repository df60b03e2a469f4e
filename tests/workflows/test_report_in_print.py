"""The report on paper and on narrow screens, in a real browser: nothing is cut, and pictures are as large as they are."""

import base64
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.support.browser import Page
from tests.support.made import make_run, make_scores
from tests.support.reviewed_run import reviewed_run
from tests.support.score_requests import request_of
from tfuq.data.writers import write_json
from tfuq.report.page.render import write_page

A4 = (794, 1123)  # pixels of CSS
MARGIN = 53  # at the left and the right
PAPER = A4[0] - 2 * MARGIN
HOSTILE = "</script><script>document.title='owned'</script>\"'" + "long" * 60

# Boxes that reach beyond the page, of all that is seen. Within a box that scrolls only the box itself counts.
BEYOND = """(() => {
  const width = document.documentElement.clientWidth, found = [];
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect(), outer = element.parentElement.closest('.scroll, pre');
    const scrolls = outer && getComputedStyle(outer).overflowX === 'auto';
    const isBeyond = box.right > width + 1 || box.left < -1;
    if (box.width && box.height && !scrolls && !element.closest('.skip') && isBeyond) found.push(element.outerHTML.slice(0, 120));
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("profile"))
    yield page
    page.close()


@pytest.fixture(scope="module")
def six_methods(scored_tasks, tmp_path_factory):
    """A report of six methods, one of them reviewed, with names of hostile people."""
    root = tmp_path_factory.mktemp("six")
    first, _ = scored_tasks["segmentation"]
    folders = [reviewed_run(first, root)]
    run = folders[0].parents[1]
    for number in range(5):
        for kind in ("predictions", "scores"):
            shutil.copytree(run / kind / first.name, run / kind / f"method-{number}")
        copy = run / "scores" / f"method-{number}"
        summary = json.loads((copy / "summary.json").read_text())
        name = HOSTILE if number == 4 else f"method-{number}"
        write_json(copy / "summary.json", summary | {"method": name, "files": None})
        folders.append(copy)
    write_page(folders, root / "report.html", 3)
    return root / "report.html"


def open_at(browser, path, width, media="screen"):
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.call("Emulation.setDeviceMetricsOverride", **size)
    browser.call("Emulation.setEmulatedMedia", media=media)
    browser.open(path)
    browser.wait_for("!document.querySelector('#gallery') || document.querySelector('#gallery').dataset.isWhole === 'yes'")  # fmt: skip


@pytest.fixture(scope="module")
def alone(scored_tasks, tmp_path_factory):
    """Reports of predictions without scores, by task."""
    root = tmp_path_factory.mktemp("alone")
    paths = {}
    for task, folders in scored_tasks.items():
        paths[task] = root / f"{task}.html"
        write_page([request_of(folder).folder for folder in folders], paths[task], 3)
    return paths


@pytest.mark.parametrize(
    ("width", "media"),
    [(390, "screen"), pytest.param(1280, "screen", marks=pytest.mark.slow), (PAPER, "print")],
)
def test_nothing_reaches_beyond_the_page(width, media, browser, six_methods):
    open_at(browser, six_methods, width, media)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(BEYOND) == []
    assert browser.run("document.title") != "owned"
    assert "</script>" in browser.run("document.querySelector('h1 + p').textContent")
    assert browser.complaints == []


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_predictions_alone_are_a_page_of_their_own(task, browser, alone):
    for width, media in ((390, "screen"), (PAPER, "print")):
        open_at(browser, alone[task], width, media)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(BEYOND) == []
        assert "Uncertainty alone" in browser.run("document.querySelector('.alone').textContent")
        assert browser.run("document.querySelectorAll('#cases-body tr').length") > 3
        assert browser.run("document.querySelector('#curve, #worst-first')") is None
        assert browser.complaints == []
    assert "NaN" not in browser.run("document.body.innerText")


def test_paper_has_every_method_and_every_score(browser, six_methods):
    open_at(browser, six_methods, PAPER, "print")
    seen = """(() => {
      const shown = [...document.querySelectorAll('#summary table')].filter((table) => table.getBoundingClientRect().height);
      const texts = (table, selector) => [...table.querySelectorAll(selector)].map((one) => one.textContent);
      return shown.map((table) => [table.caption.textContent, texts(table, 'thead th').slice(1), texts(table, 'tbody th[scope=row]')]);
    })()"""
    tables = browser.run(seen)
    scores = [table for table in tables if table[0].startswith("Scores")]
    headings = [heading for table in scores for heading in table[1]]
    assert len(headings) == 6
    assert max(len(table[1]) for table in scores) <= 5
    for table in scores:
        text = " ".join(table[2])
        for title in ("Dice similarity", "95 % Hausdorff distance", "calibration error", "negative log-likelihood"):  # fmt: skip
            assert title in text
    captions = [caption for caption, _, _ in tables]
    assert captions[0] == "Promised and seen"
    assert any(caption.startswith("Measures of uncertainty") for caption in captions)
    assert any(caption.startswith("Differences") for caption in captions)
    shown = "[...document.querySelectorAll('#summary td')].filter((td) => td.offsetHeight)"
    sizes = browser.run(f"{shown}.map((td) => parseFloat(getComputedStyle(td).fontSize))")
    assert min(sizes) >= 10  # pixels of CSS, 7.5 points
    assert browser.run("document.querySelectorAll('.gallery-case').length") == 3
    assert browser.run("document.querySelectorAll('#gallery canvas').length") == 3 * 7
    assert not browser.run("document.querySelector('#tables').offsetHeight")


@pytest.mark.slow
def test_as_pdf_it_has_pages(browser, six_methods):
    open_at(browser, six_methods, 1280)
    browser.call("Emulation.setEmulatedMedia", media="")
    made = browser.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
    content = base64.b64decode(made["data"])
    assert content.startswith(b"%PDF")
    assert 4 <= content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") <= 30


@pytest.fixture(scope="module")
def coloured(tmp_path_factory):
    """A report of a plain colour image of 300 × 400 pixels, half of it red."""
    root = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(0)
    for folder in ("image", "mask"):
        (root / folder).mkdir()
    for number in range(1):
        image = rng.integers(40, 90, (300, 400, 3), dtype=np.uint8)
        image[:, 200:] = (200, 30, 30)
        label = np.zeros((300, 400), np.uint8)
        label[100:150, 50:300] = 1
        Image.fromarray(image).save(root / "image" / f"c{number}.png")
        Image.fromarray(label).save(root / "mask" / f"c{number}.png")
    data = {
        "layout": "folder",
        "label_folder": "mask",
        "classes": ["rest", "field"],
        "label_values": {0: 0, 1: 1},
    }
    run = make_run(root / "run", "segmentation", root, rank=2, data=data)
    write_page([make_scores(run, "hybrid", samples=2, noise=0.6)], root / "report.html", 1)
    return root / "report.html"


def test_colour_images_are_in_colour_at_their_own_size_without_a_slider(browser, coloured):
    open_at(browser, coloured, 1280)
    browser.wait_for("document.querySelectorAll('#panels canvas').length > 0")
    assert browser.run("document.querySelector('#slice-control').hidden")
    view = "JSON.parse(document.querySelector('.picture').textContent)"
    assert browser.run(f"[{view}.rows, {view}.columns, {view}.step]") == [300, 400, 1]
    assert browser.run(f"{view}.window") == "colours as stored"
    browser.run("for (const id of ['prediction', 'reference']) document.getElementById(id).click()")
    browser.run("(() => { const m = document.getElementById('map'); m.value = ''; m.dispatchEvent(new Event('input')); })()")  # fmt: skip
    size, colour = browser.run("""(() => {
      const canvas = document.querySelector('#panels canvas'), context = canvas.getContext('2d');
      return [[canvas.width, canvas.height], [...context.getImageData(canvas.width * 0.75, canvas.height / 2, 1, 1).data]];
    })()""")
    assert size[0] / size[1] == pytest.approx(4 / 3, rel=0.01)
    assert size[0] >= 400
    np.testing.assert_allclose(colour[:3], (200, 30, 30), atol=6)
    assert browser.complaints == []


def test_a_tint_never_darkens_the_image(browser, scored_tasks, tmp_path):
    write_page(scored_tasks["segmentation"], tmp_path / "report.html", 1)
    open_at(browser, tmp_path / "report.html", 1280)
    browser.wait_for("document.querySelectorAll('#panels canvas').length > 0")
    pixels = """(() => {
      const canvas = document.querySelector('#panels canvas');
      return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
    })()"""
    browser.run("for (const id of ['prediction', 'reference']) document.getElementById(id).click()")
    tinted = np.array(browser.run(pixels)).reshape(-1, 4)[:, 0].astype(int)
    browser.run("(() => { const m = document.getElementById('map'); m.value = ''; m.dispatchEvent(new Event('input')); })()")  # fmt: skip
    plain = np.array(browser.run(pixels)).reshape(-1, 4)[:, 0].astype(int)
    assert (tinted >= plain - 1).all()
    assert (tinted > plain + 20).any()
