"""Commands import no library that takes long to import and that they do not need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tfuq_cli

# NumPy takes a tenth of a second, as long as all else of these commands.
SLOW_LIBRARIES = (
    "numpy",
    "tensorflow",
    "tf_keras",
    "sklearn",
    "scipy",
    "nibabel",
    "pydicom",
    "matplotlib",
)
_RUN = """
import sys
from tfuq_cli.data import command as data
from tfuq_cli.main import COMMANDS, main
# The help of shift says what each perturbation does, which NumPy computes.
names = [name for name in COMMANDS if name != "shift"]
helps = [[name, "--help"] for name in names] + [["data", name, "--help"] for name in data.commands]
for arguments in {"help": [["--help"], *helps], "list": [["data", "list"]]}[sys.argv[1]]:
    main(arguments, standalone_mode=False)
    imported = [name for name in sys.argv[2:] if name in sys.modules]
    assert not imported, f"tfuq {' '.join(arguments)} imports {imported}"
"""

# What a prediction of scans by a network with point weights does without.
UNNEEDED = (
    "keras",
    "matplotlib",
    "pandas",
    "pydicom",
    "scipy.optimize",
    "scipy.stats",
    "sklearn",
    "tensorflow_probability",
)
_PREDICT = """
import sys
from tfuq_cli.main import main
main(["predict", "--help"], standalone_mode=False)
from tfuq import prediction
from tfuq.config.loading import load
from tfuq.sampling.members import build_member, windowed
config = load("hippocampus")
windowed(config, build_member(config, channels=1), keep=1)
imported = [name for name in sys.argv[1:] if name in sys.modules]
assert not imported, f"tfuq predict imports {imported}"
"""

_SCORE = """
import sys
from tfuq_cli.progress import without_pydicom
with without_pydicom():
    from tfuq.scoring import evaluation
assert "nibabel" in sys.modules and "pydicom" not in sys.modules
import pydicom
"""


@pytest.mark.parametrize("what", ["help", "list"])
def test_nothing_slow_is_imported(what):

    command = [sys.executable, "-c", _RUN, what, *SLOW_LIBRARIES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert ("hippocampus" if what == "list" else "Usage:") in answer.stdout


@pytest.mark.slow
def test_a_prediction_of_scans_imports_what_it_needs():
    command = [sys.executable, "-c", _PREDICT, *UNNEEDED]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]


def test_a_scoring_imports_pydicom_only_where_it_is_used():
    answer = subprocess.run(
        [sys.executable, "-c", _SCORE], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr[-2000:]


@pytest.mark.parametrize("command", ["calibrate", "predict", "query", "review", "shift"])
def test_what_imports_tensorflow_first_is_quiet(command):
    """The first import of the prediction stands in ``quiet_import``, which hides TensorFlow's log."""
    tree = ast.parse((Path(tfuq_cli.__file__).parent / f"{command}.py").read_text())
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    quiet = []
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and "quiet_import" in ast.unparse(node.items[0]):
            quiet += [ast.unparse(statement) for statement in node.body]
    assert "from tfuq import prediction" in imports
    assert "from tfuq import prediction" in quiet
