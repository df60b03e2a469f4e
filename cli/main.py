"""The ``tfuq`` command.

It is a group that imports the file of a command only when the command is called. So help is
instant.
"""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys
import traceback
import warnings
from typing import Any, NoReturn

import click

from tfuq.errors import TfuqError, printable
from tfuq_cli.log import library_lines

COMMANDS = {
    "demo": "Tour: a model on a real scan; five methods trained and compared.",
    "data": "List and check data sets; make phantoms.",
    "init": "Look at a folder of data; write a configuration for it.",
    "plan": "Fill a configuration by its data: network, patches, training.",
    "train": "Train a run: one network, an ensemble, or variational weights.",
    "models": "List the models that come with tfuq; pack a run as one.",
    "predict": "Draw samples for scans; write labels, probabilities, uncertainty maps.",
    "calibrate": (
        "Fit temperature and conformal thresholds on cases set aside, for predict --calibrated."
    ),
    "review": "Say which scans a human should look at, without references.",
    "view": "Look at predicted cases in the browser, and decide on them.",
    "query": "Say which images of an unlabelled pool to annotate next.",
    "score": "Score predictions against references.",
    "plot": "Plot a slice of a case: image, labels, probabilities, maps, methods side by side.",
    "dose": "Tell doses of predicted structures over their samples; no references needed.",
    "compare": "Set methods side by side.",
    "doctor": "Look for what goes wrong in a run.",
    "report": "Write one HTML file with scores, cases and figures.",
    "shift": "Perturb the test split by degrees; see whether uncertainty rises.",
    "export": "Write a run as a model for TensorFlow Serving, the sampling inside.",
    "serve-check": "Load an export as the server does; compare it with predict.",
    "study": "Run a grid over keys of a configuration; one table of them all.",
    "slurm": "Print or submit a command as a job array of Slurm.",
}
_OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError)
_INTERRUPTED = 130  # as a shell has it of a process that SIGINT ended
_LIBRARIES = ("tensorflow", "absl")
# What libraries do when they are imported, and no command needs: Pydantic looks through packages
# for plugins; TensorFlow imports Keras 3 too, and with it scikit-learn and Matplotlib.
_SPARED = {"PYDANTIC_DISABLE_PLUGINS": "true", "TF_USE_LEGACY_KERAS": "1"}


class LazyGroup(click.Group):
    """Commands by name.

    Every error ends in one line. The exit code is 2 where the user can mend it, and 1 where it is a
    fault of tfuq.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import a command; None where there is none of this name."""
        if name not in COMMANDS:
            return None
        if "tensorflow" not in sys.modules:  # else it has chosen its Keras already
            for variable, value in _SPARED.items():
                os.environ.setdefault(variable, value)
        module = name.replace("-", "_")
        return importlib.import_module(f"tfuq_cli.{module}").command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, context: click.Context) -> Any:
        """Run a command, and end with a line where it fails."""
        try:
            return super().invoke(context)
        except _OF_CLICK:
            raise
        except MemoryError as error:
            advice = "lower training.batch_size or network.patch_size, or --batch of tfuq predict"
            _exit(context, 2, f"memory is full ({error}); {advice}")
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader of a pipe has gone; click ends quietly
            _exit(context, 2, _described(error))
        except KeyboardInterrupt:
            click.echo(
                "tfuq: stopped; to go on, run the same command again (train: with --resume)",
                err=True,
            )
            sys.exit(_INTERRUPTED)
        except TfuqError as error:
            _exit(context, 2, str(error))
        except Exception as error:
            message = " ".join(f"{type(error).__name__}: {error}".split())
            _exit(
                context,
                1,
                f"unexpected error, which is tfuq's fault: {message}; run tfuq -v … for the "
                "traceback, and report it",
            )


def _described(error: OSError) -> str:
    advice = "free space, or mend its permissions"
    if error.errno == errno.ENAMETOOLONG:
        advice = "shorten it"
    return f"{error.filename or 'system'}: {error.strerror or error}; {advice}"


def _exit(context: click.Context, code: int, message: str) -> NoReturn:
    if context.params.get("verbose"):
        traceback.print_exc()
        click.echo(f"tfuq: the documentation tells more: {_page()}", err=True)
    click.echo(f"tfuq: {printable(message)}", err=True)
    sys.exit(code)


def _page() -> str:
    """The page and the section about the error that is handled."""
    from tfuq_cli.sections import PAGE, UNEXPECTED, section_of

    error = sys.exc_info()[1]
    section = UNEXPECTED
    if error is not None:
        section = section_of(error)
    return f"{PAGE}#{section}"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "TFUQ"},
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show library warnings, times of each stage, tracebacks of errors.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, only results and errors.")
@click.option(
    "--memory",
    metavar="SIZE",
    help="The most memory to take, such as 4GB.  [default: what is free]",
)
@click.version_option(package_name="tfuq", prog_name="tfuq", allow_from_autoenv=False)
def main(verbose: bool, quiet: bool, memory: str | None) -> None:
    """What a network sees in a medical image, and how sure it is.

    \b
    Example:
      tfuq train quickstart --method hybrid
      tfuq predict --method hybrid
      tfuq score runs/quickstart/hybrid/predictions/hybrid

    Every option can be set in the environment: TFUQ_TRAIN_DEVICES=cpu:2 is tfuq train --devices
    cpu:2, TFUQ_QUIET=1 is tfuq -q; several values are separated by spaces, several paths as in
    PATH. TFUQ_DATA is the folder of the data sets.
    """
    if verbose and quiet:
        raise click.UsageError("-v and -q exclude each other: show more, or less")
    click.get_current_context().with_resource(library_lines(quiet=quiet))
    if memory:
        from tfuq.data.budget import limit_memory

        limit_memory(memory)
    if verbose:
        _show_library_output()
    else:
        _hide_library_output()


def _show_library_output() -> None:
    """Show warnings of libraries.

    TensorFlow reads its variable when it is imported, which is later.
    """
    warnings.simplefilter("default")
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.INFO)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"


def _hide_library_output() -> None:
    warnings.simplefilter("ignore")
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
