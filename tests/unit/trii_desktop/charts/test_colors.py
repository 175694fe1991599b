"""Chart colours: readable in every theme, whatever colours rise and fall in; study colours that everyone can tell apart."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.settings import Appearance
from trii_desktop.charts.colors import DARK, HIGH_CONTRAST, LIGHT, PRESETS, ChartColors, colors_of, with_directions
from trii_desktop.contrast import contrast, mixed
from trii_desktop.palettes import PAIRS, directions_of

THEMES = [pytest.param(theme, id=name) for name, theme in PRESETS.items()]
colors = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def assert_readable(theme: ChartColors) -> None:
    """Words reach 4.5 to 1 on what they stand on."""
    for ink, ground in (
        (theme.text, theme.background),
        (theme.title, theme.background),
        (theme.up_text, theme.background),
        (theme.down_text, theme.background),
        (theme.label_text, theme.label),
        (theme.on_up, theme.up),
        (theme.on_down, theme.down),
        (theme.on_line, theme.line),
    ):
        assert contrast(ink, ground) >= 4.5, (ink, ground)


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_reads_well(theme):
    assert_readable(theme)
    assert contrast(theme.muted, theme.background) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_bars_stand_out_and_the_grid_does_not(theme):
    for color in (theme.up, theme.down, theme.line):
        assert contrast(color, theme.background) >= 2.5
    assert contrast(theme.grid, theme.background) <= (1.6 if theme is HIGH_CONTRAST else 1.25)
    assert contrast(theme.volume_up, theme.background) < contrast(theme.up, theme.background)


@given(st.sampled_from([DARK, LIGHT, HIGH_CONTRAST]), colors, colors)
def test_any_pair_of_colours_keeps_words_readable(theme, up, down):
    made = with_directions(theme, up, down)
    assert (made.up, made.down) == (up, down)
    assert_readable(made)


def test_colours_mix_by_share():
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"
    assert mixed("#26a69a", "#13171c", 1.0) == "#26a69a"
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)


def test_high_contrast_words_reach_seven_to_one_whatever_pair_is_chosen():
    for directions in (None, *PAIRS.values(), directions_of(Appearance())):
        made = colors_of("high_contrast", directions)
        for ink in (made.text, made.muted, made.title, made.up_text, made.down_text, *made.studies):
            assert contrast(ink, made.background) >= 7, ink


def test_a_grid_that_is_not_wanted_cannot_be_seen():
    made = colors_of("light", PAIRS["colour_blind"], has_grid=False)
    assert made.grid == made.background
    assert made.up == PAIRS["colour_blind"].up


# Machado, Oliveira and Fernandes (2009): what eyes without red or without green cones see, in linear light.
_EYES = {
    "all cones": np.eye(3),
    "no red cones": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green cones": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
}
# Ottosson (2020): linear light to OKLab, in which equal distances look equal.
_CONES = np.array([[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.68069955, 0.10739696], [0.08830246, 0.28171884, 0.6299787]])
_LAB = np.array([[0.21045426, 0.7936178, -0.0040721], [1.9779985, -2.42859221, 0.45059371], [0.02590404, 0.78277177, -0.80867577]])


def seen(color: str, eyes: np.ndarray) -> np.ndarray:
    """float64[3]: where OKLab places a colour as those eyes see it."""
    values = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return _LAB @ np.cbrt(_CONES @ np.clip(eyes @ light, 0, 1))


@pytest.mark.parametrize("theme", THEMES)
def test_studies_are_told_apart_by_all_eyes(theme):
    assert len(theme.studies) >= 8
    for eyes, least in (("all cones", 0.14), ("no red cones", 0.08), ("no green cones", 0.08)):
        places = {color: seen(color, _EYES[eyes]) for color in theme.studies}
        for one, other in itertools.combinations(theme.studies, 2):
            assert np.linalg.norm(places[one] - places[other]) >= least, (eyes, one, other)
    for color in theme.studies:
        assert contrast(color, theme.background) >= 4.4
