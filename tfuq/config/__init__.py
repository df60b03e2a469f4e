"""The configuration of a run: strict, typed, and the same object again when reloaded from the run's ``config.yaml``."""

from tfuq.config.data import AugmentationConfig, DataConfig, PreprocessingConfig, SplitConfig, value_range
from tfuq.config.learning import LossConfig, NetworkConfig
from tfuq.config.loading import DEFAULT_DATA_ROOT, load, load_study, parse, shipped, shipped_studies
from tfuq.config.schema import METHODS, TASK_RULES, TASKS, Config
from tfuq.config.study import StudyConfig

__all__ = [
    "DEFAULT_DATA_ROOT",
    "METHODS",
    "TASKS",
    "TASK_RULES",
    "AugmentationConfig",
    "Config",
    "DataConfig",
    "LossConfig",
    "NetworkConfig",
    "PreprocessingConfig",
    "SplitConfig",
    "StudyConfig",
    "load",
    "load_study",
    "parse",
    "shipped",
    "shipped_studies",
    "value_range",
]
