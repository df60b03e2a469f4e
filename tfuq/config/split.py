"""The split in a configuration: which case serves what."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

import pydantic
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt

from tfuq.config.section import Section, Seed, check_each

Split = Literal["train", "validation", "test", "all"]  # whose cases are predicted
SPLITS: tuple[Split, ...] = get_args(Split)
_NUMBERED = ("train", "validation", "test")  # without any of them, the split is by shares


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(
            f"is no regular expression ({error}); give one such as 'sub-[^_]+'"
        ) from error
    return text


class SplitConfig(Section):
    """Train / validation / test / calibration, as numbers of cases or as lists of case ids.

    Where ``train``, ``validation`` and ``test`` are all left out, they are 70, 10 and 20 % of the
    cases; the cases of a classification are divided class by class. Where ``train`` alone is left
    out, it is all cases that the other parts leave.

    ``seed`` assigns cases at random where the parts are no lists.

    ``subject``: a regular expression that finds the subject in a case id, such as ``sub-[^_]+``:
    what its first group matches, or all that it matches if it has no group. All cases of a subject
    are then in one part, and numbers are numbers of subjects.

    ``calibration``: cases for ``tfuq calibrate`` alone, which nothing is trained or chosen on. They
    are taken from the cases that the other parts leave, so that no case of another part moves.
    Where none is left, lower ``test`` by as many; its last cases then become the calibration cases,
    as those of the 20 % do by themselves.

    ``use``: train on the first so many of the training cases, in the order assigned or listed.
    Validation and test cases stay the same, and each smaller training set lies within the larger.

    ``fold``: the training and validation cases are those of a fold of nnU-Net's cross-validation:
    of ``file``, nnU-Net's ``splits_final.json``, relative to ``data.root``; without it, of the five
    folds that nnU-Net makes itself. ``train`` and ``validation`` are then left out. Test cases are
    those that the data set sets aside with labels (``imagesTs`` with ``labelsTs``), or ``test`` of
    them. Where it has none, the fold's own validation cases are divided: ``test`` of them, by
    default half, are the test cases, and the others validate. ``seed`` says which.
    """

    seed: Seed = 0
    train: PositiveInt | list[str] | None = None
    validation: NonNegativeInt | list[str] | None = None
    test: NonNegativeInt | list[str] | None = None
    calibration: NonNegativeInt | list[str] = 0
    subject: (
        Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_pattern)] | None
    ) = None
    use: PositiveInt | None = None
    fold: NonNegativeInt | None = None
    file: Annotated[str, Field(min_length=1)] | None = None

    @property
    def is_by_shares(self) -> bool:
        """Whether the parts are shares of the cases."""
        return self.fold is None and all(getattr(self, part) is None for part in _NUMBERED)

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> SplitConfig:
        if self.fold is None:
            check_each(self._check_kinds, self._check_use)
        else:
            check_each(self._check_parts_of_fold, self._check_subject_of_fold)
        return self

    def _check_parts_of_fold(self) -> None:
        if self.train is not None or self.validation is not None:
            raise ValueError("fold tells which cases train and validate; leave out both keys")
        if isinstance(self.test, list) or isinstance(self.calibration, list):
            raise ValueError("with fold, test and calibration are numbers of cases; give numbers")

    def _check_subject_of_fold(self) -> None:
        if self.subject is not None:
            raise ValueError(
                "subject says which cases stay together, and fold has its own cases; "
                "leave out subject"
            )

    def _check_kinds(self) -> None:
        parts = [getattr(self, name) for name in _NUMBERED]
        if self.calibration:
            parts.append(self.calibration)
        kinds = {isinstance(part, list) for part in parts if part is not None}
        if len(kinds) == 2:
            raise ValueError(
                "train, validation, test and calibration must all be numbers of cases or all be "
                "lists of case ids"
            )
        if kinds == {True} and self.train is None:
            raise ValueError("train is left out beside lists of case ids; list its cases too")

    def _check_use(self) -> None:
        train = self.train
        if isinstance(train, list):
            train = len(train)
        if self.use and train and self.use > train:
            raise ValueError(
                f"use {self.use} is more than the {train} case(s) of train; "
                "lower it, or raise train"
            )
