"""Keys: the defaults of the table clash with nothing, and what a person binds counts first."""

import pytest

from trii_desktop.actions.keymap import Reserved, Taken, make_keymap, normal_keys, why_needed
from trii_desktop.actions.row import CHART, ActionRow, plain_title, without_marks
from trii_desktop.actions.table import ACTIONS
from trii_desktop.charts.keys import CHART_KEYS

OWN = tuple(Reserved(keys, entry.words) for entry in CHART_KEYS for keys in entry.keys)
ROWS = (
    ActionRow("a.in", "Zoom &in…", CHART, "a", ("Ctrl+I",)),
    ActionRow("a.out", "Zoom &out", CHART, "a", ("Ctrl+O", "Ctrl+U")),
    ActionRow("a.none", "&Nothing yet", CHART, "a"),
)


def test_no_default_shortcut_is_wanted_by_two_needed_for_typing_or_the_charts_own():
    made = make_keymap(ACTIONS, {}, OWN)

    assert {name: [(c.keys, c.words) for c in clashes] for name, clashes in made.lost.items()} == {}
    assert {row.id: made.keys[row.id] for row in ACTIONS} == {row.id: tuple(map(normal_keys, row.shortcuts)) for row in ACTIONS}


def test_ids_and_titles_tell_actions_apart():
    assert len({row.id for row in ACTIONS}) == len(ACTIONS)
    assert len({(row.menu, row.submenu, plain_title(row)) for row in ACTIONS}) == len(ACTIONS)


def test_a_default_that_takes_a_key_of_the_chart_or_of_another_action_is_found():
    rows = (*ROWS, ActionRow("b.pan", "Pan", CHART, "a", ("Ctrl+Left",)), ActionRow("b.copy", "Copy", CHART, "a", ("Ctrl+U",)))
    made = make_keymap(rows, {}, OWN)

    assert made.keys["b.pan"] == ()
    assert made.lost["b.pan"][0].words == "Ctrl+Left on the chart: ten bars back"
    assert (made.lost["b.copy"][0].keys, made.lost["b.copy"][0].other) == ("Ctrl+U", "a.out")


def test_what_is_bound_replaces_the_defaults_and_takes_keys_from_others():
    made = make_keymap(ROWS, {"a.none": ("Ctrl+I", "Alt+N"), "a.out": ()})

    assert dict(made.keys) == {"a.none": ("Ctrl+I", "Alt+N"), "a.in": (), "a.out": ()}
    assert [(c.keys, c.other, c.words) for c in made.lost["a.in"]] == [("Ctrl+I", "a.none", "Nothing yet")]


def test_of_two_that_are_bound_to_the_same_keys_the_first_row_has_them():
    made = make_keymap(ROWS, {"a.out": ("Ctrl+9",), "a.in": ("Ctrl+9",)})

    assert (made.keys["a.in"], made.keys["a.out"]) == (("Ctrl+9",), ())


def test_keys_that_begin_with_keys_of_another_clash_with_them():
    made = make_keymap(ROWS, {"a.none": ("Ctrl+I, Ctrl+S", "Ctrl+,", "Ctrl+X, Ctrl+S")})

    assert made.keys["a.none"] == ("Ctrl+I, Ctrl+S", "Ctrl+,", "Ctrl+X, Ctrl+S")
    assert made.keys["a.in"] == ()


@pytest.mark.parametrize("keys", ["A", "Shift+B", "7", "Esc", "Tab", "Shift+Tab", "Return", "Down", "Space", "Backspace"])
def test_keys_that_every_window_needs_cannot_be_bound(keys):
    assert why_needed(keys)
    assert make_keymap(ROWS, {"a.none": (keys,)}).keys["a.none"] == ()


@pytest.mark.parametrize("keys", ["Ctrl+A", "Alt+7", "F5", "/", "?", ".", ",", "Del", "Shift+F3", "Ctrl+Return"])
def test_other_keys_are_free(keys):
    assert why_needed(keys) == ""
    assert Taken().clash(keys) is None


@pytest.mark.parametrize("keys", ["", "Ctrl+", "Nonsense+Q", "Ctrl", "Ctrl+Nonsense"])
def test_words_that_are_no_keys_bind_nothing(keys):
    assert normal_keys(keys) == ""
    assert make_keymap(ROWS, {"a.none": (keys,)}).keys["a.none"] == ()


@pytest.mark.parametrize(("title", "said"), [("Zoom &in…", "Zoom in…"), ("R&&D", "R&D"), ("&&&A&&", "&A&")])
def test_marks_for_the_menu_are_left_out_and_doubled_ones_stand_for_themselves(title, said):
    assert without_marks(title) == said
