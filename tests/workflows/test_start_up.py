"""Commands that compute nothing import no library that takes long to import."""

import subprocess
import sys

import pytest

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


@pytest.mark.parametrize("what", ["help", "list"])
def test_nothing_slow_is_imported(what):

    command = [sys.executable, "-c", _RUN, what, *SLOW_LIBRARIES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert ("hippocampus" if what == "list" else "Usage:") in answer.stdout
