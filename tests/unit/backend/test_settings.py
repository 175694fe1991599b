"""Settings: what is accepted, what is said about mistakes, what a dialog is told of each field."""

import pytest

from backend.errors import InvalidInput
from backend.settings import SECTIONS, VERSION, Settings, fields_of, format_settings, migrate, parse_settings


def test_migrations_run_in_order_from_the_files_version_to_ours():
    def rename_colour(raw):
        look = dict(raw.get("look", {}))
        return {**{k: v for k, v in raw.items() if k != "look"}, "appearance": {"up_colour": look["green"]}}

    def lower_colour(raw):
        return {**raw, "appearance": {"up_colour": raw["appearance"]["up_colour"].lower()}}

    steps = (rename_colour, lower_colour)
    old = 'version = 1\n[look]\ngreen = "#00FF00"\n'
    assert parse_settings(old, version=3, migrations=steps).appearance.up_colour == "#00ff00"
    middle = 'version = 2\n[appearance]\nup_colour = "#00AA00"\n'
    assert parse_settings(middle, version=3, migrations=steps).appearance.up_colour == "#00aa00"
    newest = 'version = 3\n[appearance]\nup_colour = "#00BB00"\n'
    assert parse_settings(newest, version=3, migrations=steps).appearance.up_colour == "#00BB00"


def test_a_file_without_a_version_is_of_the_first():
    assert migrate({}, version=2, migrations=(lambda raw: {**raw, "chart": {}},)) == {"version": 2, "chart": {}}


def test_a_newer_file_is_a_downgrade():
    with pytest.raises(InvalidInput) as caught:
        migrate({"version": VERSION + 1})
    assert caught.value.code == "settings.downgrade"


def test_every_field_shown_has_words_a_kind_and_a_default_inside_its_bounds():
    fields = [(name, field) for name in SECTIONS for field in fields_of(name)]
    assert len(fields) >= 10
    for section, field in fields:
        assert field.title, field
        assert field.description.endswith("."), field
        assert field.kind in {"flag", "whole", "number", "text", "choice", "colour", "folders"}, field
        assert getattr(getattr(Settings(), section), field.name) == field.default
        if field.kind in {"whole", "number"}:
            assert field.minimum <= field.default <= field.maximum


def test_choices_carry_labels_and_hidden_fields_are_not_shown():
    theme = next(field for field in fields_of("appearance") if field.name == "theme")
    assert [(choice.value, choice.label) for choice in theme.choices] == [
        ("dark", "Dark"),
        ("high_contrast", "High contrast"),
        ("light", "Light"),
    ]
    assert fields_of("workspace") == ()
    with pytest.raises(InvalidInput, match="'colours' is not a section"):
        fields_of("colours")


def test_formatting_ends_in_the_text_it_began_with():
    text = format_settings(Settings())
    assert format_settings(parse_settings(text)) == text
