"""What is installed: every package of the source tree, and every library that it imports."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from setuptools import find_packages

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("tfuq/**/*.py"), *ROOT.glob("cli/**/*.py")])
OWN = {"tfuq", "tfuq_cli", "tfuq_configs", "tfuq_models"}


def imported_by(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        yield from imported_by_statement(node)


def imported_by_statement(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(section: str, name: str) -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup[section][name].split()
    return {normalized(re.match(r"[\w.-]+", line)[0]) for line in lines}


def imported_at_once(path: Path) -> Iterator[str]:
    """The top-level names that a file imports when it is imported itself."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        yield from imported_by_statement(node)


def test_what_is_imported_is_required():
    providers = packages_distributions()
    required = distributions("options", "install_requires")
    extra = distributions("options.extras_require", "dicom")
    extra |= distributions("options.extras_require", "cluster")
    at_once, libraries = set(), set()
    for path in SOURCES:
        at_once.update(imported_at_once(path))
        libraries.update(imported_by(path))
    libraries -= OWN | set(sys.stdlib_module_names)
    assert {"numpy", "highdicom"} <= libraries
    for library in sorted(libraries):
        names = set(map(normalized, providers[library]))
        allowed = required if library in at_once else required | extra
        assert names & allowed, f"{library} is imported and not required"


@pytest.mark.parametrize("package", sorted(OWN))
def test_every_folder_of_code_is_a_package(package):
    """A folder without ``__init__.py`` would be left out of what is installed."""
    folder = package
    if package != "tfuq":
        folder = package.removeprefix("tfuq_")
    names = {package}
    if package == "tfuq":
        names |= {f"tfuq.{name}" for name in find_packages(str(ROOT / "tfuq"))}
    folders = {path.parent for path in (ROOT / folder).rglob("*.py")}
    assert len(names) == len(folders)


UNIX_ALONE = {"fcntl", "grp", "pwd", "resource", "termios"}
# Names of `os` that Windows has not, as far as a program of files and processes would use them.
OF_UNIX_ALONE = {
    "O_ACCMODE", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "fchmod", "fork", "getloadavg", "getuid",
    "killpg", "mkfifo", "nice", "pread", "pwrite", "sched_getaffinity", "setsid", "statvfs", "sysconf", "uname", "wait",
}  # fmt: skip


def test_no_module_of_unix_alone_is_imported_with_another():
    """A function may import one where it is needed; then the rest of the module works elsewhere."""
    found = {str(path): UNIX_ALONE.intersection(imported_at_once(path)) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == {}


def names_of_os(tree: ast.Module) -> set[str]:
    """The names of `os` that a file uses without having asked ``hasattr`` for them."""
    used = set()
    asked = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            used.add(node.attr)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hasattr":
            asked.add(ast.literal_eval(node.args[1]))
    return used - asked


def test_no_name_of_os_is_used_that_windows_lacks():
    found = {}
    for path in SOURCES:
        names = names_of_os(ast.parse(path.read_text(encoding="utf-8"))) & OF_UNIX_ALONE
        if names:
            found[str(path)] = names
    assert found == {}


def test_a_name_that_windows_lacks_would_be_found():
    assert "fork" in names_of_os(ast.parse("os.fork()"))
    asked = "if hasattr(os, 'sched_getaffinity'):\n    os.sched_getaffinity(0)"
    assert "sched_getaffinity" not in names_of_os(ast.parse(asked))
