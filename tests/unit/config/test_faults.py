"""What is wrong with a configuration, in words."""

import pydantic
import pytest

from tfuq.config import loading
from tfuq.config.faults import explain
from tfuq.config.network import NetworkConfig
from tfuq.config.split import SplitConfig
from tfuq.errors import ConfigError


def test_a_single_fault_stands_without_a_number():
    with pytest.raises(pydantic.ValidationError) as error:
        SplitConfig(train=0)
    assert explain(error.value, SplitConfig) == "train: Input should be greater than 0 (value: 0)"


FIRST_CLASSIFICATION = """
name: pneumonia
task: classification
method: mc-drop
data: {layout: image-folders, root: x, clases: [normal, pneumonia]}
network: {patch_size: [64, sixty-four], widths: [8, 16]}
training: {epochs: 0, batch_size: [1, 2]}
"""


def test_all_faults_are_told_at_once_and_each_value_once():
    with pytest.raises(ConfigError) as error:
        loading.parse(FIRST_CLASSIFICATION)
    message = str(error.value)
    assert "\n" not in message
    assert "configuration: 5 faults: (1) method: Input should be" in message
    for words in ("'data.clases'; did you mean", "patch_size.1", "epochs", "batch_size", "(5)"):
        assert words in message


@pytest.mark.parametrize(
    ("blocks", "fault"),
    [
        ([1, 0, 2], "blocks.1: Input should be greater than or equal to 1 (value: 0)"),
        ("many", "blocks: Input should be a valid integer"),
    ],
)
def test_of_a_value_of_several_types_what_is_inside_is_told(blocks, fault):
    with pytest.raises(pydantic.ValidationError) as error:
        NetworkConfig(patch_size=[32, 32], widths=[4, 8, 16], blocks=blocks)
    assert explain(error.value, NetworkConfig).startswith(fault)
