"""The next volume is read, and the last one written, while the network works: the files are the same."""

import threading
from dataclasses import replace

import pytest

from tests.conftest import files_of
from tests.support.observers import Recorder, StopAtCase
from tfuq.data.budget import MemoryShortageError
from tfuq.data.cases import read_case_image
from tfuq.prediction import cases_of_test_split, make_predictor, pipeline, predict, request_of
from tfuq.prediction.pipeline import predict_case, predict_image, read_case
from tfuq.prediction.segmentation import VolumePredictor
from tfuq.runs.results import read_manifest


@pytest.fixture
def predictor(trained):
    """Of a network, as memory is short for none of its cases."""
    run = trained("mc-dropout")
    return make_predictor(run, request_of(run.config, "mc-dropout", 2, 0))


@pytest.fixture
def cases(predictor):
    """Four cases, of two scans."""
    first, second = cases_of_test_split(predictor.run)
    return [replace(case, id=f"{case.id}-{n}") for n in range(2) for case in (first, second)]


def test_files_are_those_of_one_case_after_another(predictor, cases, tmp_path, monkeypatch):
    predict(predictor, cases, tmp_path / "ahead")
    monkeypatch.setattr(VolumePredictor, "has_room_for_two", lambda *_: False)
    predict(predictor, cases, tmp_path / "alone")
    assert files_of(tmp_path / "ahead") == files_of(tmp_path / "alone")


@pytest.mark.parametrize(("has_room", "most"), [(True, 1), (False, 0)])
def test_one_case_is_read_ahead_where_memory_allows(
    predictor, cases, tmp_path, monkeypatch, has_room, most
):
    read = []
    ahead = []
    sampled = []
    sample = VolumePredictor.sample

    def noted_read(predictor, case):
        read.append(case.id)
        return read_case(predictor, case)

    def noted_sample(self, *arguments):
        sampled.append(1)
        drawn = sample(self, *arguments)
        ahead.append(len(read) - len(sampled))
        return drawn

    monkeypatch.setattr(VolumePredictor, "has_room_for_two", lambda *_: has_room)
    monkeypatch.setattr(VolumePredictor, "sample", noted_sample)
    monkeypatch.setattr(pipeline, "read_case", noted_read)
    predict(predictor, cases, tmp_path / "out")
    assert max(ahead) <= most
    assert read == [case.id for case in cases]


def test_observers_are_notified_in_the_thread_that_predicts(predictor, cases, tmp_path):
    threads = []

    class Noting(Recorder):
        def notify(self, event):
            super().notify(event)
            threads.append(threading.current_thread())

    observer = Noting()
    predict(predictor, cases, tmp_path / "out", observer=observer)
    assert [event.case for event in observer.events] == [case.id for case in cases]
    assert set(threads) == {threading.current_thread()}
    assert set(observer.events[0].seconds) == {"read", "network", "measures", "write"}


def test_what_is_stopped_keeps_what_is_written(predictor, cases, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        predict(predictor, cases, tmp_path / "out", observer=StopAtCase(2))
    assert list(read_manifest(tmp_path / "out").cases) == sorted(case.id for case in cases[:2])


def test_a_case_that_fits_alone_is_read_again(predictor, cases, tmp_path, monkeypatch):
    def short_at_first(predictor, case):
        if case.id not in tried:
            tried.add(case.id)
            raise MemoryShortageError("too large")
        return read_case(predictor, case)

    tried = set()
    monkeypatch.setattr(pipeline, "read_case", short_at_first)
    predict(predictor, cases, tmp_path / "out")
    assert read_manifest(tmp_path / "out").missing == []


def test_memory_is_told_of_before(predictor, cases):
    voxels = 18 * 17 * 16
    assert predictor.memory_beside(cases[:1]) > 4 * voxels
    assert predictor.has_room_for_two(read_case(predictor, cases[0]).prepared)


def test_a_case_by_itself_has_the_same_files(predictor, cases, tmp_path):
    predict(predictor, cases[:1], tmp_path / "out")
    predict_case(predictor, cases[0], tmp_path / "alone")
    assert files_of(tmp_path / "alone") == files_of(tmp_path / "out" / cases[0].id)


def test_a_case_that_is_sampled_keeps_no_voxels(predictor, cases):
    read = read_case(predictor, cases[0])
    with pipeline.predict_read(predictor, read):
        assert read.prepared.array.strides == (0,) * read.prepared.array.ndim


def test_an_image_in_memory_is_timed_from_there(predictor, cases):
    image = read_case_image(cases[0])
    with predict_image(predictor, image, cases[0]) as prediction:
        assert set(prediction.seconds) == {"read", "network", "measures"}
