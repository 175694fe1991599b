"""What prices draw: candle and chart patterns, levels, gaps, divergences, regimes, each with the bar at which it was known."""

from backend.patterns.candles import find_candle_patterns
from backend.patterns.charts import find_chart_patterns
from backend.patterns.divergences import find_divergences
from backend.patterns.gaps import find_gaps
from backend.patterns.levels import find_levels, find_round_levels
from backend.patterns.pivots import find_period_levels, find_pivots
from backend.patterns.profile import find_volume_profile
from backend.patterns.regimes import trend_regime, volatility_regime
from backend.patterns.swings import find_fractals, find_swings
from backend.patterns.warm_up import warm

__all__ = [
    "find_candle_patterns",
    "find_chart_patterns",
    "find_divergences",
    "find_fractals",
    "find_gaps",
    "find_levels",
    "find_period_levels",
    "find_pivots",
    "find_round_levels",
    "find_swings",
    "find_volume_profile",
    "trend_regime",
    "volatility_regime",
    "warm",
]
