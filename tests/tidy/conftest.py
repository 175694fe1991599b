"""What the rules share: a parsed project is millions of objects in no cycle, and nobody looks for garbage among them."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def _no_collections() -> Iterator[None]:
    """Looking through the syntax trees again and again took four times as long as making them."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()
