"""The recipes of containers: they lint, and what they name is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from release.contents import problems_of

from tfuq_cli.main import main

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SOURCES = {
    "setup.cfg",
    "setup.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "tfuq",
    "cli",
    "configs",
    "models",
}
COMMANDS = set(main.list_commands(click.Context(main)))


def test_the_dockerfile_lints():
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint has no package for this system")
    answer = subprocess.run(
        [hadolint, "Dockerfile"], cwd=DEPLOY, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout


def schema_findings(path: Path) -> str:
    """What the published schema of compose files says of one; empty where it fits."""
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.compose-spec", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout


def test_the_compose_file_fits_its_schema(tmp_path):
    assert schema_findings(DEPLOY / "compose.yaml") == ""
    text = (DEPLOY / "compose.yaml").read_text()
    (tmp_path / "misspelt.yaml").write_text(text.replace("read_only:", "readonly:"))
    assert "'readonly' was unexpected" in schema_findings(tmp_path / "misspelt.yaml")


def test_images_take_the_same_sources():
    docker = (DEPLOY / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (.+) /opt/tfuq/\S*$", docker, re.MULTILINE)
    assert {name for line in copied for name in line.split()} == SOURCES
    apptainer = (DEPLOY / "tfuq.def").read_text()
    assert set(re.findall(r"^    (\S+) /opt/tfuq/\1$", apptainer, re.MULTILINE)) == SOURCES
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text()
    assert set(re.findall(r"^!(\S+)$", ignored, re.MULTILINE)) == SOURCES
    assert all((ROOT / name).exists() for name in SOURCES)


@pytest.mark.slow
def test_what_images_take_makes_the_wheel_that_users_install(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source)
    code = "from setuptools import build_meta; build_meta.build_wheel('..')"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert problems_of(wheel) == []


def test_the_recipe_of_apptainer_has_each_section_once():
    text = (DEPLOY / "tfuq.def").read_text()
    sections = re.findall(r"^%(\w+)", text, re.MULTILINE)
    assert sections == ["arguments", "files", "post", "runscript", "test"]
    assert re.search(r"^Bootstrap: docker\nFrom: python:", text, re.MULTILINE)
    # What is named in braces has a default among the arguments.
    assert set(re.findall(r"\{\{ (\w+) \}\}", text)) == set(re.findall(r"^    (\w+)=", text, re.M))


def test_extras_of_the_recipes_are_there():
    setup = (ROOT / "setup.cfg").read_text()
    for name in ("Dockerfile", "tfuq.def"):
        for extras in re.findall(r"EXTRAS=([\w,]+)", (DEPLOY / name).read_text()):
            for extra in extras.split(","):
                assert re.search(rf"^{extra} =$", setup, re.MULTILINE), extra


def test_the_compose_file_serves_to_this_machine_alone():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"serving", "check"}
    ports = [port.split(":") for port in services["serving"]["ports"]]
    assert ports == [["127.0.0.1", "8500", "8500"], ["127.0.0.1", "8501", "8501"]]
    for service in services.values():
        assert all(volume.endswith(":ro") for volume in service["volumes"])
    build = services["check"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert services["check"]["command"].split()[0] in COMMANDS


@pytest.mark.parametrize("name", ["Dockerfile", "tfuq.def"])
def test_commands_of_the_recipes_are_commands(name):
    said = re.findall(
        r"(?:/work\" tfuq|tfuq:gpu|\.sif) ([a-z-]+) [a-z]", (DEPLOY / name).read_text()
    )
    assert set(said) <= COMMANDS
    assert "train" in said
