"""The real window, offscreen, as the owner of a home: it serves commands, is raised by a second start, and may be killed."""

import signal
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.storage.ownership import is_owned, read_owner
from backend.storage.paths import Home
from tests.fakes.trii import DEADLINE_S, SAMPLES, Trii, finish
from tests.fakes.waiting import wait_until

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def trii(tmp_path: Path) -> Trii:
    """The program on a home with two instruments."""
    trii = Trii(Home(tmp_path / "home"), tmp_path)
    said = trii("import", SAMPLES / "AAPL_1d.csv", SAMPLES / "MSFT_1d.csv")
    assert said.code == 0, said.err
    return trii


@contextmanager
def window(trii: Trii, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The window, open and serving; killed at the end if it still runs."""
    process = trii.start(*words, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: trii.is_served() or process.poll() is not None, DEADLINE_S)
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def shown_last(trii: Trii) -> str:
    """The instrument that the window will show at its next start."""
    if not trii.home.settings.exists():
        return ""
    return str(tomllib.loads(trii.home.settings.read_text()).get("workspace", {}).get("instrument", ""))


def close(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(DEADLINE_S)


def test_a_second_start_raises_the_open_window_and_ends_with_0(trii: Trii) -> None:
    with window(trii, "open", "AAPL") as first:
        second = trii("open", "MSFT")
        assert (second.code, second.out, second.err) == (0, "", "")
        assert trii().code == 0
        assert trii("open", "NOPE").code == 3
        assert read_owner(trii.home).pid == first.pid
        assert close(first) == 0
    assert shown_last(trii) == "MSFT.LOCAL"
    assert not is_owned(trii.home)


def test_of_two_windows_started_at_the_same_instant_one_opens_and_the_other_ends(trii: Trii) -> None:
    both = [trii.start("open", stdout=subprocess.DEVNULL) for _ in range(2)]
    try:
        wait_until(lambda: any(process.poll() is not None for process in both), DEADLINE_S)
        ended, alive = sorted(both, key=lambda process: process.poll() is None)
        assert finish(ended).code == 0
        assert alive.poll() is None
        assert read_owner(trii.home).pid == alive.pid
        assert close(alive) == 0
    finally:
        for process in both:
            process.kill()
            process.communicate()


def test_commands_are_served_by_the_open_window(trii: Trii) -> None:
    with window(trii) as owner:
        assert len(trii("instruments", "--json").json) == 2
        said = trii("import", SAMPLES / "VIX_1d.csv", "--instrument", "VIX.INDEX", "--json")
        assert said.json["imports"][0]["n_accepted"] == 1259
        assert trii("bars", "VIX.INDEX", "--last", "1").code == 0
        assert trii("screenshot", "VIX.INDEX", "--out", "vix.png", "--size", "640x400").code == 0
        assert (trii.folder / "vix.png").read_bytes().startswith(PNG)
        assert trii("backup", "all.triibackup").code == 0
        found = {finding["subject"]: finding for finding in trii("doctor", "--json").json["findings"]}
        assert (found["owner"]["pid"], found["owner"]["role"]) == (owner.pid, "window")
        assert trii("restore", "all.triibackup").code == 6


@pytest.mark.posix
def test_after_the_window_is_killed_commands_and_the_next_window_open_the_home(trii: Trii) -> None:
    with window(trii) as owner:
        owner.kill()
        owner.wait()
        assert trii("bars", "AAPL", "--last", "1").code == 0
    with window(trii) as owner:
        assert trii("bars", "AAPL", "--last", "1").code == 0
        assert close(owner) == 0
