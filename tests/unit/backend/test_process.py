"""What one process keeps about itself."""

import json
import logging
import os
import sys

import pytest

from backend.jobs.warm_up import CACHE_VARIABLE, KERNELS
from backend.process import watched_process
from backend.settings import Privacy


def test_logs_reports_and_compiled_kernels_stay_inside_the_home(home, monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    hook = sys.excepthook
    with watched_process(home) as process:
        assert os.environ[CACHE_VARIABLE] == str(home.cache / KERNELS)
        assert sys.excepthook != hook
        logging.getLogger("backend.test").info("inside")
        assert process.metrics.read() == {}
    logging.getLogger("backend.test").info("outside")
    assert CACHE_VARIABLE not in os.environ
    assert sys.excepthook == hook
    [path] = home.logs.glob("*.jsonl")
    texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
    assert texts[0].startswith("TRII ")
    assert texts[1:] == ["inside", "TRII ends."]


def test_a_chosen_cache_is_left_alone(home, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, "elsewhere")
    with watched_process(home):
        assert os.environ[CACHE_VARIABLE] == "elsewhere"
    assert os.environ[CACHE_VARIABLE] == "elsewhere"


def test_the_person_decides_what_is_kept(home):
    with watched_process(home) as process:
        process.follow(Privacy(log_days=7, crash_reports=False))
        assert not process.crashes.is_keeping
        process.follow(Privacy())
        assert process.crashes.is_keeping


@pytest.mark.logs("loud")
def test_warnings_can_go_to_stderr_as_well(home, capsys):
    with watched_process(home, stderr_level=logging.WARNING):
        logging.getLogger("backend.test").info("quiet")
        logging.getLogger("backend.test").error("loud")
    said = capsys.readouterr().err
    assert "loud" in said
    assert "quiet" not in said
