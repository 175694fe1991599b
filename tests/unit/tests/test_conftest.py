"""The house rules of conftest.py, each broken once in a run of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.waiting import wait_until

ROOT = Path(__file__).parents[3]

SAMPLE = """
import asyncio, logging, socket, threading
import pytest
import tests.conftest

tests.conftest.LEAK_DEADLINE_S = 0.1
kept = []

def test_reaches_out():
    socket.create_connection(("192.0.2.1", 80), timeout=1)

def test_asks_a_name_server():
    socket.getaddrinfo("example.com", 80)

def test_uses_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()

def test_leaves_a_thread():
    threading.Thread(target=threading.Event().wait, args=(60,), daemon=True, name="forgotten").start()

async def test_leaves_a_task():
    asyncio.get_running_loop().create_task(asyncio.sleep(60), name="forgotten")

async def test_awaits(home):
    await asyncio.sleep(0)
    assert home.root.is_dir()

def test_leaves_a_window(qapp):
    from PySide6.QtWidgets import QWidget
    kept.append(QWidget(objectName="forgotten"))

def test_closes_its_window(qtbot):
    from PySide6.QtWidgets import QWidget
    widget = QWidget()
    qtbot.addWidget(widget)
    assert not widget.isVisible()

def test_warns():
    logging.getLogger("backend.somewhere").warning("the disk is full")

@pytest.mark.logs("disk is full")
def test_expects_a_warning():
    logging.getLogger("backend.somewhere").warning("the disk is full")

@pytest.mark.logs("disk is full")
def test_expects_a_warning_that_never_comes():
    assert True

@pytest.mark.long
def test_takes_hours():
    assert False
"""

REFUSED = {
    "test_reaches_out": "reached for the network",
    "test_asks_a_name_server": "reached for the network",
    "test_leaves_a_thread": "forgotten",
    "test_leaves_a_task": "forgotten",
    "test_leaves_a_window": "forgotten",
    "test_warns": "does not expect",
    "test_expects_a_warning_that_never_comes": "were not logged",
}


def run_sample(folder: Path) -> str:
    sample = folder / "test_sample.py"
    sample.write_text(SAMPLE)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  long: x\n  display: x\n  logs: x\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-rA", str(sample)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    return done.stdout + done.stderr


def test_each_broken_house_rule_fails_its_own_test_and_no_other(tmp_path):
    output = run_sample(tmp_path)

    failed = {line.split("::")[1].split()[0] for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))}
    passed = {line.split("::")[1].split()[0] for line in output.splitlines() if line.startswith("PASSED")}
    assert failed == set(REFUSED), output
    assert {"test_uses_loopback", "test_awaits", "test_closes_its_window", "test_expects_a_warning"} <= passed
    assert all(reason in output for reason in REFUSED.values())
    assert "1 deselected" in output
    assert "seed: " in output


def test_waiting_ends_with_the_condition_or_names_it_at_the_deadline():
    answers = iter([False, False, True])
    wait_until(lambda: next(answers))

    with pytest.raises(TimeoutError, match="the kettle"):
        wait_until(lambda: False, 0.02, what="the kettle")
