"""``tfuq report``: what the file holds, what it refuses, and that an installed tfuq can write it."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.conftest import assert_refused
from tests.support.made import enter_files, make_run, make_scores
from tfuq.data.json_csv import read_table
from tfuq.data.writers import write_csv
from tfuq.report.page.content import as_json
from tfuq.report.page.render import default_page, write_page
from tfuq.report.page.sources import read_sources
from tfuq.report.page.volumes import volume_view


class _Reader(HTMLParser):
    """Every tag that opens and closes, and every address."""

    VOID = {"meta", "input", "img", "br", "link", "hr"}

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.ids = [], [], []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        self.ids += [found["id"]] if "id" in found else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read_page(path: Path) -> tuple[str, dict, dict]:
    """The text, the numbers, and the pictures by case."""
    text = path.read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    pictures = re.findall(r'class="picture" data-case="(.*?)">(.*?)</script>', text, re.S)
    return text, data, {case: json.loads(picture) for case, picture in pictures}


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_one_file_holds_it_all(task, scored_tasks, tmp_path):
    out = tmp_path / "page.html"
    total, shown = write_page(scored_tasks[task], out, 12)
    text, data, pictures = read_page(out)
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert all(address.startswith(("data:image/", "#")) for address in reader.addresses)
    assert "url(" not in text.split("<body>")[0]
    assert len(pictures) == shown
    assert len(data["ids"]) == total
    assert list(data["methods"]) == ["hybrid", "deterministic"]
    for words in (
        "abababababababab",
        "training 11",
        "numpy 2",
        "risk coverage case",
        "made by the tests",
        "seed of the draws",
    ):
        assert words in text


NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def test_sets_of_named_classes_are_text(digits, tmp_path):
    run = make_run(tmp_path / "run", "classification", digits, data={"classes": list(NUMERALS)})
    folder = make_scores(run, "hybrid", most=5)
    table = run.predictions("hybrid") / "predictions.csv"
    rows = read_table(table, (), "")
    sets = ["seven", "one; two", "", "zero; nine", "three"]
    write_csv(table, [row | {"set_aps": chosen} for row, chosen in zip(rows, sets, strict=True)])
    write_page([folder], tmp_path / "page.html", 5)
    _, _, pictures = read_page(tmp_path / "page.html")
    assert len(pictures) == 5
    shown = pictures[rows[0]["case"]]["methods"]["hybrid"]
    assert shown["probabilities"] == [float(rows[0][f"probability_{name}"]) for name in NUMERALS]
    assert shown["label"] in NUMERALS


def test_text_where_a_number_belongs_is_refused(digits, tfuq, tmp_path):
    run = make_run(tmp_path / "run", "classification", digits)
    folder = make_scores(run, "hybrid", most=5)
    table = run.predictions("hybrid") / "predictions.csv"
    rows = read_table(table, (), "")
    for damage, words in (
        ({"probability_3": "much"}, "'much' is not a number"),
        ({"probability_3": ""}, "has an empty cell"),
    ):
        write_csv(table, [rows[0] | damage, *rows[1:]])
        assert_refused(tfuq("report", folder), "predictions.csv", words, "probability_3")
    cases = read_table(folder / "cases.csv", (), "")
    write_csv(folder / "cases.csv", [cases[0] | {"nll": "low"}, *cases[1:]])
    assert_refused(
        tfuq("report", folder),
        "cases.csv",
        "'low' is not a number for 'nll'",
        "run tfuq score again",
    )


def test_what_is_left_out_is_said(scored_tasks, tmp_path):
    write_page(scored_tasks["segmentation"], tmp_path / "page.html", 1)
    text, _, pictures = read_page(tmp_path / "page.html")
    assert len(pictures) == 1
    assert "Pictures of 1 of 6 cases are in this file" in text


def test_there_is_room_for_so_much(scored_tasks, tmp_path, monkeypatch):
    folders = scored_tasks["segmentation"]
    write_page(folders, tmp_path / "page.html", 6)
    _, _, pictures = read_page(tmp_path / "page.html")
    sources = read_sources(folders)
    alone = [len(as_json(volume_view(sources, case, 1))) for case in pictures]
    monkeypatch.setattr("tfuq.report.page.pictures.BUDGET", alone[0] + alone[1] + 100)
    write_page(folders, tmp_path / "page.html", 6)
    text, _, fewer = read_page(tmp_path / "page.html")
    assert list(fewer) == list(pictures)[:2]
    assert {len(view["slices"]) for view in fewer.values()} == {1}
    assert "Pictures of 2 of 6 cases" in text
    assert "no room for more" in text
    (size,) = re.findall(r"at most ([0-9.e-]+) MB of this file", text)
    assert float(size) == pytest.approx(10.5)


def test_further_tables_and_figures_appear_by_themselves(scored_tasks, tmp_path):
    folder = shutil.copytree(scored_tasks["segmentation"][0], tmp_path / "scores")
    write_csv(
        folder / "failure.csv",
        [{"measure": "pairwise_dice", "aurc": 0.1234567}, {"measure": "<b>", "aurc": 2.0}],
    )
    shutil.copy(
        folder / "figures" / "risk-coverage-case.png", folder / "figures" / "reliability.png"
    )
    enter_files(folder)
    write_page([folder], tmp_path / "page.html", 4)
    text, _, pictures = read_page(tmp_path / "page.html")
    assert "<caption>failure</caption>" in text
    assert "0.123457" in text
    assert "&lt;b&gt;" in text
    assert "<figcaption>reliability</figcaption>" in text
    assert not pictures  # the predictions are not beside the copy
    assert "No case is shown" in text


def test_a_case_whose_files_are_damaged_is_named(scored_tasks, balls, tmp_path):
    run = make_run(tmp_path / "run", "segmentation", balls)
    folder = make_scores(run, "hybrid", most=3)
    (run.predictions("hybrid") / "ball_001" / "label.nii.gz").write_bytes(b"none")
    write_page([folder], tmp_path / "page.html", 4)
    text, _, pictures = read_page(tmp_path / "page.html")
    assert set(pictures) == {"ball_000", "ball_002"}
    assert "Case ball_001 is not shown" in text


def test_damaged_files_of_scores_are_refused(scored_tasks, tfuq, tmp_path):
    folder = shutil.copytree(scored_tasks["classification"][0], tmp_path / "scores")
    picture = folder / "figures" / "risk-coverage-case.png"
    whole = picture.read_bytes()
    picture.write_bytes(b"no picture")
    assert_refused(tfuq("report", folder), "risk-coverage-case.png", "not a readable picture")
    picture.write_bytes(whole)
    (folder / "failure.csv").write_text("")
    assert_refused(tfuq("report", folder), "failure.csv", "run tfuq score again")
    (folder / "failure.csv").write_text("a,b\n1,2,3\n")
    assert_refused(tfuq("report", folder), "failure.csv", "does not fit its header")


def test_default_place(tmp_path):
    assert default_page([tmp_path / "scores"]) == tmp_path / "scores" / "report.html"
    assert (
        default_page([tmp_path / "a" / "x", tmp_path / "a" / "y"]) == tmp_path / "a" / "report.html"
    )


def test_refusals(scored_tasks, tfuq, tmp_path):
    segmentation, classification = (
        scored_tasks["segmentation"][0],
        scored_tasks["classification"][0],
    )
    neither = "neither scores nor predictions; give a folder that tfuq score or tfuq predict wrote"
    assert_refused(tfuq("report", tmp_path), neither)
    assert_refused(
        tfuq("report", segmentation, segmentation, "--out", tmp_path / "r.html"), "given twice"
    )
    assert_refused(
        tfuq("report", segmentation, classification, "--out", tmp_path / "r.html"),
        "one task at a time",
    )
    assert_refused(tfuq("report", segmentation, "--out", tmp_path), "is a folder")
    (tmp_path / "mine.html").write_text("my own page")
    assert_refused(
        tfuq("report", segmentation, "--out", tmp_path / "mine.html"), "not written by tfuq"
    )
    assert (tmp_path / "mine.html").read_text() == "my own page"
    copy = shutil.copytree(segmentation, tmp_path / "copy")
    (copy / "summary.json").write_text('{"method": "vi", "scores": {"all": {"dice": "high"}}}')
    assert_refused(
        tfuq("report", copy, "--out", tmp_path / "r.html"), "summary.json", "run tfuq score again"
    )
    (copy / "summary.json").write_text('{"method": "vi"}')
    (copy / "cases.csv").write_text("case,class,dice\nball_000,all,0.5")
    assert_refused(
        tfuq("report", copy, "--out", tmp_path / "r.html"), "cases.csv", "ends within a line"
    )
    (copy / "cases.csv").write_text("case,class\nball_000,all\n")
    assert_refused(tfuq("report", copy, "--out", tmp_path / "r.html"), "scores of no case")
    (copy / "cases.csv").write_text("case,class,dice\nball_000,all,\n")
    assert_refused(tfuq("report", copy, "--out", tmp_path / "r.html"), "no case has any of dice")
    assert not (tmp_path / "r.html").exists()
    assert tfuq("report").exit_code == 2


@pytest.mark.parametrize("command", ["compare", "report"])
def test_runs_of_different_data_are_refused(command, scored_tasks, balls, tfuq, tmp_path):
    from tests.conftest import write_decathlon

    other = write_decathlon(
        tmp_path / "other", cases=7
    )  # the same names; from the second on, other balls
    for path in (other / "labelsTr").iterdir():
        if path.name != "ball_000.nii.gz":
            shutil.copy(other / "labelsTr" / "ball_000.nii.gz", path)
    foreign = make_scores(make_run(tmp_path / "run", "segmentation", other), "vi", most=3)
    arguments = () if command == "compare" else ("--out", tmp_path / "r.html")
    result = tfuq(command, scored_tasks["segmentation"][0], foreign, *arguments)
    assert_refused(result, "ball_001", "another reference", "same data")
    assert not (tmp_path / "r.html").exists()


def test_an_installed_tfuq_has_the_page(tmp_path):
    root = Path(__file__).parents[4]
    folders = ("tfuq", "cli", "configs", "models")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", *folders):
        source = root / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    build = [
        sys.executable,
        "-c",
        "import setuptools; setuptools.setup()",
        "-q",
        "sdist",
        "build_py",
        "--build-lib",
        "built",
    ]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    assets = {"page.html.j2", "page.css", "print.css", "page.js", "viewer.js", "gallery.js"}
    assert assets <= {
        path.name for path in (tmp_path / "built" / "tfuq" / "report" / "page").iterdir()
    }
    with tarfile.open(next((tmp_path / "dist").glob("*.tar.gz"))) as archive:
        assert assets <= {Path(name).name for name in archive.getnames() if "/report/page/" in name}
