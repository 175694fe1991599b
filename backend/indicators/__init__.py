"""Indicators: what each one is, its values over a series, and its running state."""

from backend.indicators.group import Member, StreamGroup
from backend.indicators.stream import IndicatorStream, compute, stream, warm

__all__ = ["IndicatorStream", "Member", "StreamGroup", "compute", "stream", "warm"]
