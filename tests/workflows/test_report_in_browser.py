"""The report in a real browser: it opens without a complaint, and does what its controls say, by keyboard."""

import base64
import csv
import io
import time

import numpy as np
import pytest
from PIL import Image

from tests.conftest import real
from tests.support.browser import Page
from tests.support.references import quality_of_kept
from tfuq.data.writers import write_csv, write_json
from tfuq.report.page.cases import read_cases
from tfuq.report.page.render import write_page
from tfuq.report.page.sources import read_sources


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("profile"))
    yield page
    page.close()


@pytest.fixture
def opened(browser, scored_tasks, tmp_path):
    """``opened(task)``: the browser at the report of a task's two methods."""

    def open_task(task):
        write_page(scored_tasks[task], tmp_path / "report.html", 12)
        browser.open(tmp_path / "report.html")
        browser.wait_for("document.querySelectorAll('#panels figure').length >= 2")
        return browser

    return open_task


def canvas(page, number=0):
    """The colours of a panel, ``[rows, columns, 3]``."""
    address = page.run(f"document.querySelectorAll('#panels canvas')[{number}].toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))[..., :3]


def choose(page, control, value):
    """Set a control as a person would, with the events that follow."""
    put = f"c.checked = {str(value).lower()}" if isinstance(value, bool) else f"c.value = '{value}'"
    told = " ".join(
        f"c.dispatchEvent(new Event('{event}', {{bubbles: true}}));"
        for event in ("input", "change")
    )
    page.run(f"(() => {{ const c = document.getElementById('{control}'); {put}; {told} }})()")


def table(page, selector):
    """The cells of a table's body."""
    return page.run(
        f"[...document.querySelectorAll('{selector} tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def test_slices_follow_the_slider(opened):
    page = opened("segmentation")
    page.run("document.getElementById('slice').focus()")
    before, first = canvas(page), int(page.run("document.getElementById('slice').value"))
    page.press("ArrowRight")
    assert int(page.run("document.getElementById('slice').value")) == first + 1
    view = "JSON.parse(document.querySelector('.picture[data-case=\"' + document.getElementById('case').value + '\"]').textContent)"
    index = page.run(f"{view}.slices[{first + 1}]")
    assert page.run("document.getElementById('slice-shown').textContent").startswith(
        f"{index} of 0–14"
    )
    assert (canvas(page) != before).any()
    page.press("ArrowLeft")
    np.testing.assert_array_equal(canvas(page), before)
    assert page.complaints == []


def test_overlays_are_switched(opened):
    page = opened("segmentation")
    choose(page, "slice", 7)  # through the middle, where the reference is
    everything = canvas(page)
    for control, off in (("prediction", False), ("reference", False), ("map", "")):
        before = canvas(page)
        choose(page, control, off)
        assert (canvas(page) != before).any(), control
    plain = canvas(page)
    assert (plain[..., :1] == plain).all()  # what is left is grey: the image itself
    choose(page, "errors", True)
    assert (canvas(page) != plain).any()
    choose(page, "errors", False)
    choose(page, "map", "mutual_information")
    stretched = canvas(page)
    choose(page, "scale", "full")
    assert (canvas(page) != stretched).any()
    choose(page, "opacity", 0)
    np.testing.assert_array_equal(canvas(page), plain)
    np.testing.assert_array_equal(canvas(page, 1), plain)  # the other method has the same image
    assert (everything != plain).any()
    assert page.complaints == []


def test_the_image_is_that_of_the_file(opened, scored_tasks):
    from tfuq.data.readers import read
    from tfuq.report.page.intensities import grey
    from tfuq.report.slices import upright

    page = opened("segmentation")
    for control, off in (("prediction", False), ("reference", False), ("map", "")):
        choose(page, control, off)
    case, slice_index = page.run(
        "[document.getElementById('case').value, document.getElementById('slice-shown').textContent]"
    )
    (source, _) = read_sources(scored_tasks["segmentation"])
    image = read(
        next(path for path in map(type(source.folder), source.manifest.cases[case].images))
    )
    plane, _ = upright(grey(image.array)[:, :, int(slice_index.split(" ")[0])], image.affine, 2)
    shown = canvas(page)[..., 0]
    rows, columns = (
        np.arange(n) * size // n + size // n // 2
        for n, size in zip(plane.shape, shown.shape, strict=True)
    )
    np.testing.assert_array_equal(shown[np.ix_(rows, columns)], plane)


def test_tables_sort_by_keyboard(opened):
    page = opened("segmentation")
    page.run("for (const one of document.querySelectorAll('#tables details')) one.open = true")
    table = "document.querySelector('#tables table')"
    numbers = (
        f"[...{table}.tBodies[0].rows].map((row) => parseFloat(row.cells[COLUMN].textContent))"
    )
    count = page.run(f"{table}.tHead.rows[0].cells.length")
    columns = {k: page.run(numbers.replace("COLUMN", str(k))) for k in range(1, count)}
    column = next(k for k, values in columns.items() if None not in values and len(set(values)) > 2)
    page.run(f"{table}.tHead.querySelectorAll('button')[{column}].focus()")
    page.press("Enter")
    assert page.run(numbers.replace("COLUMN", str(column))) == sorted(columns[column])
    page.press("Enter")
    falling = page.run(numbers.replace("COLUMN", str(column)))
    assert falling == sorted(columns[column], reverse=True)
    assert (
        page.run("document.querySelector('#tables th[aria-sort]').getAttribute('aria-sort')")
        == "descending"
    )
    assert page.complaints == []


def test_cases_are_listed_worst_or_least_certain_first(opened, scored_tasks):
    page, cases = opened("segmentation"), read_cases(read_sources(scored_tasks["segmentation"][:1]))
    assert [row[0] for row in table(page, "#cases-body")] == cases.worst
    page.run("document.getElementById('uncertain-first').click()")
    assert [row[0] for row in table(page, "#cases-body")] == cases.least_certain
    page.run("document.querySelectorAll('#cases-body button')[2].click()")
    assert page.run("document.getElementById('case').value") == cases.least_certain[2]
    page.run("document.querySelector('#cases-head button').focus()")
    page.press("Enter")
    assert [row[0] for row in table(page, "#cases-body")] == sorted(cases.ids)
    assert page.complaints == []


@pytest.mark.parametrize(
    ("task", "measure", "share"), [("segmentation", "pairwise_dice", 35), ("classification", "predictive_entropy", 25),
                                   ("landmarks", "max_activation", 50)],
)  # fmt: skip
def test_operating_point_is_that_of_a_slow_reference(task, measure, share, opened, scored_tasks):
    page, cases = opened(task), read_cases(read_sources(scored_tasks[task]))
    choose(page, "measure", measure)
    choose(page, "share", share)
    found = table(page, "#kept")
    for row, columns in zip(found, cases.methods.values(), strict=True):
        if measure not in columns.measures:
            assert "no such measure" in row[1]
            continue
        certain = measure in ("pairwise_dice", "max_activation")
        uncertainty = [-v if certain else v for v in columns.measures[measure]]
        kept, sent = quality_of_kept(uncertainty, columns.scores[cases.quality.name], share / 100)
        assert row[1].startswith(f"{sent} of")
        assert float(row[2]) == pytest.approx(kept, rel=1e-3)
    assert page.run("document.querySelectorAll('#curve polyline').length") == sum(
        "of" in row[1] for row in found
    )
    assert page.complaints == []


def test_landmarks_are_drawn_where_they_are(opened, scored_tasks):
    page = opened("landmarks")
    case = page.run("document.getElementById('case').value")
    (source, _) = read_sources(scored_tasks["landmarks"])
    rows = list(csv.DictReader(io.StringIO((source.predictions / "landmarks.csv").read_text())))
    expected = [(float(row["x"]), float(row["y"])) for row in rows if row["case"] == case]
    dots = "[...document.querySelector('#panels svg').querySelectorAll('circle')].map((c) => [+c.getAttribute('cx'), +c.getAttribute('cy')])"
    np.testing.assert_allclose(page.run(dots), expected, atol=0.006)
    choose(page, "samples", True)
    assert page.run(f"{dots}.length") == len(expected) * 5  # four samples and their mean
    choose(page, "names", True)
    assert "sella" in page.run("document.querySelector('#panels svg').textContent")
    assert page.complaints == []


def test_classes_are_drawn_with_their_probabilities(opened, scored_tasks):
    page = opened("classification")
    case = page.run("document.getElementById('case').value")
    (source, _) = read_sources(scored_tasks["classification"])
    rows = csv.DictReader(io.StringIO((source.predictions / "predictions.csv").read_text()))
    (row,) = (row for row in rows if row["case"] == case)
    top = max(float(value) for name, value in row.items() if name.startswith("probability_"))
    shown = page.run(
        "[...document.querySelector('.bars').children].map((part) => part.textContent)"
    )
    assert shown[0] == row["label"]
    assert shown[2] == f"{100 * top:.1f} %"
    page.run("document.getElementById('next').click()")
    assert page.run("document.getElementById('case').selectedIndex") == 1
    assert page.complaints == []


def test_ten_thousand_cases_open_at_once(browser, tmp_path):
    rng, folders = np.random.default_rng(0), [tmp_path / method for method in ("vi", "ensemble")]
    for folder in folders:
        entropy = rng.uniform(0, 2, 10_000)
        right = (rng.uniform(0, 3, 10_000) > entropy).astype(int)
        cells = [
            (f"{i:05d}", "all", r, e) for i, (r, e) in enumerate(zip(right, entropy, strict=True))
        ]
        write_csv(
            folder / "cases.csv",
            [
                dict(zip(("case", "class", "accuracy", "predictive_entropy"), c, strict=True))
                for c in cells
            ],
        )
        write_json(folder / "summary.json", {"method": folder.name})
    write_page(folders, tmp_path / "report.html")
    started = time.perf_counter()
    browser.open(tmp_path / "report.html")
    browser.wait_for("document.querySelectorAll('#curve polyline').length == 2")
    assert (
        time.perf_counter() - started < 8
    )  # on a busy machine; a pass over all pairs of cases would take minutes
    assert len(table(browser, "#cases-body")) == 200
    assert "The first 200 of 10000" in browser.run(
        "document.getElementById('cases-note').textContent"
    )
    assert browser.complaints == []


@pytest.mark.slow
def test_forty_volumes_by_four_methods_open_at_once(browser, tmp_path):
    from tests.support.made import make_run, make_scores

    root = real("Task04_Hippocampus")
    data = {"classes": ["rest", "anterior", "posterior"], "split": {"train": 1}}
    run = make_run(tmp_path / "run", "segmentation", root, data=data)
    folders = [
        make_scores(run, method, noise=0.8, most=40)
        for method in ("hybrid", "ensemble", "mc-dropout", "vi")
    ]
    write_page(folders, tmp_path / "report.html", 40)
    started = time.perf_counter()
    browser.open(tmp_path / "report.html")
    browser.wait_for("document.querySelectorAll('#panels canvas').length == 4")
    seconds, size = time.perf_counter() - started, (tmp_path / "report.html").stat().st_size
    print(f"{size / 1e6:.1f} MB, {seconds:.2f} s until the first case is drawn")
    assert size < 15e6
    assert seconds < 2
    assert browser.complaints == []
