"""The settings file: saved before it is told, never overwritten blindly, set aside when broken."""

import os

import pytest

from backend.errors import Conflict, InvalidInput
from backend.events import Level, Notice, SettingsChanged
from backend.settings import Appearance, Settings, parse_settings
from backend.settings_store import SettingsStore, open_settings


def _open(home, events) -> SettingsStore:
    return open_settings(home.settings, quarantine=home.quarantine, publish=events.append)


def test_a_new_installation_has_defaults_and_no_file(home):
    store = _open(home, [])
    assert store.current == Settings()
    assert not home.settings.exists()


async def test_a_change_is_on_disk_before_it_is_told(home):
    told: list[str] = []
    store = open_settings(home.settings, quarantine=home.quarantine, publish=lambda e: told.append(home.settings.read_text()))
    settings = await store.change("appearance", theme="light", font_scale=1.25)
    assert settings.appearance == Appearance(theme="light", font_scale=1.25)
    assert store.current is settings
    assert 'theme = "light"' in told[0]
    assert _open(home, []).current == settings


async def test_a_change_to_the_same_values_writes_and_tells_nothing(home):
    events: list = []
    store = _open(home, events)
    await store.change("appearance", theme="dark")
    assert events == []
    assert not home.settings.exists()


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("appearance", {"theme": "blue"}, "appearance.theme: Invalid enum value 'blue'"),
        ("appearance", {"font_scale": 9.0}, "appearance.font_scale: Expected `float` <= 2.0"),
        ("appearance", {"up_colour": "green"}, "appearance.up_colour"),
        ("chart", {"visible_bars": 2}, "chart.visible_bars: Expected `int` >= 20"),
        ("chart", {"visible_bars": "many"}, "chart.visible_bars: Expected `int`, got `str`"),
        ("chart", {"show_volum": True}, "'show_volum' is not a setting of chart. Did you mean 'show_volume'?"),
        ("charts", {"show_volume": True}, "'charts' is not a section of the settings. Did you mean 'chart'?"),
        ("chart", {"zzz": 1}, "Known names: visible_bars, show_volume"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_with_its_place_and_changes_nothing(home, section, values, words):
    events: list = []
    store = _open(home, events)
    with pytest.raises(InvalidInput) as caught:
        await store.change(section, **values)
    assert words in str(caught.value)
    assert store.current == Settings()
    assert events == []
    assert not home.settings.exists()


async def test_a_file_edited_by_someone_else_is_not_overwritten_and_can_be_reloaded(home):
    events: list = []
    store = _open(home, events)
    await store.change("appearance", theme="light")
    home.settings.write_text("[chart]\nvisible_bars = 300\n")
    with pytest.raises(Conflict, match="was changed by someone else"):
        await store.change("appearance", theme="dark")
    assert store.current.appearance.theme == "light"
    assert await store.reload() == ("appearance", "chart")
    assert store.current.chart.visible_bars == 300
    await store.change("appearance", theme="light")
    assert parse_settings(home.settings.read_text()).chart.visible_bars == 300
    assert events == [
        SettingsChanged("appearance"),
        SettingsChanged("appearance"),
        SettingsChanged("chart"),
        SettingsChanged("appearance"),
    ]


async def test_a_reload_of_a_broken_file_is_refused_and_keeps_what_is_in_force(home):
    store = _open(home, [])
    settings = await store.change("chart", show_grid=False)
    home.settings.write_text("[chart\n")
    with pytest.raises(InvalidInput, match="not TOML"):
        await store.reload()
    assert store.current == settings


@pytest.mark.logs("settings were set aside")
@pytest.mark.parametrize(
    ("content", "words", "hint"),
    [
        (b"[appearance\n", "not TOML", "Correct the line"),
        (b"\xff\xfe[", "not UTF-8", "Save it as UTF-8"),
        (b"[appearance]\nthme = 'dark'\n", "'thme' is not a setting of appearance", "Did you mean 'theme'?"),
        (b"version = 99\n", "version 99", "newer program"),
        (b"version = 'one'\n", "version 'one'", "whole numbers"),
        (b"appearance = 3\n", "appearance: Expected `object`", "Correct the value"),
        (b"[data]\nwatched_folders = [1]\n", "data.watched_folders", "Correct the value"),
    ],
)
def test_a_broken_file_is_kept_aside_and_the_notice_says_where_and_why(home, content, words, hint):
    home.settings.write_bytes(content)
    events: list = []
    assert _open(home, events).current == Settings()
    [notice] = events
    assert isinstance(notice, Notice)
    assert notice.level is Level.WARNING
    assert words in notice.text
    assert hint in notice.hint
    [kept] = home.quarantine.rglob("settings*.toml")
    assert kept.read_bytes() == content
    assert str(kept) in notice.hint
    assert not home.settings.exists()


def test_the_file_is_readable_by_its_owner_alone(home):
    import asyncio

    asyncio.run(_open(home, []).change("appearance", theme="light"))
    if os.name == "posix":
        assert home.settings.stat().st_mode & 0o077 == 0
    assert parse_settings(home.settings.read_text()).appearance.theme == "light"
    assert list(home.settings.parent.glob(".settings*")) == []
