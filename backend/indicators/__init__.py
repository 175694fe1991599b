"""Indicators: what each one is, its values over a series, and its running state."""
