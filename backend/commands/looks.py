"""The words that a picture's looks are chosen by, written out here so that help loads nothing heavy."""

from typing import Final

THEMES: Final = ("dark", "light", "high_contrast")
DIRECTIONS: Final = ("own", "colour_blind", "red_up")
CHART_TYPES: Final = ("auto", "candles", "hollow", "bars", "line", "area", "heikin_ashi")
SCALES: Final = ("linear", "log", "percent")
ZONE_WORDS: Final = ("exchange", "local")
