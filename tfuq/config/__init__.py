"""The configuration of a run: strict and typed.

It is the same object again when it is reloaded from the run's ``config.yaml``.
"""

from tfuq.config.data import DataConfig, value_range
from tfuq.config.learning import (
    MOST_EMPTY,
    NEVER,
    PRECISIONS,
    LatentConfig,
    LossConfig,
    Precision,
    SkipEmpty,
    TrainingConfig,
)
from tfuq.config.loading import (
    load,
    load_data,
    load_resolved,
    load_study,
    parse,
    shipped,
    shipped_studies,
    text_of,
    with_label_values,
    with_reference_meaning,
    with_structure_names,
)
from tfuq.config.network import NetworkConfig
from tfuq.config.preparation import AugmentationConfig, PreprocessingConfig
from tfuq.config.schema import METHODS, SERVED_METHODS, TRAINED_AS, Config, fold_overrides
from tfuq.config.split import SPLITS, Split, SplitConfig
from tfuq.config.study import StudyConfig
from tfuq.config.tasks import TASKS
from tfuq.config.variables import DEFAULT_DATA_ROOT

__all__ = [
    "DEFAULT_DATA_ROOT",
    "METHODS",
    "MOST_EMPTY",
    "NEVER",
    "PRECISIONS",
    "SERVED_METHODS",
    "SPLITS",
    "TASKS",
    "TRAINED_AS",
    "AugmentationConfig",
    "Config",
    "DataConfig",
    "LatentConfig",
    "LossConfig",
    "NetworkConfig",
    "Precision",
    "PreprocessingConfig",
    "SkipEmpty",
    "Split",
    "SplitConfig",
    "StudyConfig",
    "TrainingConfig",
    "fold_overrides",
    "load",
    "load_data",
    "load_resolved",
    "load_study",
    "parse",
    "shipped",
    "shipped_studies",
    "text_of",
    "value_range",
    "with_label_values",
    "with_reference_meaning",
    "with_structure_names",
]
