"""Processes that meet on one home: who owns it, who is served, and what is left when one of them is stopped."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from backend.storage.ownership import claim, is_owned, read_owner
from tests.fakes.trii import SAMPLES, Said, Trii, finish
from tests.fakes.waiting import wait_until

LONG_ROWS = 3_000_000


@pytest.fixture(scope="session")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Years of minutes: seconds of work for an import."""
    minutes = np.arange(LONG_ROWS, dtype=np.int64)
    close = 100 + np.sin(minutes / 1000)
    columns = {"Open": close, "High": close + 1, "Low": close - 1, "Close": close, "Volume": minutes % 997}
    times = pa.array(minutes * 60 + 1_262_304_000, pa.timestamp("s"))
    path = tmp_path_factory.mktemp("long") / "long.csv"
    pa.csv.write_csv(pa.table({"Date": times, **columns}), path)
    yield path
    path.unlink()


def import_long(trii: Trii, path: Path) -> "subprocess.Popen[bytes]":
    """Start the long import and return once rows of it are staged."""
    process = trii.start("import", path, "--instrument", "LONG.BINANCE", "--interval", "1m", "--timezone", "UTC", "--json")
    stages = trii.home.market / "stages"
    wait_until(lambda: process.poll() is not None or any(p.is_file() for p in stages.rglob("*")), 60)
    assert process.poll() is None, finish(process)
    return process


def stop(process: "subprocess.Popen[bytes]", number: signal.Signals) -> Said:
    process.send_signal(number)
    return finish(process)


# --- starting ---------------------------------------------------------------------------------------------------------

PROBE = """
import contextlib, io, json, sys
from trii_desktop.__main__ import main
sys.argv = ["trii", *json.loads(sys.argv[1])]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(sys.stderr):
    main()
sys.__stdout__.write("\\n" + json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""
QT = {"PySide6", "shiboken6", "pyqtgraph", "qasync"}
HEAVY = {"numpy", "pyarrow", "pandas", "numba", "duckdb", "keyring", "exchange_calendars", "sqlcipher3", "cryptography", "msgspec"}


def modules_after(trii: Trii, *words: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(words)],
        env=trii.environment(), cwd=trii.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(process.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("bars", "--help"), ("no-such-command",)])
def test_help_version_and_usage_errors_load_nothing_heavy(trii: Trii, words: tuple[str, ...]) -> None:
    assert not modules_after(trii, *words) & (QT | HEAVY | {"asyncio", "ssl"})
    assert not trii.home.root.exists()


def test_commands_load_no_window_toolkit_nor_what_the_first_chart_does_not_need(stocked: Trii) -> None:
    loaded = modules_after(stocked, "bars", "AAPL", "--last", "1")
    assert "pyarrow" in loaded
    assert not loaded & (QT | {"numba", "pandas", "duckdb", "exchange_calendars", "lancedb", "polars"})


def test_a_served_command_loads_no_stores(served: Trii) -> None:
    assert not modules_after(served, "bars", "AAPL", "--last", "1") & (QT | HEAVY | {"asyncio", "ssl"})


def test_usage_errors_are_told_on_standard_error_with_code_2(trii: Trii) -> None:
    said = trii("imprt", "x.csv")
    assert (said.code, said.out, said.err) == (2, "", "error: There is no command 'imprt'. Did you mean import?\n")
    said = trii("bars", "--json")
    assert (said.code, said.out, said.error["code"]) == (2, "", "usage")


def test_a_home_is_named_by_option_before_environment(stocked: Trii, tmp_path: Path) -> None:
    said = stocked("--home", tmp_path / "elsewhere", "instruments", "--json")
    assert said.json == []
    assert (tmp_path / "elsewhere" / "key.json").exists()


# --- who owns the home ------------------------------------------------------------------------------------------------


def test_commands_that_start_at_the_same_instant_all_succeed(stocked: Trii) -> None:
    running = [stocked.start("bars", "AAPL", "--last", "1", "--csv") for _ in range(6)]
    said = [finish(process) for process in running]
    assert [one.code for one in said] == [0] * 6, said
    assert len({one.out for one in said}) == 1
    assert not is_owned(stocked.home)


def test_after_the_owner_is_killed_commands_open_the_home_themselves(stocked: Trii) -> None:
    with stocked.headless() as owner:
        assert stocked("bars", "AAPL", "--last", "1").code == 0
        owner.kill()
        owner.wait()
        assert read_owner(stocked.home) is not None
        assert stocked("bars", "AAPL", "--last", "1").code == 0
    assert not is_owned(stocked.home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_headless_ends_by_a_signal_with_code_0_and_leaves_no_note(stocked: Trii, number: signal.Signals) -> None:
    with stocked.headless() as owner:
        owner.send_signal(number)
        assert owner.wait(30) == 0
    assert read_owner(stocked.home) is None
    assert not is_owned(stocked.home)


def test_what_needs_the_home_for_itself_says_who_has_it(served: Trii) -> None:
    for words in (("open",), ("restore", "x.triibackup"), ("--headless",)):
        said = served(*words, "--json")
        assert said.code == 6, said
        assert said.error["code"] == "home.owned"
        assert f"process {read_owner(served.home).pid}" in said.error["message"]


def test_an_owner_of_another_version_is_told_and_not_used(stocked: Trii) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path\n"
        "from backend.api.local import serve; from backend.storage.ownership import claim\n"
        "from backend.storage.paths import Home; from backend.tasks import TaskOwner\n"
        "async def main():\n"
        "    with claim(Home(Path(sys.argv[1])), role='window', version='9.9.9') as ownership:\n"
        "        async with TaskOwner('x') as tasks, serve(ownership, tasks, None):\n"
        "            await asyncio.to_thread(sys.stdin.read)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(stocked.home.root)], stdin=subprocess.PIPE) as owner:
        wait_until(lambda: stocked.is_served() and read_owner(stocked.home).pid == owner.pid)
        said = stocked("bars", "AAPL", "--json")
        assert (said.code, said.error["code"]) == (6, "local.version")
        assert "9.9.9" in said.error["message"]


def test_a_stranger_at_the_owners_port_is_not_given_the_command(stocked: Trii) -> None:
    import socket

    with socket.socket() as stranger, claim(stocked.home, role="headless", version="0.1.0") as ownership:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        stranger.settimeout(30)
        ownership.announce(stranger.getsockname()[1])
        process = stocked.start("bars", "AAPL", "--last", "1")
        with stranger.accept()[0] as connection:
            connection.settimeout(30)
            hello = json.dumps({"protocol": 1, "version": "0.1.0", "nonce": "00" * 32}).encode()
            connection.sendall(b"\x01" + len(hello).to_bytes(4, "big") + hello)
            said = connection.recv(65536)
            welcome = json.dumps({"proof": "00" * 32}).encode()
            connection.sendall(b"\x03" + len(welcome).to_bytes(4, "big") + welcome)
            rest = connection.recv(65536)
        assert b"AAPL" not in said + rest
        assert ownership.note.token.encode() not in said + rest
        ownership.close()  # now the command finds the home free
        assert finish(process).code == 0


def test_others_are_served_by_a_long_import_and_it_waits_for_them(stocked: Trii, long_file: Path) -> None:
    importing = import_long(stocked, long_file)
    wait_until(stocked.is_served)
    assert read_owner(stocked.home).role == "import"
    assert stocked("bars", "AAPL", "--last", "1").code == 0
    assert importing.poll() is None, "The import ended before the other command."
    assert finish(importing).json["imports"][0]["n_accepted"] == LONG_ROWS


# --- being stopped ----------------------------------------------------------------------------------------------------


def test_ctrl_c_during_an_import_leaves_nothing_changed(either: Trii, long_file: Path) -> None:
    said = stop(import_long(either, long_file), signal.SIGINT)
    assert said.code == 130, said
    assert said.out == ""
    assert "Stopped. Nothing of long.csv was imported." in said.err
    assert "Traceback" not in said.err
    assert either("bars", "LONG.BINANCE").code == 3
    stages = either.home.market / "stages"
    assert not [path for path in stages.rglob("*") if path.is_file()]
    assert either("doctor").code == 0


def test_a_killed_import_leaves_nothing_changed(stocked: Trii, long_file: Path) -> None:
    assert stop(import_long(stocked, long_file), signal.SIGKILL).code == -signal.SIGKILL
    assert stocked("bars", "LONG.BINANCE").code == 3
    assert stocked("doctor").code == 0


def test_a_terminated_command_ends_in_order_with_its_own_code(stocked: Trii, long_file: Path) -> None:
    assert stop(import_long(stocked, long_file), signal.SIGTERM).code == 143
    assert not is_owned(stocked.home)


def test_a_command_whose_owner_is_killed_says_so(stocked: Trii, long_file: Path) -> None:
    with stocked.headless() as owner:
        importing = import_long(stocked, long_file)
        owner.kill()
        owner.wait()
        said = finish(importing)
    assert said.code == 5
    assert json.loads(said.err.splitlines()[-1])["error"]["code"] == "local.owner_gone"


@pytest.mark.posix
def test_a_reader_that_has_seen_enough_ends_the_command_quietly(either: Trii) -> None:
    for words in (("bars", "WTI", "--csv"), ("bars", "WTI"), ("bars", "WTI", "--json"), ("--help",)):
        process = either.start(*words)
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
        process.stderr.close()


# --- terminals --------------------------------------------------------------------------------------------------------


class Typist:
    """A terminal whose other side the test holds."""

    def __init__(self, trii: Trii, *words: object, **env: str) -> None:
        import pty

        self.seen = b""
        self.side, other = pty.openpty()
        self.process = trii.start(
            *words, stdin=other, stdout=other, stderr=other, env={"TERM": "xterm", **env}, start_new_session=True
        )
        os.close(other)

    def read_until(self, text: bytes) -> None:
        while text not in self.seen and self._read():
            pass
        assert text in self.seen, self.seen

    def type(self, text: bytes) -> None:
        os.write(self.side, text)

    def finish(self) -> int:
        while self._read():
            pass
        os.close(self.side)
        return self.process.wait(60)

    def _read(self) -> bool:
        try:
            piece = os.read(self.side, 65536)
        except OSError:  # Linux says so when the program has gone
            return False
        self.seen += piece
        return bool(piece)


@pytest.mark.posix
def test_colours_are_for_terminals_alone_and_can_be_refused(served: Trii) -> None:
    assert b"\x1b" not in served("doctor", "--quick").out.encode()
    coloured = Typist(served, "doctor", "--quick")
    assert coloured.finish() == 0
    assert b"\x1b[33mWARNING\x1b[0m" in coloured.seen
    plain = Typist(served, "doctor", "--quick", NO_COLOR="1")
    assert plain.finish() == 0
    assert b"\x1b" not in plain.seen


@pytest.mark.posix
def test_a_progress_bar_is_drawn_on_a_terminal_and_erased(served: Trii, long_file: Path) -> None:
    typist = Typist(served, "import", long_file, "--instrument", "LONG.BINANCE", "--interval", "1m", "--timezone", "UTC")
    assert typist.finish() == 0
    assert b"rows, " in typist.seen
    assert b"%" in typist.seen
    assert typist.seen.rindex(b"\r\x1b[2K") < typist.seen.index(b"long.csv: LONG.BINANCE 1m")
    quiet = served("import", SAMPLES / "MSFT_1d.csv", "--instrument", "MSFT.XNAS")
    assert "\r" not in quiet.err


@pytest.mark.posix
def test_a_passphrase_is_asked_for_on_the_callers_terminal_and_not_shown(either: Trii) -> None:
    typist = Typist(either, "recovery", "passphrase")
    for question in (b"New passphrase: ", b"The same again: "):
        typist.read_until(question)
        typist.type(b"correct horse battery\n")
    assert typist.finish() == 0
    assert b"correct horse" not in typist.seen
    assert either.home.vault.exists()


@pytest.mark.posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_question_that_is_interrupted_leaves_the_terminal_as_it_was(either: Trii, number: signal.Signals, code: int) -> None:
    import termios

    typist = Typist(either, "recovery", "passphrase")
    typist.read_until(b"New passphrase: ")
    assert not termios.tcgetattr(typist.side)[3] & termios.ECHO
    typist.process.send_signal(number)
    wait_until(lambda: termios.tcgetattr(typist.side)[3] & termios.ECHO)
    assert typist.finish() == code
    assert not either.home.vault.exists()


@pytest.mark.posix
def test_a_passphrase_that_opens_the_home_can_be_interrupted(stocked: Trii) -> None:
    assert stocked("recovery", "passphrase", "--passphrase-file", "-", text="correct horse battery").code == 0
    typist = Typist(stocked, "bars", "AAPL")
    typist.read_until(b"Passphrase of your ledgers: ")
    typist.process.send_signal(signal.SIGINT)
    assert typist.finish() == 130
    typist = Typist(stocked, "bars", "AAPL", "--last", "1")
    typist.read_until(b"Passphrase of your ledgers: ")
    typist.type(b"correct horse battery\n")
    assert typist.finish() == 0
    assert b"2013-03-01" in typist.seen


@pytest.mark.posix
def test_two_different_passphrases_change_nothing(served: Trii) -> None:
    typist = Typist(served, "recovery", "passphrase")
    typist.read_until(b"New passphrase: ")
    typist.type(b"correct horse battery\n")
    typist.read_until(b"The same again: ")
    typist.type(b"wrong horse battery\n")
    assert typist.finish() == 4
    assert not served.home.vault.exists()


@pytest.mark.posix
def test_a_table_is_cut_to_the_terminal(served: Trii) -> None:
    long = "A company whose name is very much longer than any terminal is wide, and then some more of it to be sure"
    said = served("import", SAMPLES / "MSFT_1d.csv", "--instrument", "MSFT.XNAS", "--name", long)
    assert said.code == 0
    assert long in served("instruments").out
    typist = Typist(served, "instruments", COLUMNS="100")
    assert typist.finish() == 0
    assert "…".encode() in typist.seen
    assert max(len(line.rstrip()) for line in typist.seen.decode().splitlines()) <= 100
