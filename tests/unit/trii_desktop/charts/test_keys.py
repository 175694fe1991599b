"""The chart's own keys are a list that everything reads, and nothing beside it hears keys in secret."""

import re
from pathlib import Path

from PySide6.QtGui import QKeySequence

import trii_desktop
from trii_desktop.charts.gestures import KEY_COMMANDS
from trii_desktop.charts.keys import CHART_KEYS, commands_by_key

FOLDERS = ("charts", "drawings")
# What a selected drawing hears: deleting is also a row of the action table.
OF_DRAWINGS = {"Key_Delete", "Key_Backspace"}


def test_every_command_can_be_given_by_a_key():
    assert set(commands_by_key().values()) == {entry.command for entry in CHART_KEYS if entry.command is not None}
    assert set(commands_by_key().values()) <= set(KEY_COMMANDS)


def test_no_key_stands_twice_and_each_has_words():
    keys = [text for entry in CHART_KEYS for text in entry.keys]

    assert len(keys) == len(set(keys))
    assert all(QKeySequence(text).toString(QKeySequence.SequenceFormat.PortableText) == text for text in keys)
    assert all(entry.words for entry in CHART_KEYS)


def test_charts_hear_no_key_that_the_list_leaves_out():
    listed = {QKeySequence(text)[0].key().name for entry in CHART_KEYS for text in entry.keys}
    heard = {
        name
        for folder in FOLDERS
        for path in (Path(trii_desktop.__path__[0]) / folder).glob("*.py")
        for name in re.findall(r"Qt\.Key\.(Key_\w+)", path.read_text(encoding="utf-8"))
    }

    assert heard - listed <= OF_DRAWINGS
