"""What tests of real models share."""

from pathlib import Path

import pytest

from tests.fakes.starter_model import find_starter_model


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The starter model's file."""
    return find_starter_model()
