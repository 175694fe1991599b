"""Colours that can be read, a style sheet without holes, icons and fonts that are there."""

import re

import pytest
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from backend.settings import Appearance
from trii_desktop.contrast import contrast, luminance
from trii_desktop.look import Look
from trii_desktop.palettes import PAIRS, PALETTES, ThemeName, directions_of, with_directions
from trii_desktop.theme import RESOURCES, icon, load_fonts, style_sheet

TEXT = ("text", "muted", "accent_text", "up", "down", "warning", "error")
SURFACES = ("window", "panel", "raised", "field")


def test_contrast_follows_the_published_formula():
    assert luminance("#ffffff") == 1
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXT)
def test_every_text_reads_on_every_surface_at_wcag_aa(theme, surface, text):
    palette = PALETTES[theme]

    assert contrast(getattr(palette, text), getattr(palette, surface)) >= 4.5


@pytest.mark.parametrize("theme", list(ThemeName))
def test_selected_and_hovered_rows_and_filled_buttons_read_too(theme):
    palette = PALETTES[theme]

    assert min(contrast(palette.text, palette.selection), contrast(palette.text, palette.hover)) >= 4.5
    assert min(contrast(palette.on_accent, palette.accent), contrast(palette.on_accent, palette.accent_hover)) >= 4.5
    assert min(contrast(c, palette.selection) for c in (palette.up, palette.down)) >= 4.5


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
def test_what_an_empty_field_says_reads_as_quiet_text_does(qapp, theme, kind):
    look = Look(qapp)
    look.wear(Appearance(theme=theme))
    field = kind()
    field.ensurePolished()
    ink = field.palette().placeholderText().color()
    assert (ink.name(), ink.alpha()) == (look.palette.muted, 255)


@pytest.mark.parametrize("theme", list(ThemeName))
def test_focus_rings_stand_out_from_every_surface(theme):
    palette = PALETTES[theme]

    assert min(contrast(palette.focus, getattr(palette, surface)) for surface in SURFACES) >= 3


@pytest.mark.parametrize("theme", list(ThemeName))
def test_the_style_sheet_has_no_token_left_and_every_image_it_names(theme):
    sheet = style_sheet(PALETTES[theme], 1.25)

    assert "$" not in re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    images = re.findall(r"url\(triiicons:([^)]+)\)", sheet)
    assert images
    assert all((RESOURCES / "icons" / name).is_file() for name in images)
    assert "font-size: 16px" in sheet


def test_every_icon_draws_something_in_the_colour_asked_for(qapp):
    for path in sorted((RESOURCES / "icons").glob("*.svg")):
        if "currentColor" in path.read_text():
            image = icon(path.stem, PALETTES[ThemeName.DARK], "#ff0000").pixmap(36, 36).toImage()
            reds = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
            assert sum(c.alpha() > 128 and c.red() > 200 and c.green() < 60 for c in reds) > 20, path.stem


def test_our_font_is_found_and_its_figures_are_equally_wide(qapp):
    assert load_fonts() == "TRII Sans"
    for weight in (QFont.Weight.Normal, QFont.Weight.Medium, QFont.Weight.DemiBold):
        font = QFont("TRII Sans")
        font.setPixelSize(40)
        font.setWeight(weight)
        widths = {QFontMetricsF(font).horizontalAdvance(digit) for digit in "0123456789"}
        assert max(widths) - min(widths) < 0.05


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXT)
def test_high_contrast_reads_at_wcag_aaa(surface, text):
    palette = PALETTES[ThemeName.HIGH_CONTRAST]

    assert contrast(getattr(palette, text), getattr(palette, surface)) >= 7


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("pair", [*PAIRS.values(), ("#26a69a", "#ef5350"), ("#000000", "#ffffff"), ("#ffff00", "#0000ff")])
def test_words_about_rising_and_falling_read_in_whatever_colours_are_chosen(theme, pair):
    palette = with_directions(PALETTES[theme], pair)

    assert min(contrast(c, getattr(palette, s)) for c in (palette.up, palette.down) for s in (*SURFACES, "selection")) >= 4.5


def test_the_settings_choose_the_pair():
    assert directions_of(Appearance(up_colour="#111111", down_colour="#222222")) == ("#111111", "#222222")
    assert directions_of(Appearance(directions="colour_blind", up_colour="#111111")) == PAIRS["colour_blind"]


# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009, severity 1.0.
WITHOUT_RED = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
WITHOUT_GREEN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))


def _seen(color, matrix):
    def linear(c):
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    channels = [linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5)]
    return [min(max(sum(f * c for f, c in zip(row, channels, strict=True)), 0), 1) for row in matrix]


@pytest.mark.parametrize("matrix", [WITHOUT_RED, WITHOUT_GREEN])
def test_blue_and_orange_stay_apart_for_eyes_that_cannot_tell_red_from_green(matrix):
    def apart(pair):
        one, other = (_seen(color, matrix) for color in pair)
        return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5

    assert apart(PAIRS["colour_blind"]) > 1.5 * apart(("#26a69a", "#ef5350"))
