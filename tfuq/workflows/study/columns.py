"""The columns that a study may ask for.

They are scores, also of the training cases, measures of structures, correlations, areas
under risk-coverage curves, and how much members differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfuq.config import TASKS, Config, StudyConfig
from tfuq.errors import ConfigError, nearest
from tfuq.measures.catalogue import MEASURES, OF_STRUCTURES, names_of
from tfuq.measures.measure import Measure
from tfuq.scoring.evaluation.diversity import OF_DIVERSITY
from tfuq.scoring.metrics import metrics_of
from tfuq.workflows.study.cells import Cell

SCORE = "score"
MEASURE = "measure"
CORRELATION = "correlation"
TRAIN = "train"
DIVERSITY = "diversity"
AREA = "aurc"
_LIKELIHOOD = "nll"
_OF_STRUCTURES = (MEASURE, CORRELATION)


def check_columns(study: StudyConfig, cells: Sequence[Cell]) -> None:
    """Refuse columns and structures that the summary of a cell will not have.

    Raises:
        ConfigError: There is such a column or structure; it names the nearest one that will be
            there.
    """
    for column in study.table:
        kind, _ = kind_and_name(column)
        if kind in _OF_STRUCTURES and study.structure == "all":
            raise ConfigError(
                f"{study.name}: {column} is of one structure; "
                "name it in 'structure', which is 'all'"
            )
    for cell in cells:
        for column in study.table:
            _check_column(study, column, cell.config.task)
        _check_structure(study, cell)


def _check_column(study: StudyConfig, column: str, task: str) -> None:
    kind, name = kind_and_name(column)
    known = _names(kind, task)
    if name not in known:
        hint = nearest(name, known or metrics_of(task))
        raise ConfigError(
            f"{study.name}: table has no column '{column}' for a cell of {task}{hint}"
        )


def _check_structure(study: StudyConfig, cell: Cell) -> None:
    known = ["all", *_structures(cell.config)]
    if study.structure not in known:
        hint = nearest(study.structure, known)
        raise ConfigError(f"{study.name}: no structure '{study.structure}' in cell {cell.id}{hint}")


def _structures(config: Config) -> Iterable[str]:
    return TASKS[config.task].parts(config)


def _names(kind: str, task: str) -> Sequence[str]:
    """The names that columns of a kind may have for a task."""
    if kind in (SCORE, TRAIN):
        return metrics_of(task)
    if kind in _OF_STRUCTURES and TASKS[task].has_volumes:
        return names_of(OF_STRUCTURES)
    if kind == AREA:
        return [name for name in MEASURES if _has_area(MEASURES[name])]
    if kind == DIVERSITY and _LIKELIHOOD in metrics_of(task):  # samples are probabilities
        return OF_DIVERSITY
    return ()


def _has_area(measure: Measure) -> bool:
    """Whether a study's scores have an area of a measure: nothing is scored on request there."""
    return measure.orientation is not None and not measure.is_on_request


def kind_and_name(column: str) -> tuple[str, str]:
    """Split a column such as ``measure.pairwise_dice``; a column without a dot is a score."""
    kind, dot, name = column.partition(".")
    if dot:
        return kind, name
    return SCORE, column
