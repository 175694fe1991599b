"""What tests of real models share."""

from pathlib import Path

import pytest

from backend.storage.paths import Home
from tests.fakes.copied_home import copy_home
from tests.fakes.starter_model import find_starter_model
from tests.fakes.window import make_samples_home


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The starter model's file."""
    return find_starter_model()


@pytest.fixture(scope="session")
def samples_home(tmp_path_factory) -> Home:
    """A closed home with the sample bars, imported once."""
    return make_samples_home(tmp_path_factory.mktemp("samples") / "home")


@pytest.fixture
def sampled(samples_home, tmp_path) -> Home:
    """This test's own home with the samples in it."""
    return copy_home(samples_home, tmp_path / "sampled")
