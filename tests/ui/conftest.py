"""Homes that hold the samples: imported once a session, copied for each test."""

import gc

import pytest

from backend.storage.paths import Home
from tests.fakes.window import copy_home, make_samples_home


@pytest.fixture(scope="session")
def samples_home(tmp_path_factory) -> Home:
    return make_samples_home(tmp_path_factory.mktemp("samples") / "home")


@pytest.fixture
def sampled(samples_home, tmp_path) -> Home:
    """This test's own home with the samples in it."""
    return copy_home(samples_home, tmp_path / "sampled")


@pytest.fixture(autouse=True)
def _collects_on_the_main_thread():
    """As in the program (trii_desktop/collector.py): no engine thread may destroy a Qt object."""
    gc.disable()
    yield
    gc.enable()
    gc.collect()
