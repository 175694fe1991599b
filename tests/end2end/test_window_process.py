"""The window as a process on a real X display, driven by mouse and keyboard as a person drives it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.fakes.display import Display
from tests.fakes.screenshot import count_near, grab
from tests.fakes.trii import DEADLINE_S, Trii
from tests.fakes.waiting import wait_until

pytestmark = pytest.mark.display
UP, DOWN, BACKGROUND = "#26a69a", "#ef5350", "#13171c"


@dataclass
class Screen:
    """One window on a display."""

    display: Display
    process: subprocess.Popen
    window: str = ""

    def find(self, title: str) -> bool:
        """Whether a window with this title is there; it becomes the one that is driven."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", title],
            env=self.display.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        ).stdout.split()
        self.window = found[-1] if found else self.window
        return bool(found)

    def wait_for(self, title: str) -> None:
        """Return once the window's title is ``title``."""
        wait_until(lambda: self.find(title) or self.process.poll() is not None, DEADLINE_S, what=f"a window called {title}")
        assert self.process.poll() is None, "The window's process has ended."

    def focus(self) -> None:
        """Give the window the keyboard; Xvfb has no window manager that would."""
        self.display.xdotool("windowfocus", "--sync", self.window)

    def keys(self, *names: str) -> None:
        """Press keys."""
        self.display.xdotool("key", "--clearmodifiers", "--delay", "40", *names)

    def type(self, text: str) -> None:
        """Type letters."""
        self.display.xdotool("type", "--delay", "60", text)


@contextmanager
def _open(trii: Trii, display: Display, *words: str) -> Iterator[Screen]:
    process = trii.start("open", *words, env={**display.environment(), "TRII_HOME": str(trii.home.root)})
    screen = Screen(display, process)
    try:
        yield screen
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)


@pytest.fixture
def trii(home, tmp_path) -> Trii:
    made = Trii(home, tmp_path)
    assert made("tour").code == 0
    return made


def _prepare(screen: Screen, title: str) -> None:
    screen.wait_for(title)
    screen.focus()


def test_a_symbol_is_typed_zoomed_panned_and_closed_as_a_person_does(trii, display, tmp_path):
    with _open(trii, display) as screen:
        _prepare(screen, "AAPL.XNAS 1d")
        screen.type("msft")
        wait_until(lambda: count_near(grab(display, tmp_path / "search.png"), "#1a2d4c", 3) > 500, DEADLINE_S, what="a result row")
        screen.keys("Return")
        _prepare(screen, "MSFT.XNAS 1d")
        wait_until(lambda: count_near(grab(display, tmp_path / "msft.png"), UP) > 500, DEADLINE_S, what="candles")
        before = _plot(grab(display, tmp_path / "before.png"))
        display.xdotool("mousemove", "500", "450", "click", "--repeat", "6", "--delay", "30", "4")
        wait_until(lambda: _plot(grab(display, tmp_path / "zoomed.png")) != before, DEADLINE_S, what="a zoomed chart")
        zoomed = _plot(grab(display, tmp_path / "zoomed.png"))
        display.xdotool("mousemove", "400", "450", "mousedown", "1", "mousemove", "700", "450", "mouseup", "1")
        wait_until(lambda: _plot(grab(display, tmp_path / "panned.png")) != zoomed, DEADLINE_S, what="a panned chart")
        screen.keys("ctrl+q")
        assert screen.process.wait(DEADLINE_S) == 0


def test_an_import_by_command_appears_in_the_open_window(trii, display, tmp_path):
    rows = "".join(f"2024-{1 + n // 28:02d}-{1 + n % 28:02d},{50 + n},{52 + n},{49 + n},{51 + n},1000\n" for n in range(200))
    (tmp_path / "newco.csv").write_text("Date,Open,High,Low,Close,Volume\n" + rows)
    with _open(trii, display) as screen:
        _prepare(screen, "AAPL.XNAS 1d")
        said = trii("import", "newco.csv", "--instrument", "NEWCO.XNYS", "--interval", "1d")
        assert said.code == 0, said.err
        screen.type("newco")
        wait_until(lambda: count_near(grab(display, tmp_path / "search.png"), "#1a2d4c", 3) > 500, DEADLINE_S, what="a result row")
        screen.keys("Return")
        _prepare(screen, "NEWCO.XNYS 1d")
        wait_until(lambda: count_near(grab(display, tmp_path / "newco.png"), UP) > 500, DEADLINE_S, what="rising candles")
        bars = trii("--json", "bars", "NEWCO.XNYS")
        assert bars.code == 0, bars.err
        screen.keys("ctrl+q")
        assert screen.process.wait(DEADLINE_S) == 0


def test_a_second_start_shows_its_instrument_in_the_first_window(trii, display):
    with _open(trii, display) as screen:
        screen.wait_for("AAPL.XNAS 1d")
        second = trii("open", "MSFT")
        assert second.code == 0, second.err
        screen.wait_for("MSFT.XNAS 1d")
        assert screen.process.poll() is None


def test_a_killed_window_comes_back_with_everything(trii, display, tmp_path):
    with _open(trii, display) as screen:
        screen.wait_for("AAPL.XNAS 1d")
        screen.process.kill()
        screen.process.wait(DEADLINE_S)
    with _open(trii, display) as screen:
        screen.wait_for("AAPL.XNAS 1d")
        wait_until(lambda: count_near(grab(display, tmp_path / "again.png"), DOWN) > 500, DEADLINE_S, what="candles")


def _plot(image) -> bytes:
    """The middle of the chart, as bytes to compare."""
    return bytes(image.copy(60, 200, 1000, 500).bits())
