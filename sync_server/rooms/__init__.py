"""Rooms: the log of each, who may enter what, and one writer that gives every event its number."""
