"""Pages of help are short, found by what they are about, and name no key or command that is not there."""

import re

import pytest

from backend.assistant.hits import HitKind
from backend.assistant.questions.entries import EntryIndex, SearchEntry
from backend.assistant.questions.help_topics import load_topics
from backend.commands.table import build_parser
from trii_desktop.actions.table import ACTIONS

TOPICS = load_topics()
KEYS = {shortcut for row in ACTIONS for shortcut in row.shortcuts}


def test_there_are_pages_and_each_has_title_text_and_other_words():
    assert 12 <= len(TOPICS) <= 24
    for topic in TOPICS:
        assert topic.title
        assert 60 < len(topic.text) < 700, topic.name
        assert topic.words
        assert "Also:" not in topic.text
        assert "#" not in topic.title


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_key_and_command_that_a_page_names_is_there(topic):
    keys = set(re.findall(r"`((?:(?:Ctrl|Alt|Shift)\+)+\w+|\?|/)`", topic.text))
    commands = set(re.findall(r"`trii ([a-z]+)", topic.text))
    options = set(re.findall(r"`(--[a-z]+)", topic.text)) | set(re.findall(r"`trii [^`]*?(--[a-z]+)", topic.text))
    known = build_parser().format_help()

    assert not keys - KEYS
    assert not {command for command in commands if not re.search(rf"^\s+{command}\b", known, re.MULTILINE)}
    assert not options - {"--interval", "--adjusted", "--out", "--json", "--home", "--safe"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("how do I import a csv file", "import"),
        ("how do I set an alert", "alerts"),
        ("how can I make alerts", "alerts"),
        ("how do I set up my watchlists", "watchlists"),
        ("add a drawing", "drawings"),
        ("send alerts to my phone", "channels"),
        ("recovery phrase", "backup"),
        ("replay", "replay"),
        ("moving average", "indicators"),
        ("splits and dividends", "adjusted-prices"),
        ("binance", "live-feeds"),
        ("keyboard shortc", "command-palette"),
        ("screenshot", "pictures-and-export"),
        ("where is my data", "your-data"),
    ],
)
def test_a_page_is_found_by_what_it_is_about(typed, name):
    index = EntryIndex([SearchEntry(HitKind.HELP, one.name, one.title, one.text, one.words) for one in TOPICS])

    assert [hit.target for hit in index.find(typed, 3)][:2].count(name) == 1


def test_entries_are_ranked_by_title_then_words_then_text_and_nonsense_finds_nothing():
    entries = [
        SearchEntry(HitKind.ACTION, "text", "Other", "zoom into the chart"),
        SearchEntry(HitKind.ACTION, "words", "Another", "", "zoom"),
        SearchEntry(HitKind.ACTION, "title", "Zoom in"),
        SearchEntry(HitKind.ACTION, "long", "Zoom in and then a little further out"),
    ]
    index = EntryIndex(entries)

    assert [hit.target for hit in index.find("zoom", 9)] == ["title", "long", "words", "text"]
    assert [hit.target for hit in index.find("ZOO", 2)] == ["title", "long"]
    assert [hit.target for hit in index.find("how do I set the zooms", 1)] == ["title"]
    assert index.find("xyzzy", 9) == index.find("set xyzzy", 9) == []
    assert index.find("", 9) == index.find(" ?!", 9) == []
    assert all(0 < hit.score <= 1 for hit in index.find("zoom in", 9))
