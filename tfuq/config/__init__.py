"""The configuration of a run: strict and typed.

It is the same object again when it is reloaded from the run's ``config.yaml``.
"""

from tfuq.config.ambiguity import ProbabilisticConfig, StochasticConfig
from tfuq.config.combination import COMBINATIONS, MEAN, STAPLE, WEIGHTED, Combine
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
from tfuq.config.members import member_config
from tfuq.config.methods import (
    AFFINE,
    FLIPS,
    METHODS,
    NO_TTA,
    OF_LABELS,
    PROBABILISTIC,
    SERVED_METHODS,
    STOCHASTIC,
    TRAINED_AS,
    TTAS,
    Tta,
    base_method,
    method_options,
    transforms_of,
    tta_of,
    with_tta,
)
from tfuq.config.names import sides_of
from tfuq.config.network import NetworkConfig
from tfuq.config.preparation import AugmentationConfig, PreprocessingConfig
from tfuq.config.schema import Config, fold_overrides
from tfuq.config.split import SPLITS, Split, SplitConfig
from tfuq.config.study import StudyConfig
from tfuq.config.tasks import TASKS
from tfuq.config.variables import DEFAULT_DATA_ROOT

__all__ = [
    "AFFINE",
    "COMBINATIONS",
    "DEFAULT_DATA_ROOT",
    "FLIPS",
    "MEAN",
    "METHODS",
    "MOST_EMPTY",
    "NEVER",
    "NO_TTA",
    "OF_LABELS",
    "PRECISIONS",
    "PROBABILISTIC",
    "SERVED_METHODS",
    "SPLITS",
    "STAPLE",
    "STOCHASTIC",
    "TASKS",
    "TRAINED_AS",
    "TTAS",
    "WEIGHTED",
    "AugmentationConfig",
    "Combine",
    "Config",
    "DataConfig",
    "LatentConfig",
    "LossConfig",
    "NetworkConfig",
    "Precision",
    "PreprocessingConfig",
    "ProbabilisticConfig",
    "SkipEmpty",
    "Split",
    "SplitConfig",
    "StochasticConfig",
    "StudyConfig",
    "TrainingConfig",
    "Tta",
    "base_method",
    "fold_overrides",
    "load",
    "load_data",
    "load_resolved",
    "load_study",
    "member_config",
    "method_options",
    "parse",
    "shipped",
    "shipped_studies",
    "sides_of",
    "text_of",
    "transforms_of",
    "tta_of",
    "value_range",
    "with_label_values",
    "with_reference_meaning",
    "with_structure_names",
    "with_tta",
]
