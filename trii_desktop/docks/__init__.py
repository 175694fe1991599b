"""Docks around the charts: their title bars, their keys, and how they stand, as a value."""
