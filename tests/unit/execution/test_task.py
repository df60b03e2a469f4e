"""A task is a function and its arguments, which another process can read."""

import pickle

from tests.support.observers import Recorder
from tests.support.tasks import writing
from tfuq.data.events import CaseScored
from tfuq.execution import task


def test_a_task_that_was_pickled_does_the_same(tmp_path):
    (written,) = writing(tmp_path, 1)
    recorder = Recorder()
    copied: task.Task = pickle.loads(pickle.dumps(written))
    copied.run(recorder)
    assert (tmp_path / "0.txt").read_text() == "text 0\n"
    assert recorder.events == [CaseScored(case="text 0")]
