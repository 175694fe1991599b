"""Replay on screen: the bar that steps through the past, and what can be done with it."""
