"""What tests of several folders share."""

import pytest

from backend.storage.paths import Home
from tests.fakes.asking import make_asked_home
from tests.fakes.copied_home import copy_home


@pytest.fixture(scope="session")
def asked_home(tmp_path_factory) -> Home:
    """A closed home with the samples, imported once at the time of the questions' clock."""
    return make_asked_home(tmp_path_factory.mktemp("asked") / "home")


@pytest.fixture(scope="module")
def filled(asked_home, tmp_path_factory) -> Home:
    """The tests' own home of a file, with the samples in it."""
    return copy_home(asked_home, tmp_path_factory.mktemp("filled") / "home")
