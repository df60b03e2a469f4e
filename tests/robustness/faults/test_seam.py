"""Nothing but `tfuq.data.disk` changes files: what a fault of the file system does is tested there for all of tfuq."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tfuq
import tfuq_cli

ROOTS = {"tfuq": Path(tfuq.__file__).parent, "cli": Path(tfuq_cli.__file__).parent}
SEAM = "tfuq/data/disk.py"
# Functions of modules, and methods of paths and other objects, that change or lock files.
MODULES = ("shutil", "tempfile", "fcntl", "filelock")
OF_OS = {
    "chmod", "chown", "fdopen", "fsync", "ftruncate", "lchown", "link", "makedirs", "mkdir", "mkfifo", "mknod", "open",
    "pwrite", "remove", "removedirs", "rename", "renames", "replace", "rmdir", "sendfile", "symlink", "truncate", "unlink",
    "utime", "write", "writev",
}  # fmt: skip
METHODS = {
    "chmod", "hardlink_to", "mkdir", "rename", "rmdir", "symlink_to", "to_csv", "to_filename", "tofile", "touch", "unlink",
    "write_bytes", "write_text",
}  # fmt: skip
SAVERS = {
    "TFRecordWriter",
    "create_file_writer",
    "save",
    "savefig",
    "savetxt",
    "savez",
    "savez_compressed",
}
# Where such a name is used all the same, and why that is no way around the seam.
EXCEPTIONS = {
    (
        "tfuq/serving/exporting.py",
        "tf.saved_model.save",
    ): "TensorFlow writes into a folder that has no name yet",
    (
        "tfuq/workflows/dry_run.py",
        "tempfile.TemporaryDirectory",
    ): "a phantom of a rehearsal, in the system's own place",
    (
        "tfuq/workflows/pack/__init__.py",
        "tempfile.TemporaryDirectory",
    ): "predictions of a run before it is packed, in the system's own place",
    (
        "tfuq/data/readers/dicom/pixels.py",
        "tempfile.TemporaryDirectory",
    ): "pixels that GDCM expands, in the system's own place",
    (
        "tfuq/prediction/spool.py",
        "tempfile.TemporaryDirectory",
    ): "statistics larger than memory, in the system's own place",
    (
        "tfuq/prediction/spool.py",
        "tempfile.gettempdir",
    ): "it changes nothing",
    (
        "tfuq/prediction/large.py",
        "tempfile.gettempdir",
    ): "it changes nothing",
    ("tfuq/data/sets/stores.py", "shutil.disk_usage"): "it changes nothing",
    ("tfuq/data/readers/quiet.py", "os.open"): "the system's own /dev/null",
    ("tfuq/data/phantoms/cephalogram.py", "Image.fromarray(phantom.image).save"): "into memory",
    ("tfuq/measures/sample_masks.py", "np.savez_compressed"): "into a stream of the seam",
    (
        "tfuq/workflows/review/export.py",
        "Image.fromarray(values.astype(np.uint8)).save",
    ): "into memory",
    ("tfuq/report/page/sheets.py", "image.save"): "into memory",
    ("tfuq/workflows/view/pictures.py", "Image.fromarray(shown).save"): "into memory",
    ("cli/view.py", "webbrowser.open"): "starts a browser",
    ("tfuq/workflows/shift/stored.py", "np.savez_compressed"): "into memory",
    ("tfuq/networks/weights.py", "np.savez"): "into memory",
    ("tfuq/workflows/calibrate/slices.py", "np.savez"): "into memory",
    ("tfuq/config/text.py", "yaml.dump"): "into memory",
    ("cli/options.py", "formatter.write_text"): "click's, of the help text",
}


def changes_in(source: str) -> Iterator[str]:
    """The calls by which a module could change files by itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _changes(node):
            yield ast.unparse(node.func)
        if isinstance(node, ast.ImportFrom) and node.module in ("os", *MODULES):
            yield from (
                f"{node.module}.{name.name}"
                for name in node.names
                if name.name in OF_OS or node.module != "os"
            )


def _changes(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and not _reads(call.args[1:2], call)
    if not isinstance(function, ast.Attribute):
        return False
    owner, name = ast.unparse(function.value), function.attr
    if owner in MODULES or (owner == "os" and name in OF_OS):
        return True
    if owner == "disk":
        return False
    if name == "open":
        return owner not in ("Image", "archive") and not _reads(
            call.args[1:2] if owner == "gzip" else call.args[:1], call
        )
    if name == "replace":  # of a path; of a text it has two arguments
        return len(call.args) == 1 and not call.keywords
    return name in METHODS | SAVERS or (name == "dump" and owner in ("json", "pickle", "yaml"))


def _reads(positional: list[ast.expr], call: ast.Call) -> bool:
    """Whether a mode, by position or by name, is to read."""
    modes = [*positional, *(each.value for each in call.keywords if each.arg == "mode")]
    return all(isinstance(mode, ast.Constant) and mode.value in ("r", "rb", "rt") for mode in modes)


def found_in(roots: dict[str, Path]) -> set[tuple[str, str]]:
    sources = [
        (path, f"{name}/{path.relative_to(root)}")
        for name, root in roots.items()
        for path in root.rglob("*.py")
    ]
    return {
        (name, call)
        for path, name in sources
        if name != SEAM
        for call in changes_in(path.read_text())
    }


def test_nothing_else_changes_files():
    assert found_in(ROOTS) == set(EXCEPTIONS)


def test_every_way_to_change_files_is_seen(tmp_path):
    ways = [
        "os.replace(a, b)", "os.open(a, os.O_WRONLY)", "shutil.rmtree(a)", "open(a, 'w')", "open(a, mode='ab')", "open(a, mode)",
        "path.open('wb')", "path.write_text('')", "path.replace(b)", "path.unlink()", "fcntl.flock(a, b)", "np.savez(a, b)",
        "gzip.open(a, 'wb')", "json.dump(a, b)", "figure.savefig(a)", "from shutil import rmtree", "from os import rename",
    ]  # fmt: skip
    assert [way for way in ways if not list(changes_in(way))] == []
    others = [
        "open(a)",
        "path.open('rb')",
        "open(a, 'r')",
        "text.replace('a', 'b')",
        "gzip.open(a)",
        "os.path.join(a, b)",
    ]
    assert [other for other in others if list(changes_in(other))] == []
