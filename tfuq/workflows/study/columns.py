"""The columns that a study may ask for.

They are scores, also of the training cases, measures of structures, correlations, areas
under risk-coverage curves, and how much members differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfuq.config import TASKS, Config, StudyConfig
from tfuq.errors import ConfigError, nearest
from tfuq.measures.catalogue import (
    OF_IMAGES,
    OF_LANDMARKS,
    OF_STRUCTURES,
    names_of,
    ranked_at,
)
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
_ALL = "all"
_OF_STRUCTURES = (MEASURE, CORRELATION)


def check_columns(study: StudyConfig, cells: Sequence[Cell]) -> None:
    """Refuse columns and structures that the summary of a cell will not have.

    Raises:
        ConfigError: There is such a column or structure; it names the nearest one that will be
            there.
    """
    for cell in cells:
        for column in study.table:
            _check_column(study, column, cell.config.task)
            _check_level(study, column, cell.config.task)
        _check_structure(study, cell)


def _check_column(study: StudyConfig, column: str, task: str) -> None:
    kind, name = kind_and_name(column)
    known = _names(kind, task)
    if name not in known:
        hint = nearest(name, known or metrics_of(task))
        raise ConfigError(
            f"{study.name}: table has no column '{column}' for a cell of {task}{hint}"
        )


def _check_level(study: StudyConfig, column: str, task: str) -> None:
    """Refuse a measure of one structure for all of them, and one of all landmarks for one."""
    kind, _ = kind_and_name(column)
    if kind not in _OF_STRUCTURES:
        return
    if TASKS[task].has_volumes and study.structure == _ALL:
        raise ConfigError(
            f"{study.name}: {column} is of one structure; name it in 'structure', which is 'all'"
        )
    if not TASKS[task].has_volumes and study.structure != _ALL:
        raise ConfigError(
            f"{study.name}: {column} is the mean over all landmarks; remove 'structure', "
            f"which is '{study.structure}'"
        )


def _check_structure(study: StudyConfig, cell: Cell) -> None:
    known = [_ALL, *_structures(cell.config)]
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
    if kind == MEASURE and _LIKELIHOOD not in metrics_of(task):
        return names_of(OF_LANDMARKS)
    if kind == AREA:
        return _rankings_of_cases(task)
    if kind == DIVERSITY and _LIKELIHOOD in metrics_of(task):  # samples are probabilities
        return OF_DIVERSITY
    return ()


def _rankings_of_cases(task: str) -> Sequence[str]:
    """The measures by which scores rank the cases of a task, unless others are asked for."""
    if TASKS[task].has_volumes:
        of_images = [name for name in names_of(OF_IMAGES) if name in ranked_at("image")]
        return (*of_images, *ranked_at("structure"))
    if _LIKELIHOOD in metrics_of(task):
        return ranked_at("image")
    return ranked_at("landmark")


def kind_and_name(column: str) -> tuple[str, str]:
    """Split a column such as ``measure.pairwise_dice``; a column without a dot is a score."""
    kind, dot, name = column.partition(".")
    if dot:
        return kind, name
    return SCORE, column
