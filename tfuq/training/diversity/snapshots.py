"""Members that are the weights of one training at the ends of its cycles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tfuq.config import Config
from tfuq.networks.weights import Arrays
from tfuq.training.collecting import Collector
from tfuq.training.diversity.base import Diversity, Training
from tfuq.training.material import Material, member_training
from tfuq.training.member_files import MemberFiles, member_files
from tfuq.training.progress import Progress


class Snapshots(Collector):
    """Writes the weights at the ends of cycles as members of their own.

    A member is there as soon as its cycle has ended. So the state of the training holds none.

    References:
        Huang et al. 2017, Snapshot ensembles: train 1, get M for free.
    """

    def __init__(self, files: Mapping[int, MemberFiles]) -> None:
        """Make the collector.

        Args:
            files: The files of the member that an epoch ends with, by the number of the epoch, from
                1 on.
        """
        self._files = files

    def after_epoch(self, progress: Progress, weights: Arrays) -> None:
        """Write the member that the epoch ends with, if there is one."""
        files = self._files.get(progress.epoch)
        if files is None:
            return
        with files.held():
            files.write_history(progress.history)
            files.write_result(weights, progress)


def one_for_all(config: Config) -> list[range]:
    """All members are of one group."""
    return [range(config.members)]


def snapshot_training(config: Config, path: Path, members: range, material: Material) -> Training:
    """The training that gives all members.

    Its state lies in the folder of the last member, which is done when the training is.

    Args:
        config: The configuration.
        path: The run's folder.
        members: All members.
        material: What they are trained with.
    """
    cycle = config.training.cycle.epochs
    first = config.training.epochs - len(members) * cycle
    *earlier, last = [path / "members" / str(member) for member in members]
    files = {}
    for number, folder in enumerate(earlier, 1):
        files[first + number * cycle] = member_files(folder, material.together.worker)
    return member_training(config, last, members[0], material, Snapshots(files))


SNAPSHOTS = Diversity(groups=one_for_all, training=snapshot_training)
