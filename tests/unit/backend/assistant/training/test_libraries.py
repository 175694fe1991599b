"""Training says what it lacks."""

import sys

import pytest

from backend.assistant.training.libraries import open_libraries
from backend.errors import Unavailable


def test_a_library_that_is_not_there_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    open_libraries.cache_clear()
    with pytest.raises(Unavailable, match=r"torch.*dev\.py trainer"):
        open_libraries()
