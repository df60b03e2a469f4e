"""Events, and the observers that are notified of them."""

import dataclasses

import pytest

from tests.support.observers import Recorder
from tfuq.data import events
from tfuq.data.events import SILENT, CaseScored, EpochStep, Event, Observers

KINDS = [kind for kind in vars(events).values() if isinstance(kind, type) and Event in kind.__mro__]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Event])
def test_an_event_is_a_frozen_record_whose_attributes_are_described(kind):
    assert kind.__dataclass_params__.frozen
    for attribute in dataclasses.fields(kind):
        assert attribute.kw_only
        assert f"\n        {attribute.name}: " in kind.__doc__


def test_several_observers_are_notified_in_order():
    told = []

    class Named(Recorder):
        def notify(self, event):
            super().notify(event)
            told.append(self)

    first, second = Named(), Named()
    events_sent = [CaseScored(case="a"), EpochStep(member=0, epoch=0, step=0, figures={})]
    for event in events_sent:
        Observers(first, second, SILENT).notify(event)
    assert first.events == second.events == events_sent
    assert [one is first for one in told] == [True, False, True, False]


def test_the_exception_of_an_observer_is_not_kept_from_the_work():
    class Fails:
        def notify(self, event):
            raise ZeroDivisionError

    recorder = Recorder()
    with pytest.raises(ZeroDivisionError):
        Observers(Fails(), recorder).notify(CaseScored(case="a"))
    assert recorder.events == []
