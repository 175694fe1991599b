"""Instruments, ticks, bars, sessions and corporate actions; stdlib and numpy only."""
