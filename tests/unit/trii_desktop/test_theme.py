"""Colours that can be read, a style sheet without holes, icons and fonts that are there."""

import re

import pytest
from PySide6.QtGui import QFont, QFontMetricsF

from trii_desktop.theme import PALETTES, RESOURCES, ThemeName, contrast, icon, load_fonts, luminance, style_sheet

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
