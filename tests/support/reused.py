"""Networks and sampling graphs that one process of tests makes once, and takes again for equal predictions.

Loading a small network and tracing its sampling graph takes seconds, and hundreds of tests predict
with the same few runs. Both are functions of what the keys below hold: weights, configuration and
method. The seed, the number of samples and the images are inputs of the graph, so that everything
else of a prediction is computed anew each time.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from tfuq.measures.reducers import Reducer
from tfuq.runs import Run
from tfuq.sampling.compiled import make_sampler
from tfuq.sampling.members import load_posterior, members_of
from tfuq.sampling.posterior import Posterior
from tfuq.sampling.sampler import Finish, Sampler

_MOST = 8
_OF_A_MEMBER = ("weights.npz", "done")
T = TypeVar("T")


class Reused:
    """Stands for `load_posterior` and `make_sampler` where a predictor is made."""

    def __init__(self) -> None:
        self._posteriors: OrderedDict[Hashable, Posterior] = OrderedDict()
        self._samplers: OrderedDict[Hashable, Sampler] = OrderedDict()

    def posterior(self, run: Run, method: str, **options: Any) -> Posterior:
        """As `load_posterior`, which reads weights again once a file of the run has changed."""
        members = members_of(run, method, allow_missing=options["allow_missing"])
        key = (run.config.model_dump_json(), _files(run, members), method, *options.items())
        return _taken(self._posteriors, key, lambda: load_posterior(run, method, **options))

    def sampler(
        self, posterior: Posterior, reducers: Sequence[Reducer], *, finish: Finish
    ) -> Sampler:
        """As `make_sampler`, whose graph has the reducers and what the predictor makes of them."""
        predictor = finish.__self__
        try:
            own = tuple(map(_described, reducers))
        except _HasStateError:
            return make_sampler(posterior, reducers, finish=finish)
        made_of = (predictor.config.model_dump_json(), predictor.statistics_of_maps)
        key = (id(posterior), type(predictor), *made_of, own)
        return _taken(self._samplers, key, lambda: make_sampler(posterior, reducers, finish=finish))


def _taken(made: OrderedDict[Hashable, T], key: Hashable, make: Callable[[], T]) -> T:
    """What was made for a key; beyond a few, what was not asked for the longest is forgotten."""
    if key not in made:
        made[key] = make()
    made.move_to_end(key)
    if len(made) > _MOST:
        made.popitem(last=False)
    return made[key]


def _files(run: Run, members: Sequence[int]) -> str:
    """A digest of the files that networks are made of."""
    paths = [run.path / "environment.json"]
    for member in members:
        paths += [run.member(member) / name for name in _OF_A_MEMBER]
    digest = hashlib.sha256()
    for path in paths:
        with contextlib.suppress(OSError):  # which loading is to tell of
            digest.update(path.read_bytes())
        digest.update(b"|")
    return digest.hexdigest()


class _HasStateError(Exception):
    """A reducer holds a variable, which only the predictor that made it may fill."""


def _described(value: Any) -> Hashable:
    """What a reducer, or a value that it holds, is."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(map(_described, value))
    if isinstance(value, Posterior):
        return id(value)
    if type(value).__module__.startswith("tfuq."):
        return type(value), *((name, _described(held)) for name, held in vars(value).items())
    raise _HasStateError
