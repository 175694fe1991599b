"""Homes that hold the samples: imported once a session, copied for each test."""

import gc
import sys

import pytest

from backend.storage.paths import Home
from tests.fakes.copied_home import copy_home
from tests.fakes.window import make_samples_home


@pytest.fixture(scope="session")
def samples_home(tmp_path_factory) -> Home:
    return make_samples_home(tmp_path_factory.mktemp("samples") / "home")


@pytest.fixture
def sampled(samples_home, tmp_path) -> Home:
    """This test's own home with the samples in it."""
    return copy_home(samples_home, tmp_path / "sampled")


@pytest.fixture(autouse=True)
def _collects_on_the_main_thread(seen_modules):
    """As in the program (trii_desktop/collector.py): no engine thread may destroy a Qt object.

    What modules hold is left alone as soon as they are loaded: looking through it took longer than most tests.
    """
    gc.disable()
    yield
    gc.enable()
    gc.collect()
    if not seen_modules >= set(sys.modules):
        gc.freeze()
        seen_modules.update(sys.modules)


@pytest.fixture(scope="session")
def seen_modules() -> set[str]:
    """The modules whose objects are out of later collections."""
    return set()
