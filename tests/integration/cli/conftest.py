"""Homes for commands: an empty one, and copies of one with bars in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.storage.paths import Home
from tests.fakes.trii import SAMPLES, Trii
from tests.fakes.warm_home import make_warm


@pytest.fixture
def trii(tmp_path: Path) -> Trii:
    """The program on a home that does not exist yet."""
    return Trii(Home(tmp_path / "home"), tmp_path)


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with daily bars of Apple and of oil; never changed, only copied."""
    root = tmp_path_factory.mktemp("filled")
    trii = Trii(Home(root / "home"), root)
    for words in (
        ("import", SAMPLES / "AAPL_1d.csv", "--instrument", "AAPL.XNAS", "--name", "Apple Inc."),
        ("import", SAMPLES / "WTI_1d.csv", "--instrument", "WTI.FRED", "--kind", "commodity"),
    ):
        said = trii(*words)
        assert said.code == 0, said.err
    make_warm(trii.home, "XNYS", "24/7")
    return root / "home"


@pytest.fixture
def stocked(tmp_path: Path, filled_home: Path) -> Trii:
    """The program on a home with bars of AAPL.XNAS and WTI.FRED, owned by nobody."""
    shutil.copytree(filled_home, tmp_path / "home")
    return Trii(Home(tmp_path / "home"), tmp_path)


@pytest.fixture
def served(stocked: Trii) -> Iterator[Trii]:
    """The program on that home while another process has it open and serves it."""
    with stocked.headless():
        yield stocked


@pytest.fixture(params=["alone", "served"])
def either(request: pytest.FixtureRequest, stocked: Trii) -> Iterator[Trii]:
    """The same, once opening the home itself and once served by the process that has it open."""
    if request.param == "alone":
        yield stocked
        return
    with stocked.headless():
        yield stocked
