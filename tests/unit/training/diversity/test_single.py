"""Members that are trained one by one."""

from tests.conftest import task_settings
from tests.support.observers import Recorder
from tfuq.training import prepare
from tfuq.training.diversity.single import one_each, single_training


def test_each_member_has_a_training_of_its_own(digits, tmp_path):
    config = task_settings("classification", digits, "ensemble")
    assert one_each(config) == [range(0, 1), range(1, 2)]
    training = single_training(config, tmp_path, range(1, 2), prepare(config, None))
    training.run(Recorder())
    assert [path.parent.name for path in tmp_path.glob("members/*/done")] == ["1"]
