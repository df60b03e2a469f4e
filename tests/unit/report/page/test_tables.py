"""Tables and figures as they lie in score folders."""

import json
import struct
import zlib

import pytest
from PIL import Image

from tests.support.score_folders import scores
from tfuq.data.writers import write_csv, write_json
from tfuq.errors import RunError
from tfuq.report.page.sources import Scored
from tfuq.report.page.tables import figures_of, readable_name, tables_of


@pytest.fixture
def folder(tmp_path):
    return scores(tmp_path, "vi", [0.5])


def test_nested_numbers_of_the_summary_are_flat_rows(folder):
    spread = {"liver": {"share": 0.123456, "n": 3, "by": {"half": {"share": None}}}}
    write_json(folder / "summary.json", {"method": "vi", "seed": 5, "volume_spread": spread})
    (table,) = tables_of(Scored(name="vi", folder=folder))
    assert table.title == "volume spread"
    assert table.columns == ["of", "share", "n"]
    assert table.rows == [["liver", "0.1235", "3"], ["liver, by, half", "", ""]]


def test_what_a_table_has_the_summary_does_not_repeat(folder):
    rows = [{"measure": "variance", "aurc": 0.5, "level": "case"}]
    write_csv(folder / "failure.csv", rows)
    detection = {"case": [{"measure": "variance", "aurc": 0.5}]}
    write_json(folder / "summary.json", {"method": "vi", "failure_detection": detection})
    assert [table.title for table in tables_of(Scored(name="vi", folder=folder))] == ["failure"]


def test_long_tables_end_and_say_how_much_is_left_out(folder):
    write_csv(folder / "components.csv", [{"case": k} for k in range(403)])
    (table,) = tables_of(Scored(name="vi", folder=folder))
    assert (len(table.rows), table.left_out, table.rows[-1]) == (400, 3, ["399"])


def test_figures_of_single_cases_are_left_out(folder):
    (folder / "figures").mkdir()
    for name in ("case-a", "risk-coverage-case"):
        Image.new("RGB", (4, 3)).save(folder / "figures" / f"{name}.png")
    ((title, address),) = figures_of(Scored(name="vi", folder=folder))
    assert title == "risk coverage case" == readable_name("risk-coverage_case")
    assert address.startswith("data:image/png;base64,")


def test_a_picture_of_another_kind_is_refused(folder):
    (folder / "figures").mkdir()
    Image.new("RGB", (4, 3)).save(folder / "figures" / "a.png", format="BMP")
    with pytest.raises(RunError, match=r"a.png: not a readable picture"):
        figures_of(Scored(name="vi", folder=folder))


def scored(folder, **summary):
    (folder / "summary.json").write_text(json.dumps({"method": "vi"} | summary))
    (folder / "figures").mkdir()
    return Scored(name="vi", folder=folder)


def test_a_picture_that_inflates_is_not_read(tmp_path):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c))
        for kind, c in chunks
    ]
    source = scored(tmp_path)
    (tmp_path / "figures" / "figure.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(RunError, match=r"figure.png: not a readable picture"):
        figures_of(source)
