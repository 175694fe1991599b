"""What every test gets and must leave behind: a home, a clock, no network, no leaked thread, task or window."""

import asyncio
import gc
import inspect
import ipaddress
import logging
import os
import random
import re
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from backend.clock import ManualClock
from backend.storage.paths import Home
from tests.fakes.display import Display, open_display, why_no_display
from tests.fakes.waiting import wait_until
from tests.long_runs import LongRuns

# Monday 2024-01-08 14:30 UTC: the New York session opens.
START_NS = 1_704_724_200 * 1_000_000_000
LEAK_DEADLINE_S = 5.0

# Set before anything reads them; child processes inherit them.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"
os.environ["TRII_KEYRING"] = "off"
for _name in ("TRII_HOME", "TRII_PASSPHRASE", "TRII_FAULT", "DISPLAY", "WAYLAND_DISPLAY"):
    os.environ.pop(_name, None)

hypothesis.settings.register_profile(
    "ci",
    deadline=None,  # a busy machine is not a bug
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the long figures (minutes to hours)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # xdist hands the controller's options to its workers, so the whole run shares one seed.
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))
    if config.option.hypothesis_profile is None:
        config.option.hypothesis_profile = "ci"
    sys.addaudithook(_refuse_network)
    if config.getoption("--long") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(LongRuns(config.option.hypothesis_seed))


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.option.hypothesis_seed} (repeat with --hypothesis-seed={config.option.hypothesis_seed})"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        if long:
            config.hook.pytest_deselected(items=long)
            items[:] = [item for item in items if item not in long]
    missing = {"display": why_no_display(), "posix": "" if os.name == "posix" else "this system is not POSIX"}
    for item in items:
        for mark, why in missing.items():
            if why and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while modules are loaded, nor later among what lives as long as the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run ``async def`` tests on a fresh loop; tasks they leave running are a failure."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(_run_and_look_for_tasks(pyfuncitem.obj(**arguments)))
    return True


async def _run_and_look_for_tasks(test: Any) -> None:
    await test
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, f"The test left tasks running: {[task.get_name() for task in left]}. Close their owner before the test ends."


# --- fixtures -------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A made home of this test alone."""
    made = Home(tmp_path / "home")
    made.make()
    return made


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at a session's opening until the test moves it."""
    return ManualClock(START_NS)


@pytest.fixture(scope="session")
def display() -> Iterator[Display]:
    """An X display of its own (Xvfb); ask for it in tests marked ``display``."""
    with open_display() as opened:
        yield opened


# --- what a test may not do -----------------------------------------------------------------------------------------


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: let sockets reach loopback and local files only."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
    elif event == "socket.getaddrinfo":
        address = (arguments[0],)
    else:
        return
    if isinstance(address, tuple) and address and not _is_loopback(address[0]):
        raise RuntimeError(f"A test reached for the network ({event} {address[0]!r}). Use a fake server on 127.0.0.1.")


def _is_loopback(host: Any) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_unspecified


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    try:
        wait_until(lambda: not _new_threads(before), LEAK_DEADLINE_S)
    except TimeoutError:
        pytest.fail(f"The test left threads running: {[thread.name for thread in _new_threads(before)]}.")


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    # A _DummyThread stands for a foreign thread that once called into Python; Python never removes it.
    return [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]


@pytest.fixture(autouse=True)
def _no_leaked_windows() -> Iterator[None]:
    before = set(_top_levels())
    yield
    if not set(_top_levels()) - before:
        return
    gc.collect()
    left = set(_top_levels()) - before
    if left:
        names = sorted(f"{type(widget).__name__}({widget.objectName()!r})" for widget in left)
        pytest.fail(f"The test left windows behind: {names}. Give each widget a parent or qtbot.addWidget(it).")


def _top_levels() -> list[Any]:
    """Every live widget without a parent, after pending deletions; empty while Qt is not loaded."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    core = sys.modules["PySide6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    return list(widgets.QApplication.topLevelWidgets())


class _Records(logging.Handler):
    """Keeps what was logged at WARNING or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _no_unexpected_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on a logged warning, unless ``@pytest.mark.logs(regex, ...)`` expects it or the test asks for ``caplog``."""
    handler = _Records()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    if "caplog" in request.fixturenames:
        return
    expected = [pattern for mark in request.node.iter_markers("logs") for pattern in mark.args]
    said = [f"{record.name}: {record.getMessage()}" for record in handler.records]
    surprises = [line for line in said if not any(re.search(pattern, line) for pattern in expected)]
    assert not surprises, f"The test logged warnings that it does not expect: {surprises}"
    unsaid = [pattern for pattern in expected if not any(re.search(pattern, line) for line in said)]
    assert not unsaid, f"The test expects warnings that were not logged: {unsaid}"
