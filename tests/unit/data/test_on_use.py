"""Modules that are imported when they are first used."""

import sys

import pytest

from tfuq.data.on_use import ModuleOnUse


def test_a_module_is_imported_when_something_of_it_is_asked_for(tmp_path, monkeypatch):
    (tmp_path / "seldom_used.py").write_text("ANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleOnUse("seldom_used")
    assert "seldom_used" not in sys.modules
    assert module.ANSWER == 42
    monkeypatch.setattr(sys.modules["seldom_used"], "ANSWER", 43)
    assert module.ANSWER == 43
    with pytest.raises(AttributeError, match="seldom_used"):
        _ = module.QUESTION
    del sys.modules["seldom_used"]
