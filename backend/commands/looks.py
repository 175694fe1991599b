"""The words that a picture's looks are chosen by, read before anything heavy is loaded."""

from typing import Final

from backend.charts.chart_state import ChartType, ScaleKind

THEMES: Final = ("dark", "light", "high_contrast")
DIRECTIONS: Final = ("own", "colour_blind", "red_up")
CHART_TYPES: Final = tuple(kind.value for kind in ChartType)
SCALES: Final = tuple(kind.value for kind in ScaleKind)
ZONE_WORDS: Final = ("exchange", "local")
