"""What a release is made of: one version, bounds of what it needs, and all that it reads."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from release.contents import PACKAGES, SOURCES, expected, problems_of, problems_of_wheel
from release.lowest import bounds, constraints, requirements
from release.sizes import RemoteFile, opened, sizes

import tfuq

ROOT = Path(__file__).parents[2]
EXTRAS = ("cluster", "dicom", "docs", "gpu", "test")
REQUIREMENTS = requirements(*EXTRAS)


def setup_cfg() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return setup


def test_the_version_is_said_in_one_place():
    assert setup_cfg()["metadata"]["version"] == "attr: tfuq.__version__"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == tfuq.__version__
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.search(r"^## \[(.+)\] - (.+)$", log, re.MULTILINE)
    assert released, "CHANGELOG.md has no released version"
    assert released[1] == tfuq.__version__
    assert date.fromisoformat(released[2]) == citation["date-released"]


def test_the_citation_fits_its_schema():
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.citation-file-format", "CITATION.cff"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_has_bounds_that_hold_what_is_installed(requirement):
    """Those of extras that are not installed have bounds too."""
    name, lowest, limit = bounds(requirement)
    assert limit, f"{requirement} has no upper bound"
    assert Version(lowest) < Version(limit)
    try:
        installed = version(name)
    except ModuleNotFoundError:
        return
    assert Requirement(requirement).specifier.contains(installed)


def test_a_requirement_without_a_lower_bound_is_refused():
    with pytest.raises(ValueError, match="'numpy<3': expected NAME>=LOWEST"):
        bounds("numpy<3")
    assert bounds("tensorflow[and-cuda]>=2.21,<2.22") == ("tensorflow", "2.21", "2.22")


def test_constraints_are_the_lower_bounds():
    lines = constraints("dicom").splitlines()
    assert len(lines) == len(set(lines)) == len(requirements("dicom"))
    assert "numpy==2.0" in lines
    assert any(line.startswith("highdicom==") for line in lines)


def test_package_data_names_every_file_that_is_no_code():
    patterns = setup_cfg()["options.package_data"]
    named = set()
    for package, text in patterns.items():
        first, _, rest = package.partition(".")
        folder = ROOT / PACKAGES[first] / rest.replace(".", "/")
        for pattern in text.split(","):
            named.update(path.relative_to(ROOT).as_posix() for path in folder.glob(pattern.strip()))
    files = {path for path in expected(ROOT).values() if not path.endswith(".py")}
    assert {"models/hippocampus/members/0/weights.npz", "tfuq/py.typed"} <= files
    assert {"configs/head.yaml", "tfuq/report/page/page.html.j2"} <= files
    assert files <= named


def test_what_is_missing_or_too_much_is_named():
    names = set(expected(ROOT)) | {"tfuq-0.dist-info/METADATA"}
    assert problems_of_wheel(names) == []
    changed = names - {"tfuq/py.typed"} | {"tests/conftest.py"}
    assert problems_of_wheel(changed) == ["missing: tfuq/py.typed", "too much: tests/conftest.py"]


def test_of_a_wheel_on_a_server_only_the_list_of_files_is_fetched(tmp_path):
    path = tmp_path / "package.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for index in range(3):
            wheel.writestr(f"{index}.bin", bytes([index]) * 200_000)
    content = path.read_bytes()
    fetched = []

    def fetch(first: int, last: int) -> bytes:
        fetched.append(last - first + 1)
        return content[first : last + 1]

    assert sizes(RemoteFile(len(content), fetch)) == (len(content), 600_000)
    assert sum(fetched) < 100_000
    assert sizes(opened(path.as_uri())) == (len(content), 600_000)


def test_a_python_that_is_not_here_is_named_and_none_is_refused(tmp_path):
    command = ["bash", "release/try_wheel.sh", "tfuq.whl", str(tmp_path / "tried"), "python3.99"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stdout == "python3.99: not here\n"
    assert "none of the Pythons is here" in answer.stderr


@pytest.mark.slow
def test_a_wheel_and_the_sources_have_all_that_is_read_and_no_more(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in (*PACKAGES.values(), "tests", "docs"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SOURCES - {"PKG-INFO"}:
        shutil.copy(ROOT / name, source)
    code = "from setuptools import build_meta as b; b.build_wheel('..'); b.build_sdist('..')"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob(f"tfuq-{tfuq.__version__}-*.whl")
    assert problems_of(wheel) == []
    assert problems_of(tmp_path / f"tfuq-{tfuq.__version__}.tar.gz") == []
