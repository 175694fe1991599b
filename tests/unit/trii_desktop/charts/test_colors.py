"""Chart colours: readable in both themes, whatever colours rise and fall in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trii_desktop.charts.colors import DARK, LIGHT, ChartColors, contrast, mixed, with_directions

THEMES = [pytest.param(DARK, id="dark"), pytest.param(LIGHT, id="light")]
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
    assert contrast(theme.grid, theme.background) <= 1.25
    assert contrast(theme.volume_up, theme.background) < contrast(theme.up, theme.background)


@given(st.sampled_from([DARK, LIGHT]), colors, colors)
def test_any_pair_of_colours_keeps_words_readable(theme, up, down):
    made = with_directions(theme, up, down)
    assert (made.up, made.down) == (up, down)
    assert_readable(made)


def test_colours_mix_by_share():
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"
    assert mixed("#26a69a", "#13171c", 1.0) == "#26a69a"
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
