"""Every error that the code can raise leads to a section of the page Troubleshooting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documentation import page
from tests.support.reading_ease import ROOT
from tfuq import config, errors
from tfuq.data import readers
from tfuq_cli import sections
from tfuq_cli.sections import OF_MODULES, section_of, section_of_module

_ROOMS = {"tfuq": ROOT / "tfuq", "tfuq_cli": ROOT / "cli"}
_NOT_OF_A_MODULE = {"stopped", "what-you-see"}  # headings that no error leads to


def anchors() -> set[str]:
    """The anchors of the page's sections, as MyST makes them."""
    headings = re.findall(r"^## (.+)$", page("troubleshooting.md"), re.MULTILINE)
    return {heading.lower().replace(",", "").replace(" ", "-") for heading in headings}


def kinds_of_errors() -> set[str]:
    """The names of what raises: the classes of errors, and functions that make one."""
    names = {"missing_file", errors.TfuqError.__name__}
    waiting = [errors.TfuqError]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            names.add(kind.__name__)
            waiting.append(kind)
    return names


def raising_modules() -> Iterator[str]:
    """The modules that make an error which a user can mend."""
    kinds = kinds_of_errors()
    for package, folder in _ROOMS.items():
        for path in sorted(folder.rglob("*.py")):
            calls = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
            if any(getattr(call.func, "id", "") in kinds for call in calls):
                parts = path.relative_to(folder).with_suffix("").parts
                yield ".".join([package, *parts]).removesuffix(".__init__")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


MODULES = [name for name in raising_modules() if name != errors.__name__]


def test_the_modules_that_raise_are_found():
    assert len(MODULES) > 150
    assert {"tfuq.config.loading", "tfuq.data.layouts", "tfuq_cli.planned"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_that_raises_has_its_section(module):
    assert section_of_module(module) in anchors()


def test_a_module_without_a_section_would_be_noticed():
    assert section_of_module("tfuq.data.newly") is None
    assert section_of_module("json.decoder") is None
    assert section_of_module("tfuq.sampling.newly") == "methods-and-options"


def test_every_module_with_a_section_is_there():
    for name in OF_MODULES:
        package, _, rest = name.partition(".")
        path = _ROOMS[package].joinpath(*rest.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_every_section_is_led_to():
    led_to = {*OF_MODULES.values(), sections.MEMORY, sections.SYSTEM, sections.UNEXPECTED}
    assert led_to | _NOT_OF_A_MODULE == anchors()


def test_the_overview_has_every_section():
    text = page("troubleshooting.md").partition("\n## Configuration")[0]
    linked = set(re.findall(r"\(#([a-z-]+)\)", text))
    assert anchors() - linked <= {"what-you-see", "a-case-could-not-be-predicted"}


def raised(act) -> BaseException:
    """The error that a function raises."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        act()
    return caught.value


def test_an_error_leads_to_where_it_was_raised(tmp_path):
    absent = tmp_path / "absent.nii.gz"
    assert section_of(raised(lambda: readers.read(absent))) == "files"
    assert section_of(raised(lambda: config.load("absent", []))) == "configuration"
    wrong = raised(lambda: readers.read(tmp_path / "notes.txt"))
    assert section_of(wrong) == "files"


def test_an_error_of_an_error_leads_to_the_first(tmp_path):
    def act():
        try:
            config.load("absent", [])
        except errors.TfuqError as error:
            raise errors.RunError("cell 3: it failed") from error

    assert section_of(raised(act)) == "configuration"


@pytest.mark.parametrize(
    ("error", "section"),
    [
        (MemoryError(), "memory"),
        (OSError("full"), "disk-and-system"),
        (ZeroDivisionError(), "unexpected-errors"),
        (errors.DataError("raised by nobody"), "unexpected-errors"),
    ],
)
def test_errors_of_the_system_have_sections_too(error, section):
    assert section_of(error) == section


def test_the_command_names_the_section_where_it_is_asked_to(tfuq, tmp_path):
    refused = tfuq("-v", "predict", tmp_path / "absent")
    assert refused.exit_code == 2
    assert "troubleshooting.html#run-folders" in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("tfuq: ")
    brief = tfuq("predict", tmp_path / "absent")
    assert "troubleshooting" not in brief.stderr
    assert len(brief.stderr.splitlines()) == 1
