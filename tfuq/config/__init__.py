"""The configuration of a run: strict, typed, and the same object again when reloaded from the run's ``config.yaml``."""

from tfuq.config.data import AugmentationConfig, DataConfig, PreprocessingConfig, SplitConfig, value_range
from tfuq.config.learning import LossConfig, NetworkConfig
from tfuq.config.loading import DEFAULT_DATA_ROOT, load, parse, shipped
from tfuq.config.schema import METHODS, TASK_RULES, TASKS, Config

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
    "load",
    "parse",
    "shipped",
    "value_range",
]
